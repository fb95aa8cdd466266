from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.documents import refuse_beyond_limits
from api.errors import invalid, not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.participant import ParticipantFields, ParticipantOut, PutParticipant
from domain.participant import ParticipantStatus
from domain.schedules import ScheduleError, validate_timezone
from domain.storable_text import is_storable
from store.participants import (
    delete_participant,
    get_participant,
    list_participants,
    participant_by_external_id,
    upsert_participant,
)

router = APIRouter(prefix="/v1/programs/{program_id}/participants", tags=["participants"])

DOCUMENTS = ("attributes", "counters", "tags", "tiers")
NOT_NULL = ("attributes", "counters", "tags", "tiers", "consent", "status")


def _values(body: ParticipantFields) -> dict[str, Any]:
    """The fields sent, checked against the limits that keep expressions safe to evaluate."""
    refuse_beyond_limits(**{name: getattr(body, name) for name in DOCUMENTS})
    values = body.model_dump(mode="json", exclude_unset=True, exclude={"external_id"})
    for name in NOT_NULL:
        if name in values and values[name] is None:
            raise invalid(name, "cannot be null", "a value, or leave it out")
    if values.get("timezone") is not None:
        try:
            validate_timezone(values["timezone"])
        except ScheduleError as error:
            raise invalid("timezone", error.reason, error.expected, values["timezone"]) from None
    return values


@router.post("")
async def upsert(
    session: SessionDep, program: WritableProgram, body: PutParticipant, response: Response
) -> ParticipantOut:
    """Create (201) or update (200) by external_id; only the fields sent change."""
    participant, created = await upsert_participant(session, program.id, body.external_id, _values(body))
    response.status_code = 201 if created else 200
    return ParticipantOut.model_validate(participant)


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
    participant = await get_participant(session, program.id, participant_id)
    if participant is None:
        raise not_found("Participant")
    changed, _ = await upsert_participant(session, program.id, participant.external_id, _values(body))
    return ParticipantOut.model_validate(changed)


@router.delete("/{participant_id}", status_code=204)
async def delete(session: SessionDep, program: WritableProgram, participant_id: UUID) -> Response:
    """Erase the person. Ledgers keep only the id, so past runs still add up."""
    participant = await get_participant(session, program.id, participant_id)
    if participant is None:
        raise not_found("Participant")
    await delete_participant(session, participant)
    return Response(status_code=204)
