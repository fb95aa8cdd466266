"""People through a journey on a virtual clock."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actions import Channel
from domain.journeys.composing import ComposedMessage
from domain.journeys.definition import JourneyDefinition
from domain.journeys.intake import version_listener
from domain.journeys.route import compile_route
from domain.journeys.simulated_crowd import (
    CrowdShape,
    Habit,
    Reading,
    birthdays_of,
    made_up_people,
    reader,
    what_they_do,
)
from domain.journeys.simulating import Entry, Happening, Reaction, Trace, World, simulate
from domain.journeys.simulation_figures import figures_of
from domain.journeys.stepping import Refusal, Row
from domain.outcomes import SkipReason
from domain.send_gates import FrequencyCap, QuietHours, SendingRules
from domain.send_gates.rules import NO_RULES
from tests.domain.journeys.journey_blocks import (
    delay,
    email,
    goal,
    holdout,
    journey,
    opened,
    sms,
    split,
    tag,
    wait,
)

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
PROGRAM = UUID(int=1)
EVERYTHING = 1_000_000
WELCOME = journey(
    email("hello"), delay("pause", 3), split("asked", [opened("hello")], [tag("fan")], [sms("reminder")])
)


def message(_route: object, block: Any, row: Row, _event: Row) -> ComposedMessage | Refusal:
    channel = Channel.SMS if block.action.send_sms else Channel.EMAIL
    return ComposedMessage(channel, "+34600000000" if channel is Channel.SMS else row["email"], "", "")


def values_of(row: Row, event: Row, now: datetime) -> Mapping[str, object]:
    return {"participant.tags": row["tags"], "event": event, "now": now}


def world(definition: JourneyDefinition, **fields: Any) -> World:
    version = definition.content_hash()
    return World(
        **{
            "program_id": PROGRAM,
            "zone": ZoneInfo("UTC"),
            "listener": version_listener("j", version, definition),
            "route": compile_route("j", version, definition),
            "rules": NO_RULES,
            "values_of": values_of,
            "compose_at": lambda _: message,
            "zone_of": lambda _: ZoneInfo("UTC"),
            "react": lambda *_: Reaction(),
            **fields,
        }
    )


def crowd(size: int, seed: int = 1, **shape: Any) -> dict[UUID, Row]:
    return {row["id"]: {"status": "ACTIVE", **row} for row in made_up_people(CrowdShape(size, **shape), seed)}


def run(
    definition: JourneyDefinition,
    people: Mapping[UUID, Row],
    happenings: Sequence[Happening] = (),
    *,
    period: timedelta = YEAR,
    most: int = EVERYTHING,
    is_late: Callable[[], bool] = lambda: False,
    **fields: Any,
) -> Trace:
    """Without happenings, everybody comes in at the start."""
    entries = [] if happenings else [Entry(START, who, f"start:{who}") for who in people]
    return simulate(world(definition, **fields), people, happenings, entries, START + period, most, is_late)


def came(who: UUID, type_: str, after: timedelta = timedelta(0), **data: Any) -> Happening:
    return Happening(START + after, who, "api", {"type": type_, **data})


def test_people_part_by_what_they_did_with_a_message() -> None:
    people = crowd(200)
    trace = run(WELCOME, people, react=reader(Reading(40, 0, timedelta(hours=48)), 1))
    told = figures_of(trace, len(people))
    assert (told.entered, told.inside, told.ended["completed"]) == (200, 0, {"reached the end": 200})
    fans, reminded = told.blocks["asked"]["branched:true"], told.blocks["asked"]["branched:false"]
    assert fans + reminded == 200
    assert 50 < fans < 110
    assert told.per_block == {"hello": 200, "reminder": reminded}
    assert told.per_day == {START.date(): 200, (START + timedelta(days=3)).date(): reminded}
    assert told.per_person == {0: 0, 1: fans, 2: reminded}
    assert sum(path.passes for path in told.paths) == 200 and len(told.paths) == 2


def test_a_message_that_is_opened_too_late_was_not_opened() -> None:
    late = {"react": lambda *_: Reaction(timedelta(days=3, seconds=1))}
    in_time = {"react": lambda *_: Reaction(timedelta(days=2, hours=23))}
    assert figures_of(run(WELCOME, crowd(1), **late), 1).per_block == {"hello": 1, "reminder": 1}
    assert figures_of(run(WELCOME, crowd(1), **in_time), 1).per_block == {"hello": 1}


def test_caps_and_quiet_hours_hold_messages_back() -> None:
    capped = SendingRules(frequency_caps=(FrequencyCap(messages=1, hours=200),))
    trace = run(journey(email("a"), delay("d", 1), email("b")), crowd(3), rules=capped)
    assert trace.held_back == [SkipReason.FREQUENCY_CAP] * 3
    quiet = SendingRules(quiet_hours=QuietHours(start="11:00", end="13:00"))
    trace = run(journey(email("a")), crowd(1), rules=quiet)
    assert trace.deferred == 1
    assert [one.at for one in trace.messages] == [START.replace(hour=13)]


def test_whom_a_cap_keeps_a_message_from_that_may_not_be_skipped_leaves_at_the_next_step() -> None:
    capped = SendingRules(frequency_caps=(FrequencyCap(messages=1, hours=200),))
    blocks = [email("a"), email("b", skip=False), delay("d", 1), tag("end")]
    trace = run(journey(*blocks), crowd(1), rules=capped)
    assert trace.held_back == [SkipReason.FREQUENCY_CAP]
    assert list(trace.ended.values()) == [("cancelled", "frequency_cap")]
    taken = [(one.step.block_id, one.step.decision.value, one.at - START) for one in trace.steps]
    assert taken[-2:] == [("d", "waiting", timedelta(0)), ("b", "cancelled", timedelta(days=1))]


def test_what_is_queued_is_cancelled_for_whom_an_event_takes_out_and_for_nobody_else() -> None:
    (one,) = crowd(1)
    quiet = SendingRules(quiet_hours=QuietHours(start="11:00", end="13:00"))
    left = journey(email("a"), delay("d", 1), exitConditions=[{"event": "unsubscribed"}])
    trace = run(left, crowd(1), [came(one, "signed up"), came(one, "unsubscribed", HOUR / 2)], rules=quiet)
    assert (trace.messages, trace.held_back) == ([], [SkipReason.CANCELLED])
    trace = run(journey(email("a"), holdout("control", 100), tag("never")), crowd(1), rules=quiet)
    assert list(trace.ended.values()) == [("exited", "held_out")]
    assert ([one.block_id for one in trace.messages], trace.held_back) == (["a"], [])


def test_events_let_people_in_take_them_on_and_out() -> None:
    (one,) = crowd(1)
    definition = journey(
        wait("click", "clicked", [tag("quick")], [tag("slow")]),
        delay("pause", 5),
        goal("bought", "placed order"),
        tag("end"),
        trigger={"condition": {"event": "signed up"}},
        exitConditions=[{"event": "unsubscribed"}],
    )
    hour, day = timedelta(hours=1), timedelta(days=1)
    happened = [
        came(one, "signed up"),
        came(one, "clicked", hour),
        came(one, "placed order", day),
        came(one, "signed up", 20 * day),
        came(one, "unsubscribed", 21 * day),
    ]
    trace = run(definition, crowd(1), happened)
    first, second = (key for key, _ in trace.entered)
    assert [
        (taken.step.block_id, taken.step.decision.value, taken.at - START)
        for taken in trace.steps
        if taken.entry_key == first
    ] == [
        ("click", "waiting", timedelta(0)),
        ("click", "branched", hour),
        ("quick", "changed", hour),
        ("pause", "waiting", hour),
        ("bought", "converted", day),
        ("end", "changed", day),
    ]
    assert trace.ended[first][0] == "completed" and trace.ended[second] == ("exited", "exit_condition")
    assert trace.converted == {first}


def test_a_limit_refuses_who_comes_again() -> None:
    (one,) = crowd(1)
    limited = journey(tag("a"), settings={"frequencyLimiter": {"mode": "once"}})
    trace = run(limited, crowd(1), [came(one, "signed up"), came(one, "signed up", timedelta(days=1))])
    assert (len(trace.entered), [reason.value for reason in trace.refused]) == (1, ["entered_before"])


def test_birthdays_come_once_a_year() -> None:
    people = crowd(50, attributes={"birthdate": {"1990-07-14": 1, "2000-02-29": 1}})
    entries = list(
        birthdays_of(people, lambda _: ZoneInfo("UTC"), timedelta(0), START, START + timedelta(days=730))
    )
    assert len(entries) == 100
    assert {f"{entry.at:%m-%d %H}" for entry in entries} == {"07-14 09", "02-28 09", "02-29 09"}


def test_a_simulation_ends_where_there_is_too_much_and_says_so() -> None:
    trace = run(WELCOME, crowd(10), most=15)
    assert trace.cut_off_at is not None
    assert run(WELCOME, crowd(10)).cut_off_at is None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000), st.integers(0, 100), st.integers(1, 40))
def test_the_same_seed_gives_the_same_trace_and_everybody_is_accounted_for(
    seed: int, percent: int, size: int
) -> None:
    def once() -> Trace:
        people = crowd(size, seed, tags={"vip": percent})
        habits = [Habit("signed up", "api", {}, percent, 6)]
        happened = list(what_they_do(habits, list(people), seed, START, START + YEAR))
        reading = reader(Reading(percent, percent, timedelta(days=5)), seed)
        return run(WELCOME, people, happened or [came(next(iter(people)), "other")], react=reading)

    first, second = once(), once()
    assert (first.steps, first.messages, first.ended) == (second.steps, second.messages, second.ended)
    told = figures_of(first, size)
    assert told.entered == told.inside + sum(sum(reasons.values()) for reasons in told.ended.values())
    assert told.messages == sum(told.per_day.values()) == sum(told.per_block.values())
    assert sum(times * people for times, people in told.per_person.items()) == told.messages


def test_a_simulation_ends_where_it_is_late_and_says_so() -> None:
    looks = iter(range(100))
    trace = run(WELCOME, crowd(10), is_late=lambda: next(looks) == 15)
    assert trace == run(WELCOME, crowd(10), most=15)
