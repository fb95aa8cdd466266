from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import Reader, Writer, program_named
from api.dependencies import SessionDep
from api.errors import not_found
from api.participant_service import enrol
from api.schemas.participant import ParticipantOut, PutParticipantOfProgram
from store.participants import participant_of_any_program

router = APIRouter(prefix="/v1/participants", tags=["participants"])


@router.post("", responses={201: {"model": ParticipantOut, "description": "Created"}})
async def upsert(
    session: SessionDep, key: Writer, body: PutParticipantOfProgram, response: Response
) -> ParticipantOut:
    """Create (201) or update (200) by external_id, in the program that the body names; only the fields sent change."""
    program = await program_named(session, key, body.program_id)
    upserted = await enrol(session, program, body)
    response.status_code = 201 if upserted.created else 200
    return ParticipantOut.model_validate(upserted.after)


@router.get("/{participant_id}")
async def get(session: SessionDep, key: Reader, participant_id: UUID) -> ParticipantOut:
    """One participant, of whichever program the key may see."""
    participant = await participant_of_any_program(session, participant_id)
    if participant is None or key.program_id not in {None, participant.program_id}:
        raise not_found("Participant")
    return ParticipantOut.model_validate(participant)
