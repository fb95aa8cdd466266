"""How a rule does: the judgement of its figures."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.rules.alerting import AlertSettings
from domain.rules.silence import MatchHistory, is_silent

CRITICAL_TIMES_THRESHOLD = 2


class AlertLevel(StrEnum):
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def severity(self) -> int:
        """Grows with the level, which as text does not."""
        return list(AlertLevel).index(self)


class AlertReason(StrEnum):
    """`failure_rate`: too many runs that were to act did not. `silent`: the rule no longer matches anything."""

    FAILURE_RATE = "failure_rate"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class RunFigures:
    """`matched_runs`: those that were to act. Runs that rollout or cooldown held back are not among them."""

    matched_runs: int
    executed_runs: int

    @property
    def failure_rate_pct(self) -> float:
        """The share that did not act, in percent with two decimals. 0.0 when nothing was to act."""
        if not self.matched_runs:
            return 0.0
        return round((self.matched_runs - self.executed_runs) / self.matched_runs * 100, 2)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` is None exactly when the level is ok."""

    level: AlertLevel
    reason: AlertReason | None
    figures: RunFigures


def judge(
    figures: RunFigures,
    history: MatchHistory,
    settings: AlertSettings,
    now: datetime,
    *,
    was_silent: bool = False,
) -> Judgement:
    """`was_silent`: the rule has an open alert for its silence."""
    level = _level_of_failures(figures, settings)
    if level is not AlertLevel.OK:
        return Judgement(level, AlertReason.FAILURE_RATE, figures)
    if is_silent(history, settings.min_matched_runs, now, already=was_silent):
        return Judgement(AlertLevel.WARNING, AlertReason.SILENT, figures)
    return Judgement(AlertLevel.OK, None, figures)


def _level_of_failures(figures: RunFigures, settings: AlertSettings) -> AlertLevel:
    rate, threshold = figures.failure_rate_pct, settings.failure_rate_threshold_pct
    if figures.matched_runs < settings.min_matched_runs or rate < threshold:
        return AlertLevel.OK
    critical_from = min(100, threshold * CRITICAL_TIMES_THRESHOLD)
    return AlertLevel.CRITICAL if rate >= critical_from else AlertLevel.WARNING
