"""What the participant routes share: checking what is sent, and creating or changing the one it is about."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.documents import refuse_beyond_limits
from api.errors import invalid, not_found
from api.schemas.participant import ParticipantFields, PutParticipant
from domain.schedules import ScheduleError, validate_timezone
from store.participants import Upserted, get_participant, participant_by_external_id, upsert_participant
from store.tables import Participant, Program

DOCUMENTS = ("attributes", "counters", "tags", "tiers")
NOT_NULL = ("attributes", "counters", "tags", "tiers", "consent", "status")
NO_COLUMNS = {"external_id", "program_id"}


async def enrol(session: AsyncSession, program: Program, body: PutParticipant) -> Upserted:
    """Create or update by external_id; only the fields sent change. Raises a Refusal."""
    return await upsert_participant(session, program, body.external_id, values_of(body))


async def participant_named(
    session: AsyncSession, program_id: UUID, participant_id: UUID | None, external_id: str | None
) -> Participant | None:
    """Whom one of the two names; None where neither is given. Raises a Refusal for nobody, and for both."""
    if participant_id is not None and external_id is not None:
        raise invalid("participant_id", "given together with external_id", "only one of the two")
    if participant_id is None and external_id is None:
        return None
    found = None
    if participant_id is not None:
        found = await get_participant(session, program_id, participant_id)
    elif external_id is not None:
        found = await participant_by_external_id(session, program_id, external_id)
    if found is None:
        raise not_found("Participant")
    return found


def values_of(body: ParticipantFields) -> dict[str, Any]:
    """The fields sent, checked against the limits that keep expressions safe to evaluate. Raises a Refusal."""
    refuse_beyond_limits(**{name: getattr(body, name) for name in DOCUMENTS})
    values = body.model_dump(mode="json", exclude_unset=True, exclude=NO_COLUMNS)
    for name in NOT_NULL:
        if name in values and values[name] is None:
            raise invalid(name, "cannot be null", "a value, or leave it out")
    if values.get("timezone") is not None:
        try:
            validate_timezone(values["timezone"])
        except ScheduleError as error:
            raise invalid("timezone", error.reason, error.expected, values["timezone"]) from None
    return values
