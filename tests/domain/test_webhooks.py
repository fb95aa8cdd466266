from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.automation import AutomationStatus
from domain.webhooks import (
    GIVE_UP_ENDPOINT_AFTER,
    RETRY_DELAYS,
    SPREAD,
    TYPE_OF_STATUS,
    DisabledReason,
    Verdict,
    WebhookDeliveryStatus,
    WebhookType,
    disabled_because,
    envelope,
    judge,
    types_of_amendment,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
RUN = WebhookType.RUN_COMPLETED
NO_SUCCESS = st.none() | st.integers(100, 199) | st.integers(300, 599).filter(lambda status: status != 410)


@given(st.uuids(), st.integers(200, 299), st.integers(1, 20))
def test_any_2xx_is_a_delivery(message: UUID, status: int, attempt: int) -> None:
    assert judge(message, RUN, attempt, status, NOW) == Verdict(WebhookDeliveryStatus.DELIVERED)


@given(st.uuids(), NO_SUCCESS, st.integers(1, len(RETRY_DELAYS)))
def test_anything_else_is_tried_again_a_little_after_the_delay(
    message: UUID, answer: int | None, attempt: int
) -> None:
    verdict = judge(message, RUN, attempt, answer, NOW)
    assert verdict.status is WebhookDeliveryStatus.PENDING
    assert verdict.next_attempt_at is not None
    delay = RETRY_DELAYS[attempt - 1]
    assert delay <= verdict.next_attempt_at - NOW <= delay * (1 + SPREAD)


@given(st.uuids(), NO_SUCCESS)
def test_the_last_attempt_is_final(message: UUID, answer: int | None) -> None:
    verdict = judge(message, RUN, len(RETRY_DELAYS) + 1, answer, NOW)
    assert verdict == Verdict(WebhookDeliveryStatus.FAILED)


def test_the_attempts_span_more_than_the_time_until_the_endpoint_is_given_up() -> None:
    assert sum(RETRY_DELAYS, timedelta()) > GIVE_UP_ENDPOINT_AFTER
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)


def test_a_receiver_that_is_gone_is_believed() -> None:
    assert judge(uuid4(), RUN, 1, 410, NOW) == Verdict(WebhookDeliveryStatus.FAILED)
    assert disabled_because(410, NOW, NOW) is DisabledReason.GONE


def test_a_test_is_sent_once() -> None:
    assert judge(uuid4(), WebhookType.TEST, 1, 500, NOW) == Verdict(WebhookDeliveryStatus.FAILED)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)))
def test_an_endpoint_is_given_up_when_nothing_arrived_for_days(age: timedelta) -> None:
    reason = disabled_because(500, NOW - age, NOW)
    assert reason is (DisabledReason.FAILING if age >= GIVE_UP_ENDPOINT_AFTER else None)


def test_the_envelope_has_exactly_these_fields() -> None:
    message, organization = uuid4(), uuid4()
    data = {"program_id": "p"}
    made_at = datetime(2026, 3, 1, 10, 0, 0, 5_000, tzinfo=UTC)
    assert envelope(message, RUN, made_at, organization, data) == {
        "id": str(message),
        "type": "run.completed",
        "api_version": "2026-03-01",
        "created_at": "2026-03-01T10:00:00.005000Z",
        "organization_id": str(organization),
        "data": {"program_id": "p"},
    }


@pytest.mark.parametrize(
    ("fields", "status", "types"),
    [
        ({"name"}, None, [WebhookType.AUTOMATION_UPDATED]),
        ({"status"}, AutomationStatus.PAUSED, [WebhookType.AUTOMATION_PAUSED]),
        ({"status"}, AutomationStatus.ACTIVE, [WebhookType.AUTOMATION_RESUMED]),
        ({"status"}, None, []),
        (set(), None, []),
        (
            {"name", "status"},
            AutomationStatus.PAUSED,
            [WebhookType.AUTOMATION_UPDATED, WebhookType.AUTOMATION_PAUSED],
        ),
    ],
)
def test_a_patch_announces_what_it_changed(
    fields: set[str], status: AutomationStatus | None, types: list[WebhookType]
) -> None:
    assert types_of_amendment(fields, status) == types


def test_each_status_has_its_type() -> None:
    assert set(TYPE_OF_STATUS) == set(AutomationStatus)
