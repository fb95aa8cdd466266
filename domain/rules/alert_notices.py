"""What is said of an alert: the text of a mail and the data of a webhook, which tell the same."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.rules.alert_levels import AlertLevel, AlertReason
from domain.rules.silence import DAYS_BEFORE

STANDINGS = {
    AlertLevel.OK: "has recovered",
    AlertLevel.WARNING: "is at warning level",
    AlertLevel.CRITICAL: "is critical",
}


class AlertNotice(BaseModel):
    """An alert as its channels are told of it.

    Level and figures are those of its opening or its raise; of its recovery, where the level is ok. `reason`: why it
    was opened or raised. `snoozed_until`: of the rule, when the alert has snoozed it.
    """

    model_config = ConfigDict(frozen=True)

    alert_id: UUID
    rule_id: UUID
    rule_name: str
    alert_level: AlertLevel
    reason: AlertReason
    window_hours: int
    min_matched_runs: int
    matched_runs: int
    executed_runs: int
    failure_rate_pct: float
    opened_at: datetime
    recovered_at: datetime | None
    snoozed_until: datetime | None

    @property
    def subject(self) -> str:
        return f'Rule "{self.rule_name}" {STANDINGS[self.alert_level]}'

    @property
    def body(self) -> str:
        """Plain text, of at most a few lines."""
        lines = [f"{self.subject}.", "", self._why]
        if self.snoozed_until is not None:
            lines.append(f"It is snoozed until {_shown(self.snoozed_until)}.")
        lines += ["", f"Alert {self.alert_id}, opened at {_shown(self.opened_at)}"]
        if self.recovered_at is not None:
            lines.append(f"Recovered at {_shown(self.recovered_at)}")
        return "\n".join([*lines, f"Rule {self.rule_id}", ""])

    @property
    def _why(self) -> str:
        if self.alert_level is not AlertLevel.OK and self.reason is AlertReason.SILENT:
            return (
                f"It has matched nothing for a day, after at least {self.min_matched_runs} matches on each of the "
                f"{DAYS_BEFORE} days before."
            )
        return (
            f"Of {self.matched_runs} runs within {self.window_hours} hours that were to act, {self.executed_runs} did: "
            f"{self.failure_rate_pct:.2f} % failed."
        )


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
