"""What is told of a run: counts that add up, and errors in words."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outcomes import Outcome, RunCounts
from domain.run_report import ERRORS_AT_MOST, RunFailure, failure_text, report_of
from domain.run_status import RunStatus

SOMEBODY = UUID("00000000-0000-4000-8000-000000000001")
COUNT = st.integers(0, 1_000)


def failure(**fields: object) -> RunFailure:
    given = {"participant_id": SOMEBODY, "outcome": Outcome.FAILED, "recipient": None, "reason": None}
    return RunFailure(**(given | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"recipient": "+34612345678", "reason": "Invalid phone number"},
            "Failed to send to +34612345678: Invalid phone number",
        ),
        ({"recipient": "a@example.com"}, "Failed to send to a@example.com: no reason was given"),
        (
            {"recipient": "a@example.com", "outcome": Outcome.UNKNOWN, "reason": "unsettled"},
            "Failed to send to a@example.com: it is not known whether it was sent",
        ),
        ({"reason": "template_error"}, f"Failed for participant {SOMEBODY}: template_error"),
    ],
)
def test_a_failure_in_words(fields: dict[str, object], text: str) -> None:
    assert failure_text(failure(**fields)) == text


@given(COUNT, st.dictionaries(st.sampled_from(["no_consent", "guard_false"]), COUNT), COUNT, COUNT, COUNT)
def test_processed_is_sent_skipped_and_failed_and_leaves_out_who_is_pending(
    sent: int, skipped: dict[str, int], failed: int, unknown: int, pending: int
) -> None:
    total = sent + sum(skipped.values()) + failed + unknown + pending
    counts = RunCounts(
        total=total, sent=sent, skipped=skipped, failed=failed, unknown=unknown, pending=pending
    )
    report = report_of(RunStatus.COMPLETED, counts, [])
    assert report.processed == report.sent + report.skipped + report.failed == total - pending


def test_errors_are_bounded_and_say_how_many_more_there_are() -> None:
    counts = RunCounts(total=1_500, failed=1_400, unknown=100)
    errors = report_of(RunStatus.COMPLETED, counts, [failure()] * 200).errors
    assert len(errors) == ERRORS_AT_MOST + 1
    assert errors[-1] == "and 1,400 more"
    only = report_of(RunStatus.COMPLETED, RunCounts(total=1, failed=1), [failure()])
    assert only.errors == (failure_text(failure()),)


HELD = "Held: 10 of the last 10 messages did not arrive"


@pytest.mark.parametrize(
    ("status", "counts", "error", "message"),
    [
        (RunStatus.COMPLETED, RunCounts(total=3, sent=3), None, None),
        (RunStatus.COMPLETED, RunCounts(total=3, sent=1, pending=2, deferred=2), None, "2 deferred"),
        (RunStatus.HELD, RunCounts(total=60, failed=10, pending=50), HELD, f"{HELD}; 50 pending"),
        (
            RunStatus.EXECUTING,
            RunCounts(total=1_300, sent=50, pending=1_250),
            None,
            "Still running; 1,250 pending",
        ),
        (RunStatus.EXECUTING, RunCounts(), None, "Still running"),
    ],
    ids=["done", "deferred", "held", "under way", "not enrolled"],
)
def test_a_run_that_left_somebody_out_says_why(
    status: RunStatus, counts: RunCounts, error: str | None, message: str | None
) -> None:
    assert report_of(status, counts, [], error).message == message
