"""Episodes of alerts: any course of judgements, and who is told what of it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.alert_episodes import EpisodeChange, OpenEpisode, Step, next_step
from domain.rules.alert_levels import AlertLevel
from domain.rules.alerting import AlertSettings

NOW = datetime(2026, 3, 8, 9, tzinfo=UTC)
OK, WARNING, CRITICAL = AlertLevel
MINUTE = timedelta(minutes=1)
COOLDOWN = 10 * MINUTE
SETTINGS = AlertSettings(cooldown_secs=600, auto_snooze_secs=3_600)

courses = st.lists(st.tuples(st.sampled_from(AlertLevel), st.integers(1, 15)), max_size=40)


@dataclass(frozen=True)
class Notice:
    episode: int
    level: AlertLevel
    at: datetime


@dataclass
class Rule:
    """A rule that is judged again and again; what is written and told of it."""

    settings: AlertSettings = SETTINGS
    now: datetime = NOW
    episodes: int = 0
    open: OpenEpisode | None = None
    notices: list[Notice] = field(default_factory=list)
    recovered: list[int] = field(default_factory=list)
    snoozes: list[int] = field(default_factory=list)

    def judged(self, level: AlertLevel, after: timedelta = MINUTE) -> Step:
        self.now += after
        last = max((notice.at for notice in self.notices), default=None)
        step = next_step(self.open, level, self.settings, last, self.now)
        if step.change is EpisodeChange.OPENED:
            assert self.open is None
            self.episodes += 1
            self.open = OpenEpisode(level, noticed=False)
        elif step.change is EpisodeChange.RAISED:
            assert self.open is not None and level.severity > self.open.level.severity
            self.open = replace(self.open, level=level)
        elif step.change is EpisodeChange.RECOVERED:
            assert self.open is not None
            self.open = None
            self.recovered.append(self.episodes)
        if step.notice:
            told = OK if self.open is None else self.open.level
            self.notices.append(Notice(self.episodes, told, self.now))
        if step.notice and self.open is not None:
            self.open = replace(self.open, noticed=True)
        if step.snooze_until is not None:
            self.snoozes.append(self.episodes)
        return step


def after(course: list[tuple[AlertLevel, int]]) -> Rule:
    rule = Rule()
    for level, minutes in course:
        rule.judged(level, minutes * MINUTE)
    return rule


@given(courses)
def test_an_episode_is_open_exactly_while_the_rule_is_alarming(course: list[tuple[AlertLevel, int]]) -> None:
    rule = after(course)
    assert (rule.open is not None) == bool(course and course[-1][0] is not OK)
    assert rule.recovered == list(range(1, rule.episodes + (rule.open is None)))


@given(courses)
def test_no_level_of_an_episode_is_told_twice(course: list[tuple[AlertLevel, int]]) -> None:
    told = Counter((notice.episode, notice.level) for notice in after(course).notices)
    assert all(times == 1 for times in told.values())


@given(courses)
def test_whoever_was_told_of_an_alert_is_told_once_that_it_is_over_and_nobody_else(
    course: list[tuple[AlertLevel, int]],
) -> None:
    rule = after(course)
    alarmed = {notice.episode for notice in rule.notices if notice.level is not OK}
    calmed = Counter(notice.episode for notice in rule.notices if notice.level is OK)
    assert calmed == Counter(alarmed & set(rule.recovered))


@given(courses)
def test_notices_of_different_episodes_are_a_cooldown_apart(course: list[tuple[AlertLevel, int]]) -> None:
    notices = after(course).notices
    for before, later in pairwise(notices):
        assert before.episode == later.episode or later.at - before.at >= COOLDOWN


@given(courses)
def test_an_alert_that_lasts_longer_than_the_cooldown_is_told(course: list[tuple[AlertLevel, int]]) -> None:
    rule = after(course)
    if rule.open is not None:
        rule.judged(rule.open.level, COOLDOWN)
        assert rule.open.noticed


@given(courses)
def test_an_episode_snoozes_its_rule_at_most_once_and_only_when_it_becomes_critical(
    course: list[tuple[AlertLevel, int]],
) -> None:
    rule = after(course)
    assert max(Counter(rule.snoozes).values(), default=0) <= 1
    if rule.open is not None:
        assert (rule.episodes in rule.snoozes) == (rule.open.level is CRITICAL)


def test_a_lasting_alert_is_told_once() -> None:
    rule = Rule()
    assert rule.judged(WARNING) == Step(EpisodeChange.OPENED, notice=True)
    assert rule.judged(WARNING, 10 * COOLDOWN).is_nothing


def test_an_alert_that_becomes_critical_is_told_again_at_once() -> None:
    rule = Rule()
    rule.judged(WARNING)
    assert rule.judged(CRITICAL).notice
    assert [notice.level for notice in rule.notices] == [WARNING, CRITICAL]


def test_an_alert_that_eases_to_warning_stays_critical_until_it_is_over() -> None:
    rule = Rule()
    rule.judged(CRITICAL)
    assert rule.judged(WARNING).is_nothing
    assert rule.judged(CRITICAL).is_nothing
    assert rule.judged(OK).change is EpisodeChange.RECOVERED


def test_an_alert_soon_after_another_is_kept_until_the_cooldown_is_over() -> None:
    rule = Rule()
    rule.judged(WARNING)
    rule.judged(OK)
    assert rule.judged(WARNING) == Step(EpisodeChange.OPENED, notice=False)
    assert rule.judged(WARNING, COOLDOWN - 2 * MINUTE).is_nothing
    assert rule.judged(WARNING) == Step(EpisodeChange.UNCHANGED, notice=True)


def test_a_kept_alert_that_became_critical_is_told_once_as_such() -> None:
    rule = Rule()
    rule.judged(WARNING)
    rule.judged(OK)
    rule.judged(WARNING)
    assert not rule.judged(CRITICAL).notice
    assert rule.judged(CRITICAL, COOLDOWN).notice
    assert [notice.level for notice in rule.notices] == [WARNING, OK, CRITICAL]


def test_without_a_cooldown_every_alert_is_told_at_once() -> None:
    rule = Rule(AlertSettings(cooldown_secs=0))
    for level in (WARNING, OK, CRITICAL, OK):
        assert rule.judged(level, timedelta(0)).notice


def test_a_critical_rule_is_snoozed_for_so_long_even_when_nobody_is_told_yet() -> None:
    rule = Rule()
    rule.judged(WARNING)
    rule.judged(OK)
    step = rule.judged(CRITICAL)
    assert not step.notice
    assert step.snooze_until == rule.now + timedelta(hours=1)


def test_a_rule_is_snoozed_only_when_its_settings_say_so() -> None:
    assert Rule(AlertSettings()).judged(CRITICAL).snooze_until is None
    assert Rule().judged(WARNING).snooze_until is None
