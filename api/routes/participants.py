from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.participant_service import enrol, values_of
from api.schemas.paging import Listing, listing
from api.schemas.participant import ParticipantFields, ParticipantOut, PutParticipant
from domain.participant import ParticipantStatus
from domain.storable_text import is_storable
from store.participants import (
    Lock,
    change_participant,
    erase_participant,
    get_participant,
    list_participants,
    participant_by_external_id,
)

router = APIRouter(prefix="/v1/programs/{program_id}/participants", tags=["participants"])


@router.post("", responses={201: {"model": ParticipantOut, "description": "Created"}})
async def upsert(
    session: SessionDep, program: WritableProgram, body: PutParticipant, response: Response
) -> ParticipantOut:
    """Create (201) or update (200) by external_id; only the fields sent change."""
    upserted = await enrol(session, program, body)
    response.status_code = 201 if upserted.created else 200
    return ParticipantOut.model_validate(upserted.after)


@router.get("")
async def list_(
    session: SessionDep,
    program: ReadableProgram,
    page: PageDep,
    status: ParticipantStatus | None = None,
    external_id: Annotated[str | None, Query(max_length=255)] = None,
) -> Listing[ParticipantOut]:
    """Participants, newest first; with `external_id`, the one who has it."""
    if external_id is not None:
        found = None
        if is_storable(external_id):
            found = await participant_by_external_id(session, program.id, external_id)
        return listing([ParticipantOut.model_validate(found)] if found else [], None)
    rows = await valid_page(list_participants(session, program.id, status, page))
    return listing([ParticipantOut.model_validate(row) for row in rows.rows], rows.next_cursor)


@router.get("/{participant_id}")
async def get(session: SessionDep, program: ReadableProgram, participant_id: UUID) -> ParticipantOut:
    """One participant."""
    participant = await get_participant(session, program.id, participant_id)
    if participant is None:
        raise not_found("Participant")
    return ParticipantOut.model_validate(participant)


@router.patch("/{participant_id}")
async def patch(
    session: SessionDep, program: WritableProgram, participant_id: UUID, body: ParticipantFields
) -> ParticipantOut:
    """Change only the fields sent; objects (attributes, counters ...) are replaced whole."""
    values = values_of(body)
    participant = await get_participant(session, program.id, participant_id, Lock.AGAINST_CHANGE)
    if participant is None:
        raise not_found("Participant")
    changed = await change_participant(session, program, participant, values)
    return ParticipantOut.model_validate(changed.after)


@router.delete("/{participant_id}", status_code=204)
async def delete(session: SessionDep, program: WritableProgram, participant_id: UUID) -> Response:
    """Erase the person, their history and what their events say. Ledgers keep only the id, so past runs still add up."""
    if not await erase_participant(session, program.id, participant_id):
        raise not_found("Participant")
    return Response(status_code=204)
