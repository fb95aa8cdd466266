from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.documents import refuse_beyond_limits
from api.errors import ErrorDetails, Refusal, invalid, not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.participant import ParticipantOut
from api.schemas.participant_state import AddToCounters, StateChangeOut
from api.schemas.text import Text
from domain.counters import CounterError, as_decimal
from domain.instants import Instant
from domain.json_limits import MAX_INT64, MIN_INT64
from domain.participant import StateType
from store.counters import add_to_counters
from store.participants import get_participant
from store.state_history import StateFilter, list_state_changes

router = APIRouter(prefix="/v1/programs/{program_id}/participants/{participant_id}", tags=["participants"])


async def _wanted(
    state_type: StateType | None = None,
    key: Annotated[
        Text | None, Query(description="Name of the attribute, counter or tier, or the tag")
    ] = None,
    changed_from: Annotated[Instant | None, Query(alias="from", description="Changed from then on")] = None,
    changed_to: Annotated[Instant | None, Query(alias="to", description="Changed before then")] = None,
) -> StateFilter:
    return StateFilter(state_type, key, changed_from, changed_to)


@router.get("/state-history")
async def state_history(
    session: SessionDep,
    program: ReadableProgram,
    participant_id: UUID,
    page: PageDep,
    wanted: Annotated[StateFilter, Depends(_wanted)],
) -> Listing[StateChangeOut]:
    """How attributes, counters, tags and tiers became what they are, newest first."""
    if await get_participant(session, program.id, participant_id) is None:
        raise not_found("Participant")
    found = await valid_page(list_state_changes(session, participant_id, wanted, page))
    return listing([StateChangeOut.model_validate(change) for change in found.rows], found.next_cursor)


@router.post("/counters")
async def add(
    session: SessionDep, program: WritableProgram, participant_id: UUID, body: AddToCounters
) -> ParticipantOut:
    """Add to counters: all of the changes, or none. However many requests come at once, none is lost."""
    refuse_beyond_limits(changes=body.changes)
    changes = {}
    for name, number in body.changes.items():
        change = as_decimal(number)
        if change is None:
            raise invalid(f"changes.{name}", "is out of range", f"{MIN_INT64} to {MAX_INT64}", str(number))
        changes[name] = change
    try:
        added = await add_to_counters(session, program, participant_id, changes)
    except CounterError as error:
        field = f"changes.{error.counter}"
        details = ErrorDetails(field=field, reason=error.reason, expected=error.expected)
        raise Refusal(409, f"{field}: {error.reason}", details) from None
    if added is None:
        raise not_found("Participant")
    return ParticipantOut.model_validate(added.after)
