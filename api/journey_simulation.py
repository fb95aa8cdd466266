"""Simulating a journey: as it is now, for made-up people on a virtual clock. Nothing is stored or sent."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from time import monotonic, thread_time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import invalid
from api.schemas.journey_simulation import (
    AskSimulation,
    DayOut,
    GivenPerson,
    PathOut,
    SimulatedMessages,
    SimulationOut,
)
from domain.expressions import Condition, SlowConditionError, compile_condition, with_breaker
from domain.journeys.birthdays import zone_of
from domain.journeys.composing import Composer, template_ids
from domain.journeys.definition import ENTERED_SEGMENT, JourneyDefinition
from domain.journeys.intake import version_listener
from domain.journeys.route import Route, compile_route
from domain.journeys.simulated_crowd import (
    CrowdShape,
    Habit,
    Reading,
    birthdays_of,
    expected_happenings,
    made_up_people,
    reader,
    what_they_do,
)
from domain.journeys.simulated_segments import SimulatedSegments
from domain.journeys.simulating import Compose, Entry, Trace, World, simulate
from domain.journeys.simulation_figures import figures_of
from domain.journeys.stepping import Row
from domain.journeys.triggers import birthday_shift
from domain.message_content import MessageTemplate
from domain.program_settings import sending_rules
from domain.schedules import validate_timezone
from domain.segments import SEGMENTS
from domain.send_gates import SendingRules
from domain.send_gates import Surroundings as GateSurroundings
from store.journey_values import message_values, values_at
from store.journeys import definition_of
from store.message_templates import current_templates
from store.segments import all_segments
from store.tables import Journey, Participant, Program

MOST_EVENTS = 200_000
MOST_THINGS = 400_000
# Others wait for their turn, and whoever asks does not wait for ever.
MOST_SECONDS = 20.0
INSTANTS_KEPT = 64
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def simulate_journey(
    session: AsyncSession, program: Program, journey: Journey, asked: AskSimulation
) -> SimulationOut:
    """Raises a Refusal for more events than a simulation goes through, and for a segment whose condition is slow."""
    start = (asked.start or datetime.now(UTC)).astimezone(UTC)
    if not EARLIEST <= start < LATEST:
        raise invalid("start", "is out of range", "an instant in the years 2000 to 2099")
    definition = definition_of(journey)
    route = compile_route(journey.id, definition.content_hash(), definition)
    templates = await current_templates(session, template_ids(route))
    segments = await segment_conditions(session, program)
    try:
        return await asyncio.to_thread(
            _simulated, program, definition, route, templates, segments, asked, start
        )
    except SlowConditionError as error:
        raise invalid("segments", str(error), "segments with simpler expressions") from None


async def segment_conditions(session: AsyncSession, program: Program) -> dict[UUID, Condition]:
    """By segment of the program."""
    found = await all_segments(session, program.id)
    return {one.id: with_breaker(compile_condition(one.expression), thread_time) for one in found}


def _simulated(
    program: Program,
    definition: JourneyDefinition,
    route: Route,
    templates: Mapping[UUID, MessageTemplate],
    segments: Mapping[UUID, Condition],
    asked: AskSimulation,
    start: datetime,
) -> SimulationOut:
    deadline = monotonic() + MOST_SECONDS
    until = start + asked.period
    people = {row["id"]: row for row in _people(program, asked, start)}
    habits = _habits(asked)
    if expected_happenings(habits, len(people), asked.period) > MOST_EVENTS:
        raise invalid("behaviour.events", "too many events in all", f"about {MOST_EVENTS:,} at most")
    happenings = what_they_do(habits, list(people), asked.seed, start, until)
    membership = simulated_segments(program, segments)
    world = world_of(program, definition, route, templates, membership, asked)
    entries = _entries(definition, world, membership, people, asked, start, until)
    trace = simulate(world, people, happenings, entries, until, MOST_THINGS, lambda: monotonic() > deadline)
    return _told(trace, len(people), start, until)


def _people(program: Program, asked: AskSimulation, start: datetime) -> Iterator[Row]:
    given = asked.population.people
    shape = CrowdShape(
        size=len(given) if given is not None else asked.population.size,
        subscribed=asked.population.subscribed,
        tags=asked.population.tags,
        attributes=asked.population.attributes,
        timezones=asked.population.timezones,
    )
    for number, made_up in enumerate(made_up_people(shape, asked.seed)):
        own = {} if given is None else _said(given[number])
        person = Participant(**{**made_up, **own, "program_id": program.id, "created_at": start})
        yield person.model_dump()


def _said(person: GivenPerson) -> dict[str, Any]:
    return {name: getattr(person, name) for name in person.model_fields_set}


def _habits(asked: AskSimulation) -> list[Habit]:
    return [
        Habit(
            one.event,
            one.origin,
            one.properties,
            one.percent,
            one.per_year,
            tuple(timedelta(hours=hours) for hours in one.at_hours),
        )
        for one in asked.behaviour.events
    ]


def _entries(
    definition: JourneyDefinition,
    world: World,
    membership: SimulatedSegments,
    people: Mapping[UUID, Row],
    asked: AskSimulation,
    start: datetime,
    until: datetime,
) -> Iterator[Entry]:
    shift, trigger = birthday_shift(definition), world.listener.trigger
    by_event = any(one.event == definition.trigger.condition.event for one in asked.behaviour.events)
    at_start: Iterable[UUID] = people if asked.enter_at_start else ()
    if asked.enter_at_start is None and trigger is not None and not by_event:
        by_segment = trigger.event == ENTERED_SEGMENT
        at_start = membership.members(people, trigger, start) if by_segment else people
    yield from (Entry(start, who, f"start:{who}") for who in at_start)
    if shift is not None:
        yield from birthdays_of(people, world.zone_of, shift, start, until)


def world_of(
    program: Program,
    definition: JourneyDefinition,
    route: Route,
    templates: Mapping[UUID, MessageTemplate],
    membership: SimulatedSegments,
    asked: AskSimulation,
) -> World:
    """What a simulation goes by in this program."""
    behaviour = asked.behaviour
    reading = Reading(
        behaviour.open_percent, behaviour.click_percent, timedelta(hours=behaviour.within_hours)
    )
    rules = sending_rules(program.settings)
    listener = version_listener(route.journey_id, route.content_hash, definition)
    audience = listener.gates.audience
    asks = SEGMENTS in route.variables or (audience is not None and SEGMENTS in audience.variables)
    values_then = _values_by_instant(program)

    def values_of(row: Row, event: Row, now: datetime) -> Mapping[str, object]:
        seen = {**row, "segments": membership.of(row, now)} if asks else row
        return values_then(now)(seen, event)

    def own_zone(row: Row) -> ZoneInfo:
        return zone_of(row["timezone"], program.timezone)

    return World(
        program_id=program.id,
        zone=validate_timezone(program.timezone),
        listener=listener,
        route=route,
        rules=rules,
        values_of=values_of,
        compose_at=_composing(program, templates, rules),
        zone_of=own_zone,
        react=reader(reading, asked.seed),
    )


def simulated_segments(program: Program, conditions: Mapping[UUID, Condition]) -> SimulatedSegments:
    values_then = _values_by_instant(program)
    return SimulatedSegments(conditions, lambda row, now: values_then(now)(row, {}))


def _values_by_instant(program: Program) -> Callable[[datetime], Callable[[Row, Row], Mapping[str, object]]]:
    return lru_cache(maxsize=INSTANTS_KEPT)(lambda now: values_at(program, now))


def _composing(
    program: Program, templates: Mapping[UUID, MessageTemplate], rules: SendingRules
) -> Callable[[datetime], Compose]:
    @lru_cache(maxsize=INSTANTS_KEPT)
    def compose_at(now: datetime) -> Compose:
        around = GateSurroundings(program.id, program.timezone, {}, now)
        return Composer(message_values, templates, rules, around).compose

    return compose_at


def _told(trace: Trace, people: int, start: datetime, until: datetime) -> SimulationOut:
    figures = figures_of(trace, people)
    return SimulationOut(
        start=start,
        end=until,
        people=people,
        entered=figures.entered,
        refused=dict(figures.refused),
        inside=figures.inside,
        ended={status: dict(reasons) for status, reasons in figures.ended.items()},
        converted=figures.converted,
        sent_on=figures.sent_on,
        messages=SimulatedMessages(
            total=figures.messages,
            per_day=[DayOut(date=day, messages=count) for day, count in figures.per_day.items()],
            per_block=dict(figures.per_block),
            per_channel=dict(figures.per_channel),
            per_person=dict(figures.per_person),
            held_back=dict(figures.held_back),
            deferred=figures.deferred,
        ),
        blocks={block_id: dict(counted) for block_id, counted in figures.blocks.items()},
        paths=[PathOut(steps=list(path.steps), passes=path.passes) for path in figures.paths],
        cut_off_at=trace.cut_off_at,
    )
