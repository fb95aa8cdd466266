"""What the conversation routes share: reading what is sent, and whose conversation it is."""

from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import ErrorDetails, Refusal, invalid, not_found
from api.schemas.conversation import ConversationFields
from store.participants import Lock, get_participant, participant_by_external_id
from store.tables import Conversation, Program

NOT_NULL = ("status", "labels")
CONTACT_FIELDS = ("contact_id", "contact_external_id")
NOBODY = "no such participant in this program"


async def values_of(session: AsyncSession, program: Program, body: ConversationFields) -> dict[str, Any]:
    """The columns for the fields sent. The contact is not erased before the transaction ends. Raises a Refusal."""
    values = body.model_dump(mode="json", exclude_unset=True, exclude=set(CONTACT_FIELDS))
    for name in NOT_NULL:
        if name in values and values[name] is None:
            raise invalid(name, "cannot be null", "a value, or leave it out")
    if not body.model_fields_set.isdisjoint(CONTACT_FIELDS):
        values["contact_id"] = await _contact_id(session, program, body)
    return values


def found(conversation: Conversation | None) -> Conversation:
    if conversation is None:
        raise not_found("Conversation")
    return conversation


def external_id_taken(external_id: str | None) -> Refusal:
    reason = "another conversation of this program has it"
    details = ErrorDetails(
        field="external_id", reason=reason, expected="one that none has", received=external_id
    )
    return Refusal(409, f"external_id: {reason}", details)


async def _contact_id(session: AsyncSession, program: Program, body: ConversationFields) -> UUID | None:
    if body.contact_id is not None and body.contact_external_id is not None:
        raise invalid("contact_external_id", "given together with contact_id", "only one of the two")
    if body.contact_id is not None:
        contact = await get_participant(session, program.id, body.contact_id, Lock.AGAINST_ERASURE)
        if contact is None:
            raise _nobody("contact_id", str(body.contact_id))
        return contact.id
    if body.contact_external_id is None:
        return None
    contact = await participant_by_external_id(
        session, program.id, body.contact_external_id, Lock.AGAINST_ERASURE
    )
    if contact is None:
        raise _nobody("contact_external_id", body.contact_external_id)
    return contact.id


def _nobody(field: str, received: str) -> Refusal:
    return Refusal(404, f"{field}: {NOBODY}", ErrorDetails(field=field, reason=NOBODY, received=received))
