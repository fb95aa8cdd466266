"""Two rules over the same past events: what the one matches and the other does not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.expressions import SlowConditionError, with_breaker
from domain.rules.counterfactual import Counterfactual, PastEvent, Replay, SlowBaselineError
from domain.rules.rollout import is_rolled_out
from domain.rules.rule import Rule
from domain.rules.schedule_settings import ScheduleSettings
from tests.domain.rules.samples import NOW, rule

PEOPLE = [UUID(int=number) for number in range(1, 5)]
NIGHTS = ScheduleSettings.model_validate({"windows": [{"start": "20:00", "end": "06:00"}]})
BIG = "event.amount >= 50"


def happened(minute: float = 0, whose: UUID | None = PEOPLE[0], **fields: Any) -> PastEvent:
    """A purchase, so many minutes after noon."""
    at = NOW + timedelta(minutes=minute)
    event_id = uuid4()
    values: dict[str, Any] = {
        "id": event_id,
        "type": "purchase",
        "participant_id": whose,
        "conversation_id": None,
        "subject_id": whose or event_id,
        "chain": (),
        "data": {"type": "purchase", "amount": minute},
        "created_at": at,
        "at": at,
    }
    return PastEvent(**values | fields)


def compared(
    baseline: Rule | None, edited: Rule, events: Sequence[PastEvent], sample: int = 5
) -> Counterfactual:
    outcome = Counterfactual(baseline, edited, sample)
    for event in events:
        outcome.look_at(event, {"event": event.data})
    return outcome


events_in_order = st.lists(
    st.builds(
        happened,
        st.integers(0, 2_000),
        st.sampled_from([*PEOPLE, None]),
        type=st.sampled_from(["purchase", "purchase", "refund"]),
    ),
    max_size=40,
).map(lambda events: sorted(events, key=lambda event: event.created_at))
rules = st.builds(
    rule,
    id=st.just(uuid4()),
    trigger_type=st.sampled_from(["purchase", "refund"]),
    condition=st.sampled_from([None, BIG, "event.amount < 1000", "event.none == 1"]),
    rollout_percentage=st.integers(0, 100),
    cooldown=st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    schedule=st.sampled_from([None, NIGHTS]),
    is_active=st.booleans(),
    snoozed_until=st.sampled_from([None, NOW + timedelta(days=9)]),
)


@given(rules, events_in_order)
def test_a_rule_that_is_not_edited_matches_what_it_matched(one: Rule, events: list[PastEvent]) -> None:
    outcome = compared(one, one, events)
    assert outcome.baseline is not None
    assert (outcome.newly_matching.count, outcome.no_longer_matching.count) == (0, 0)
    assert outcome.unchanged == outcome.edited.matched == outcome.baseline.matched
    assert outcome.edited.executed == outcome.baseline.executed


@given(rules, rules, events_in_order, st.integers(0, 5))
def test_the_counts_add_up(baseline: Rule, edited: Rule, events: list[PastEvent], most: int) -> None:
    outcome = compared(baseline, edited, events, most)
    assert outcome.baseline is not None
    newly, no_longer = outcome.newly_matching, outcome.no_longer_matching
    assert newly.count + outcome.unchanged == outcome.edited.matched
    assert no_longer.count + outcome.unchanged == outcome.baseline.matched
    assert outcome.examined == len(events)
    for replay in (outcome.baseline, outcome.edited):
        assert 0 <= replay.executed <= replay.matched
    for difference in (newly, no_longer):
        assert len(difference.sample) == min(most, difference.count)
        assert {event.participant_id for event in difference.sample} - {None} <= difference.participants


@given(rules, events_in_order)
def test_to_a_new_rule_all_that_matches_is_new(edited: Rule, events: list[PastEvent]) -> None:
    outcome = compared(None, edited, events)
    assert outcome.newly_matching.count == outcome.edited.matched
    assert (outcome.no_longer_matching.count, outcome.unchanged) == (0, 0)


def acted(events: Sequence[PastEvent], cooldown: timedelta, is_open: Callable[[PastEvent], bool]) -> int:
    """How often a rule acts, looking back at all that it did for the subject before."""
    at: list[tuple[UUID, Any]] = []
    for event in events:
        rests = any(subject == event.subject_id and event.at - then < cooldown for subject, then in at)
        if is_open(event) and not rests:
            at.append((event.subject_id, event.at))
    return len(at)


@given(events_in_order, st.integers(0, 600), st.integers(0, 100))
def test_the_cooldown_is_of_what_the_rule_would_have_done(
    events: list[PastEvent], minutes: int, percentage: int
) -> None:
    cooldown = timedelta(minutes=minutes)
    cooling = rule(condition=BIG, cooldown=cooldown, rollout_percentage=percentage)
    replay = Replay(cooling)
    for event in events:
        replay.ask(event, {"event": event.data})

    def is_open(event: PastEvent) -> bool:
        return (
            event.type == "purchase"
            and event.data["amount"] >= 50
            and is_rolled_out(cooling.id, event.subject_id, percentage)
        )

    assert replay.executed == acted(events, cooldown, is_open)


def test_a_schedule_keeps_a_rule_from_acting_and_not_from_matching() -> None:
    by_day, by_night = happened(60), happened(600)
    outcome = compared(rule(), rule(schedule=NIGHTS), [by_day, by_night])
    assert (outcome.edited.matched, outcome.edited.executed) == (2, 1)
    assert outcome.unchanged == 2


def test_a_rule_that_rests_is_asked_as_if_it_did_not() -> None:
    resting = rule(is_active=False, snoozed_until=NOW + timedelta(days=1))
    assert compared(resting, resting, [happened()]).edited.executed == 1


def test_an_event_that_the_rule_itself_led_to_is_not_matched() -> None:
    one = rule()
    caused = happened(chain=(one.id,))
    assert compared(one, one, [caused]).edited.matched == 0


def test_a_rule_that_listens_to_another_type_matches_other_events() -> None:
    one = rule()
    purchase, refund = happened(0), happened(1, PEOPLE[1], type="refund")
    outcome = compared(one, replace(one, trigger_type="refund"), [purchase, refund])
    assert list(outcome.newly_matching.sample) == [refund]
    assert list(outcome.no_longer_matching.sample) == [purchase]


def test_the_sample_is_the_newest_and_people_are_counted_once() -> None:
    events = [happened(minute, PEOPLE[minute % 2]) for minute in range(6)] + [happened(6, None)]
    newly = compared(None, rule(), events, sample=3).newly_matching
    assert list(newly.sample) == events[:3:-1]
    assert (newly.count, newly.participants) == (7, {PEOPLE[0], PEOPLE[1]})


def test_what_cannot_be_evaluated_is_counted_by_its_reason() -> None:
    edited = rule(condition="event.amount >= 50 && event.coupon == 'x'")
    outcome = compared(rule(), edited, [happened(minute) for minute in (10, 60, 70)])
    assert outcome.errors == {"event.coupon is missing": 2}
    assert outcome.no_longer_matching.count == 3


def slow(one: Rule) -> Rule:
    ticks = iter(range(0, 10_000, 10))
    assert one.condition is not None
    return replace(one, condition=with_breaker(one.condition, lambda: next(ticks)))


def test_a_condition_that_is_too_slow_is_told_apart() -> None:
    plain = rule(condition="event.amount >= 0")
    with pytest.raises(SlowConditionError):
        compared(plain, slow(plain), [happened()])
    with pytest.raises(SlowBaselineError):
        compared(slow(plain), plain, [happened()])
