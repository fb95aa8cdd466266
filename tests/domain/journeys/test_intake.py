"""Events through the journeys of a program, one after the other."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.journeys.enrolling import ExitReason
from domain.journeys.entering import EntryRefusal, Passage, chain_link
from domain.journeys.intake import (
    Change,
    Entered,
    GoalReached,
    Journeys,
    JourneyScene,
    Left,
    Pass,
    Person,
    QuietTimeRestarted,
    Refused,
    VersionListener,
    WaitEnded,
    event_entry_key,
    take_in,
)
from domain.rules.effects import JourneyEntry, JourneyExit
from tests.domain.journeys.samples import NOW, block, event, filters, journeys, listener, nobody, person

DELAY = {"mode": "duration", "duration": {"amount": 1, "units": "d"}}


def through(
    one: Any, someone: Person, at: Journeys, scene: JourneyScene, effects: Sequence[Any] = ()
) -> list[Change]:
    return list(take_in(one, someone, effects, at, scene, NOW))


def standing(version: VersionListener, someone: Person, **fields: Any) -> Pass:
    fields = {"entered_at": NOW - timedelta(days=1), "has_begun": True} | fields
    return Pass(str(uuid4()), version.version, someone.id, **fields)


def test_a_trigger_event_lets_its_participant_in() -> None:
    someone, open_, scene = person(), listener(), nobody()
    one = event(participant_id=someone.id)
    (entered,) = through(one, someone, journeys(open_), scene)
    key = event_entry_key("j", one.id)
    assert entered == Entered(key, open_.version, someone.id, one.id, False, NOW, ())
    assert [inside.entry_key for inside in scene.inside[someone.id]] == [key]


def test_an_event_of_nobody_sets_nothing_going() -> None:
    assert list(take_in(event(), None, (), journeys(listener()), nobody(), NOW)) == []


def test_whoever_is_refused_is_told_why() -> None:
    someone = person(tags=[])
    one = event(participant_id=someone.id)
    open_ = listener(audience=filters(("tag", "eq", "vip")))
    (refused,) = through(one, someone, journeys(open_), nobody())
    assert isinstance(refused, Refused) and refused.reason is EntryRefusal.AUDIENCE


def test_the_next_event_of_a_batch_meets_the_limit_that_the_first_has_used_up() -> None:
    someone, scene = person(), nobody()
    open_ = journeys(listener(settings={"frequencyLimiter": {"mode": "once"}}))
    first = through(event(participant_id=someone.id), someone, open_, scene)
    second = through(event(participant_id=someone.id), someone, open_, scene)
    assert isinstance(first[0], Entered)
    assert isinstance(second[0], Refused) and second[0].reason is EntryRefusal.ENTERED_BEFORE


def test_an_event_that_is_exit_and_trigger_ends_one_pass_and_begins_another() -> None:
    someone, scene = person(), nobody()
    open_ = listener(exitConditions=[{"event": "placed order"}])
    scene.inside[someone.id] = [before := standing(open_, someone)]
    one = event(participant_id=someone.id)
    left, entered = through(one, someone, journeys(open_), scene)
    assert left == Left(before.entry_key, ExitReason.EXIT_CONDITION, one.id)
    assert isinstance(entered, Entered)


def test_people_in_an_older_version_leave_by_its_own_exits() -> None:
    someone, scene = person(), nobody()
    older = listener(exitConditions=[{"event": "refunded"}])
    scene.inside[someone.id] = [standing(older, someone)]
    changes = through(event("refunded", someone.id), someone, journeys(listener(), older=(older,)), scene)
    assert isinstance(changes[0], Left)
    assert scene.inside[someone.id] == []


def test_each_event_restarts_the_quiet_time_and_an_exit_ends_it_without_a_trace() -> None:
    someone, scene = person(), nobody()
    open_ = journeys(
        listener(
            event="started checkout",
            inactivity={"duration": {"amount": 1, "units": "h"}},
            exitConditions=[{"event": "placed order"}],
            settings={"frequencyLimiter": {"mode": "once"}},
        )
    )
    first, again = event("started checkout", someone.id), event("started checkout", someone.id)
    (entered,) = through(first, someone, open_, scene)
    assert isinstance(entered, Entered) and entered.is_waiting
    assert entered.wake_at == NOW + timedelta(hours=1)
    (restarted,) = through(again, someone, open_, scene)
    assert restarted == QuietTimeRestarted(entered.entry_key, again.id, NOW + timedelta(hours=1))
    (left,) = through(event("placed order", someone.id), someone, open_, scene)
    assert isinstance(left, Left)
    (entered_later,) = through(event("started checkout", someone.id), someone, open_, scene)
    assert isinstance(entered_later, Entered)


def test_an_event_ends_a_wait_once_and_a_goal_moves_people_on() -> None:
    wait = {"event": "clicked", "filterGroups": [], "timeout": {"amount": 1, "units": "d"}}
    open_ = listener(
        blocks=[block("w", wait=wait), block("g", goal={"event": "bought"}), block("d", delay=DELAY)]
    )
    someone, scene = person(), nobody()
    scene.inside[someone.id] = [here := standing(open_, someone, block_id="w")]
    clicked, bought = event("clicked", someone.id), event("bought", someone.id)
    assert through(clicked, someone, journeys(open_), scene) == [WaitEnded(here.entry_key, clicked.id)]
    assert through(event("clicked", someone.id), someone, journeys(open_), scene) == []
    assert through(bought, someone, journeys(open_), scene) == [GoalReached(here.entry_key, bought.id, "g")]
    assert through(bought, someone, journeys(open_), scene) == []


def test_rules_have_people_enter_through_the_same_gates_and_leave() -> None:
    someone, scene, one = person(tags=[]), nobody(), event("other")
    one = event("other", someone.id)
    open_ = journeys(listener("j"), listener("k", audience=filters(("tag", "eq", "vip"))))
    asked = [JourneyEntry(uuid4(), id_, uuid4()) for id_ in ("j", "k", "gone")]
    entered, refused, unknown = through(one, someone, open_, scene, asked)
    assert isinstance(entered, Entered)
    assert isinstance(refused, Refused) and refused.reason is EntryRefusal.AUDIENCE
    assert isinstance(unknown, Refused) and unknown.reason is EntryRefusal.JOURNEY_NOT_ENABLED
    (left,) = through(event("other", someone.id), someone, open_, scene, [JourneyExit("j")])
    assert isinstance(left, Left) and left.reason is ExitReason.BY_RULE


def test_what_a_journey_has_caused_does_not_set_it_going_again() -> None:
    someone = person()
    one = event(participant_id=someone.id, chain=(uuid4(), chain_link("j")))
    (refused,) = through(one, someone, journeys(listener()), nobody())
    assert isinstance(refused, Refused) and refused.reason is EntryRefusal.LOOP


def test_leaving_another_journey_counts_from_then_on() -> None:
    someone, scene = person(), nobody()
    other = listener("k", exitConditions=[{"event": "placed order"}])
    overlap = {"mode": "recentlyIn", "automationIDs": ["k"], "withinDays": 1}
    open_ = journeys(listener(settings={"overlapLimiter": overlap}), older=(other,))
    scene.inside[someone.id] = [standing(other, someone)]
    scene.past[someone.id] = {"k": Passage(None, False, NOW - timedelta(days=5))}
    _, refused = through(event(participant_id=someone.id), someone, open_, scene)
    assert isinstance(refused, Refused) and refused.reason is EntryRefusal.RECENTLY_IN_ANOTHER


TYPES = ["start", "stop", "other"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(TYPES)), max_size=25), st.booleans(), st.booleans()
)
def test_random_events_come_to_what_a_plain_interpreter_says(
    happened: list[tuple[int, str]], once: bool, quiet: bool
) -> None:
    people = [person() for _ in range(3)]
    parts: dict[str, Any] = {"settings": {"frequencyLimiter": {"mode": "once"}}} if once else {}
    if quiet:
        parts["inactivity"] = {"duration": {"amount": 1, "units": "h"}}
    open_ = journeys(listener(event="start", exitConditions=[{"event": "stop"}], **parts))
    scene = nobody()
    expected = [0, 0, 0]
    for who, type_ in happened:
        if type_ == "stop":
            expected[who] = 0
        elif type_ == "start" and not ((once or quiet) and expected[who]):
            expected[who] += 1
        through(event(type_, people[who].id), people[who], open_, scene)
        assert [len(scene.inside.get(one.id, [])) for one in people] == expected
