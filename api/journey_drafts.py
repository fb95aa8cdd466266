"""A journey that is about to be stored: checked whole, and every fault of it told at once."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import Fault, FaultCode, Refusal, invalid_fields
from api.validation_problems import faults_of
from domain.condition_forms.errors import Place
from domain.destinations import DestinationRules
from domain.journeys.validation import JourneyFault, Surroundings, size_faults
from domain.journeys.validation.reading import document
from domain.journeys.validation.surroundings import references_of
from store.journey_surroundings import known_events, known_mail_templates, known_segments
from store.journeys import known_journeys
from store.tables import Program

# Whoever makes more mistakes in one document is not helped by all.
FAULTS_AT_MOST = 500
BLOCKS = Place("blocks")


async def surroundings_of(
    session: AsyncSession,
    program: Program,
    mentioned: Iterable[object],
    destinations: DestinationRules,
    own_id: str | None = None,
) -> Surroundings:
    """What there is of all that these documents mention."""
    named = references_of(list(mentioned))
    return Surroundings(
        events=await known_events(session, program.id, named.events),
        segments=frozenset(await known_segments(session, program.id, named.segments)),
        templates=frozenset(await known_mail_templates(session, program.id, named.templates)),
        journeys=frozenset(await known_journeys(session, program.id, named.journeys)),
        own_id=own_id,
        destinations=destinations,
    )


def refuse_beyond_size(body: object) -> None:
    """Raises a Refusal for more blocks, or deeper ones, than anybody has to read on."""
    faults = [_fault(each) for each in size_faults(document(body).get("blocks"), BLOCKS)]
    if faults:
        raise invalid_fields(faults)


async def refuse_faults(
    body: object,
    model: type[BaseModel],
    check: Callable[[], Sequence[JourneyFault]],
    elsewhere: Sequence[Fault],
) -> None:
    """Raises a Refusal that names every field of the body that has not the model's shape, or that `check` finds.
    `elsewhere`: what is wrong with the rest of the request."""
    found = await asyncio.to_thread(lambda: [*_shape_faults(body, model), *map(_fault, check())])
    faults = [*elsewhere, *found]
    if faults:
        raise invalid_fields(_each_once(faults)[:FAULTS_AT_MOST])


def conflict(message: str, code: str, faults: Sequence[JourneyFault] = ()) -> Refusal:
    """409, with what has to be put right first."""
    return Refusal(409, message, code=code, faults=[_fault(each) for each in faults[:FAULTS_AT_MOST]])


def _shape_faults(body: object, model: type[BaseModel]) -> list[Fault]:
    try:
        model.model_validate(body)
    except ValidationError as error:
        errors: list[Any] = [dict(each) for each in error.errors(include_url=False)]
        placed = [each | {"loc": ("body", *each["loc"])} for each in errors]
        return faults_of(placed, body, FAULTS_AT_MOST)
    return []


def _each_once(faults: Sequence[Fault]) -> list[Fault]:
    """The first fault of each field: its shape comes before what it would mean."""
    return list({fault.field: fault for fault in reversed(faults)}.values())[::-1]


def _fault(fault: JourneyFault) -> Fault:
    return Fault(
        field=fault.field, reason=fault.reason, expected=fault.expected, code=FaultCode(fault.kind.value)
    )
