"""What people read in an alert."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.rules.alert_levels import AlertLevel, AlertReason
from domain.rules.alert_notices import AlertNotice

ALERT, RULE = UUID(int=1), UUID(int=2)
OPENED = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)


def notice(**fields: Any) -> AlertNotice:
    return AlertNotice(
        **{
            "alert_id": ALERT,
            "rule_id": RULE,
            "rule_name": "Welcome",
            "alert_level": AlertLevel.CRITICAL,
            "reason": AlertReason.FAILURE_RATE,
            "window_hours": 24,
            "min_matched_runs": 20,
            "matched_runs": 40,
            "executed_runs": 10,
            "failure_rate_pct": 75.0,
            "opened_at": OPENED,
            "recovered_at": None,
            "snoozed_until": None,
        }
        | fields
    )


def test_an_alert_names_the_rule_its_level_and_its_figures() -> None:
    assert notice().subject == 'Rule "Welcome" is critical'
    assert notice().body == (
        'Rule "Welcome" is critical.\n\n'
        "Of 40 runs within 24 hours that were to act, 10 did: 75.00 % failed.\n\n"
        f"Alert {ALERT}, opened at 2026-03-08 09:30 UTC\n"
        f"Rule {RULE}\n"
    )


def test_an_alert_of_silence_tells_how_busy_the_rule_was() -> None:
    told = notice(alert_level=AlertLevel.WARNING, reason=AlertReason.SILENT, matched_runs=0, executed_runs=0)
    assert told.subject == 'Rule "Welcome" is at warning level'
    assert "matched nothing for a day, after at least 20 matches on each of the 7 days before." in told.body
    assert "were to act" not in told.body


def test_an_alert_tells_of_the_snooze_that_it_brought() -> None:
    told = notice(snoozed_until=datetime(2026, 3, 8, 11, 0, tzinfo=UTC))
    assert "It is snoozed until 2026-03-08 11:00 UTC." in told.body


def test_a_recovery_tells_the_figures_of_now_whatever_the_alert_was_for() -> None:
    for reason in AlertReason:
        told = notice(
            alert_level=AlertLevel.OK,
            reason=reason,
            matched_runs=30,
            executed_runs=30,
            failure_rate_pct=0.0,
            recovered_at=datetime(2026, 3, 8, 10, 15, tzinfo=UTC),
        )
        assert told.subject == 'Rule "Welcome" has recovered'
        assert "Of 30 runs within 24 hours that were to act, 30 did: 0.00 % failed." in told.body
        assert "Recovered at 2026-03-08 10:15 UTC" in told.body
