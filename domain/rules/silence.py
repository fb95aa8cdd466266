"""Rules that used to match every day and no longer match anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.rules.active_intervals import active_intervals
from domain.rules.effective_state import EffectiveState
from domain.rules.schedule_settings import ScheduleSettings

DAY = timedelta(days=1)
DAYS_BEFORE = 7
DAYS_LOOKED_AT = 1 + DAYS_BEFORE


@dataclass(frozen=True, slots=True)
class MatchHistory:
    """`by_day`: matches, held back or not, of the last day and of each of the 7 before it, the last one first.

    `listening_since`: from when on nothing has kept the rule from matching; None when something does now.
    """

    by_day: Sequence[int]
    listening_since: datetime | None


def is_silent(history: MatchHistory, min_matched_runs: int, now: datetime, *, already: bool = False) -> bool:
    """Whether nothing has matched for a day in which the rule listened, after 7 days of `min_matched_runs` or more.

    Once that is so (`already`), it stays so until something matches or the rule no longer listens.
    """
    last, *before = history.by_day
    if last or history.listening_since is None:
        return False
    return already or (
        history.listening_since <= now - DAY and all(matched >= min_matched_runs for matched in before)
    )


def listening_since(
    state: EffectiveState,
    schedule: ScheduleSettings | None,
    changes: Sequence[datetime | None],
    now: datetime,
) -> datetime | None:
    """`changes`: when the rule or the pause was last touched, and when a snooze or a pause ended or will end."""
    if not state.effective_active:
        return None
    # What the schedule shut out of the last day is no silence either.
    starts = [] if schedule is None else [part.start for part in active_intervals(schedule, now - DAY, now)]
    return max((at for at in (*changes, *starts) if at is not None), default=None)
