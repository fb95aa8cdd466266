"""What a judgement of a rule comes to: alerts are opened, raised and closed, and somebody is told or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.rules.alert_levels import AlertLevel
from domain.rules.alerting import AlertSettings


class EpisodeChange(StrEnum):
    """`raised`: from warning to critical. An open episode never goes back to warning; it recovers."""

    UNCHANGED = "unchanged"
    OPENED = "opened"
    RAISED = "raised"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """`noticed`: somebody was told of its level."""

    level: AlertLevel
    noticed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """`notice`: the channels are to be told, of the recovery or of the level. `snooze_until`: the rule is, until then."""

    change: EpisodeChange
    notice: bool
    snooze_until: datetime | None = None

    @property
    def is_nothing(self) -> bool:
        return self.change is EpisodeChange.UNCHANGED and not self.notice


def next_step(
    episode: OpenEpisode | None,
    level: AlertLevel,
    settings: AlertSettings,
    last_noticed_at: datetime | None,
    now: datetime,
) -> Step:
    """`episode`: the rule's open one. `last_noticed_at`: the last notice of any kind about the rule.

    Notices of different episodes are at least `cooldown_secs` apart: until then an episode is kept to itself. One that
    recovers meanwhile is never told of, neither is its recovery.
    """
    change = _change(episode, level)
    if change is EpisodeChange.RECOVERED:
        assert episode is not None
        return Step(change, notice=episode.noticed)
    may_be_told = last_noticed_at is None or now >= last_noticed_at + timedelta(
        seconds=settings.cooldown_secs
    )
    if episode is not None and episode.noticed:
        notice = change is EpisodeChange.RAISED
    else:
        notice = may_be_told and (episode is not None or change is EpisodeChange.OPENED)
    return Step(change, notice, _snooze_until(change, level, settings, now))


def _change(episode: OpenEpisode | None, level: AlertLevel) -> EpisodeChange:
    if episode is None:
        return EpisodeChange.UNCHANGED if level is AlertLevel.OK else EpisodeChange.OPENED
    if level is AlertLevel.OK:
        return EpisodeChange.RECOVERED
    return EpisodeChange.RAISED if level.severity > episode.level.severity else EpisodeChange.UNCHANGED


def _snooze_until(
    change: EpisodeChange, level: AlertLevel, settings: AlertSettings, now: datetime
) -> datetime | None:
    becomes_critical = level is AlertLevel.CRITICAL and change is not EpisodeChange.UNCHANGED
    if not becomes_critical or settings.auto_snooze_secs is None:
        return None
    return now + timedelta(seconds=settings.auto_snooze_secs)
