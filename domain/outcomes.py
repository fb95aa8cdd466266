"""What became of each participant of a run, and the identity their counts must obey."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Outcome(StrEnum):
    """State of one ledger row. `sending` is a claimed row whose effect has not been settled yet.

    `deferred`: its message waits among the queued ones, and brings the row to its outcome when it is settled.
    """

    PENDING = "pending"
    SENDING = "sending"
    DEFERRED = "deferred"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SkipReason(StrEnum):
    CANCELLED = "cancelled"
    PARTICIPANT_NOT_ACTIVE = "participant_not_active"
    PARTICIPANT_DELETED = "participant_deleted"
    GUARD_FALSE = "guard_false"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    INVALID_ADDRESS = "invalid_address"
    SUPPRESSED = "suppressed"
    ALREADY_SENT = "already_sent"
    HOLDOUT = "holdout"
    QUIET_HOURS = "quiet_hours"
    RECENTLY_CONTACTED = "recently_contacted"
    FREQUENCY_CAP = "frequency_cap"
    DUPLICATE_ADDRESS = "duplicate_address"
    RUN_HELD = "run_held"
    MISSED = "missed"
    JOURNEY_NOT_ENABLED = "journey_not_enabled"
    LOOP = "loop"
    AUDIENCE = "audience"
    ENTERED_BEFORE = "entered_before"
    ENTERED_WITHIN_INTERVAL = "entered_within_interval"
    CURRENTLY_IN_ANOTHER = "currently_in_another"
    RECENTLY_IN_ANOTHER = "recently_in_another"


UNSETTLED = "the attempt that claimed this send did not settle it"


class RunCounts(BaseModel):
    """Counts of a run's ledger rows. `pending` includes rows claimed but not settled, and those `deferred`.

    A run ends without waiting for what is deferred: its counts follow.
    """

    model_config = ConfigDict(frozen=True)

    total: int = 0
    sent: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)
    failed: int = 0
    unknown: int = 0
    pending: int = 0
    deferred: int = 0

    @property
    def processed(self) -> int:
        return self.total - self.pending

    @property
    def adds_up(self) -> bool:
        """The accounting identity: total = sent + skipped (by reason) + failed + unknown + pending."""
        return (
            self.total == self.sent + sum(self.skipped.values()) + self.failed + self.unknown + self.pending
        )

    def sentence(self) -> str:
        """One line for an operator: `1,204 sent, 31 skipped (guard_false 20, no_consent 11), 2 failed`."""
        parts = [f"{self.sent:,} sent"]
        if self.skipped:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.skipped.items()))
            parts.append(f"{sum(self.skipped.values()):,} skipped ({reasons})")
        for name, count in (
            ("failed", self.failed),
            ("unknown", self.unknown),
            ("deferred", self.deferred),
            ("pending", self.pending - self.deferred),
        ):
            if count:
                parts.append(f"{count:,} {name}")
        return ", ".join(parts)


def count_outcomes(total: int, rows: Iterable[tuple[str, str | None, int]]) -> RunCounts:
    """Fold (outcome, reason, count) groups into RunCounts. `total` is what the run enrolled."""
    tally = dict.fromkeys(Outcome, 0)
    skipped: dict[str, int] = {}
    for outcome, reason, count in rows:
        if outcome == Outcome.SKIPPED:
            key = reason or "unspecified"
            skipped[key] = skipped.get(key, 0) + count
        else:
            tally[Outcome(outcome)] += count
    return RunCounts(
        total=total,
        sent=tally[Outcome.SENT],
        skipped=skipped,
        failed=tally[Outcome.FAILED],
        unknown=tally[Outcome.UNKNOWN],
        pending=tally[Outcome.PENDING] + tally[Outcome.SENDING] + tally[Outcome.DEFERRED],
        deferred=tally[Outcome.DEFERRED],
    )
