from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from api.auth import Reader, program_named
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.schemas.event_type import EventTypeOut
from api.schemas.paging import Listing, listing
from api.schemas.text import Name
from store.event_types import get_event_type, list_event_types
from store.tables import Program

router = APIRouter(prefix="/v1/event-types", tags=["events"])


async def _program(
    session: SessionDep,
    key: Reader,
    program_id: Annotated[
        UUID | None, Query(description="Required, unless the key is bound to a program")
    ] = None,
) -> Program:
    return await program_named(session, key, program_id)


Readable = Annotated[Program, Depends(_program, scope="function")]


@router.get("")
async def list_(session: SessionDep, program: Readable, page: PageDep) -> Listing[EventTypeOut]:
    """Types of event that the program has had, the one seen first last: what they hold, and where they come from."""
    found = await valid_page(list_event_types(session, program.id, page))
    return listing([EventTypeOut.model_validate(row) for row in found.rows], found.next_cursor)


@router.get("/{event_type:path}")
async def get(
    session: SessionDep,
    program: Readable,
    event_type: Annotated[Name, Path(description="Such as `purchase`")],
) -> EventTypeOut:
    """One type of event."""
    found = await get_event_type(session, program.id, event_type)
    if found is None:
        raise not_found("Event type")
    return EventTypeOut.model_validate(found)
