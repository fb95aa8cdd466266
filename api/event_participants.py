"""Whose each event of a request is."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import ErrorDetails, Refusal
from api.event_entries import Entry
from domain.events import event_source
from domain.program_settings import UnknownParticipant, on_unknown_participant
from store.conversations import contacts_of
from store.participants import create_participants, hold_participants
from store.tables import Program

NOBODY = "no such participant in this program"
NO_CONVERSATION = "no such conversation in this program"


async def participants_of(
    session: AsyncSession, program: Program, entries: Sequence[Entry]
) -> list[UUID | None]:
    """The participant of each entry: the one it names, else its conversation's contact, else nobody.

    Nobody erases them until the transaction ends, so erasing them finds these events too. Those whom nobody knows
    are created where the program has it so. Raises a Refusal.
    """
    contacts = await _contacts(session, program, entries)
    ids = {id_ for entry in entries if (id_ := entry.said.participant_id)}
    ids |= {contact for contact in contacts.values() if contact is not None}
    external_ids = {external_id for entry in entries if (external_id := entry.said.external_id)}
    held = await hold_participants(session, program.id, ids, external_ids)
    known = {external_id: participant_id for participant_id, external_id in held.items()}
    for entry in entries:
        participant_id = entry.said.participant_id
        if participant_id is not None and participant_id not in held:
            raise _unknown(entry, "participant_id", str(participant_id), NOBODY)
    known |= await _created(session, program, [entry for entry in entries if _is_unknown(entry, known)])
    return [_participant_of(entry, contacts, held, known) for entry in entries]


async def _contacts(
    session: AsyncSession, program: Program, entries: Sequence[Entry]
) -> dict[UUID, UUID | None]:
    named = {id_ for entry in entries if (id_ := entry.said.conversation_id)}
    contacts = await contacts_of(session, program.id, named)
    for entry in entries:
        conversation_id = entry.said.conversation_id
        if conversation_id is not None and conversation_id not in contacts:
            raise _unknown(entry, "conversation_id", str(conversation_id), NO_CONVERSATION)
    return contacts


async def _created(session: AsyncSession, program: Program, unknown: Sequence[Entry]) -> dict[str, UUID]:
    if unknown and on_unknown_participant(program.settings) is UnknownParticipant.REJECT:
        raise _unknown(unknown[0], "external_id", str(unknown[0].said.external_id), NOBODY)
    sources: dict[str, str] = {}
    for entry in unknown:
        assert entry.said.external_id is not None
        sources.setdefault(entry.said.external_id, event_source(entry.said.event_data.type))
    return await create_participants(session, program, sources)


def _is_unknown(entry: Entry, known: Mapping[str, UUID]) -> bool:
    return entry.said.external_id is not None and entry.said.external_id not in known


def _participant_of(
    entry: Entry,
    contacts: Mapping[UUID, UUID | None],
    held: Mapping[UUID, str],
    known: Mapping[str, UUID],
) -> UUID | None:
    said = entry.said
    if said.participant_id is not None:
        return said.participant_id
    if said.external_id is not None:
        return known[said.external_id]
    contact = None if said.conversation_id is None else contacts[said.conversation_id]
    # A contact who is not there any more has been erased since the conversation was read.
    return contact if contact in held else None


def _unknown(entry: Entry, name: str, received: str, reason: str) -> Refusal:
    field = f"{entry.place}{name}"
    return Refusal(404, f"{field}: {reason}", ErrorDetails(field=field, reason=reason, received=received))
