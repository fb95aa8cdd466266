"""Reading and writing participants, one at a time and those of a request. Files of them: store/participant_import.py."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.addresses import address_of
from domain.events import API_SOURCE
from domain.participant import ParticipantStatus
from domain.phone_digits import dialled_unlike_written
from domain.wake_up import Sleeper
from store.conversations import detach_conversations_of
from store.enrollments import erase_enrollments_of
from store.generated_events import emit_participant_changes
from store.journey_refusals import erase_refusals_of
from store.messages import addresses_written_to, erase_messages_of
from store.paging import Page, PageRequest, page_newest_first
from store.product_subscriptions import forget_product_subscriptions
from store.received_events import erase_events_of
from store.segment_members import forget_memberships
from store.state_history import name_source
from store.subscription_follow import ParticipantChange, follow_participants
from store.subscriptions import forget_participant
from store.suppressions import hash_suppressions
from store.tables import Participant, Program
from store.tables.participant import NOT_ACTIVE
from store.waking import wake_after_commit

_HOLD_BY_ID = text(
    "SELECT id, external_id FROM participant "
    "WHERE program_id = :program AND id = ANY(CAST(:wanted AS uuid[])) FOR KEY SHARE"
)
_HOLD_BY_EXTERNAL_ID = text(
    "SELECT id, external_id FROM participant "
    "WHERE program_id = :program AND external_id = ANY(CAST(:wanted AS text[])) FOR KEY SHARE"
)


class Lock(Enum):
    """What nobody else may do to the participant until the transaction ends. Neither keeps out readers."""

    AGAINST_CHANGE = auto()
    AGAINST_ERASURE = auto()


@dataclass(frozen=True, slots=True)
class Upserted:
    """A participant as it was, None if it was not there, and as it is now."""

    before: Participant | None
    after: Participant

    @property
    def created(self) -> bool:
        return self.before is None


async def get_participant(
    session: AsyncSession, program_id: UUID, participant_id: UUID, lock: Lock | None = None
) -> Participant | None:
    return await _find(session, program_id, col(Participant.id) == participant_id, lock)


async def participant_of_any_program(session: AsyncSession, participant_id: UUID) -> Participant | None:
    return await session.get(Participant, participant_id)


async def participant_by_external_id(
    session: AsyncSession, program_id: UUID, external_id: str, lock: Lock | None = None
) -> Participant | None:
    return await _find(session, program_id, col(Participant.external_id) == external_id, lock)


async def list_participants(
    session: AsyncSession, program_id: UUID, status: str | None, request: PageRequest
) -> Page[Participant]:
    statement = select(Participant).where(col(Participant.program_id) == program_id)
    if status is not None:
        statement = statement.where(col(Participant.status) == status)
    if status not in (None, ParticipantStatus.ACTIVE.value):
        statement = statement.where(NOT_ACTIVE)
    return await page_newest_first(session, statement, Participant.created_at, Participant.id, request)


async def upsert_participant(
    session: AsyncSession,
    program: Program,
    external_id: str,
    values: Mapping[str, Any],
    source: str = API_SOURCE,
) -> Upserted:
    """Create the participant, or change only the fields in `values`."""
    while True:
        existing = await participant_by_external_id(session, program.id, external_id, Lock.AGAINST_CHANGE)
        if existing is not None:
            return await change_participant(session, program, existing, values, source)
        created = await _create(session, program, external_id, values, source)
        if created is not None:
            return created


async def change_participant(
    session: AsyncSession,
    program: Program,
    participant: Participant,
    values: Mapping[str, Any],
    source: str = API_SOURCE,
) -> Upserted:
    """Change the fields in `values` of a participant that this transaction read under Lock.AGAINST_CHANGE."""
    before = Participant(**participant.model_dump())
    await name_source(session, source)
    statement = (
        update(Participant)
        .where(col(Participant.id) == participant.id)
        .values(**_with_dialled(values), updated_at=datetime.now(UTC))
        .returning(Participant)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    after = (await session.execute(statement)).scalar_one()
    change = ParticipantChange(before.model_dump(), after.model_dump())
    await _written(session, program, [change], source)
    return Upserted(before, after)


async def hold_participants(
    session: AsyncSession, program_id: UUID, ids: Collection[UUID], external_ids: Collection[str]
) -> dict[UUID, str]:
    """The external_id by id of each of these who exists; nobody erases them until the transaction ends."""
    held: dict[UUID, str] = {}
    for statement, wanted in ((_HOLD_BY_ID, ids), (_HOLD_BY_EXTERNAL_ID, external_ids)):
        if wanted:
            found = await session.execute(statement, {"program": program_id, "wanted": list(wanted)})
            held |= {row.id: row.external_id for row in found}
    return held


async def create_participants(
    session: AsyncSession, program: Program, sources: Mapping[str, str]
) -> dict[str, UUID]:
    """The participants of these external_ids, of whom none was there a moment ago, held like those that were.

    `sources`: by external_id, who creates them.
    """
    created: dict[str, UUID] = {}
    while missing := list(sources.keys() - created.keys()):
        changes = await _insert_bare(session, program.id, missing)
        for source in dict.fromkeys(sources.values()):
            theirs = [change for change in changes if sources[change.after["external_id"]] == source]
            await _written(session, program, theirs, source)
        created |= {change.after["external_id"]: change.after["id"] for change in changes}
        overtaken = sources.keys() - created.keys()
        others = await hold_participants(session, program.id, (), overtaken)
        created |= {external_id: participant_id for participant_id, external_id in others.items()}
    return created


async def erase_participant(session: AsyncSession, program_id: UUID, participant_id: UUID) -> bool:
    """Erase the person, with the history of their state and what their events and messages say.

    That nothing is to be sent to their addresses is kept, without the addresses. Answers whether they existed.
    """
    statement = (
        delete(Participant)
        .where(col(Participant.program_id) == program_id, col(Participant.id) == participant_id)
        .returning(Participant)
        .execution_options(synchronize_session=False)
    )
    erased = (await session.execute(statement)).scalar_one_or_none()
    if erased is None:
        return False
    await forget_participant(session, program_id, participant_id)
    await forget_memberships(session, participant_id)
    await forget_product_subscriptions(session, participant_id)
    await detach_conversations_of(session, participant_id)
    # Afterwards: deleting has waited for the transactions that were storing events and messages of this person.
    await erase_events_of(session, participant_id)
    addresses = {(channel, address_of(channel, erased.model_dump())) for channel in Channel}
    addresses |= await addresses_written_to(session, participant_id)
    await hash_suppressions(session, program_id, ((to, address) for to, address in addresses if address))
    await erase_messages_of(session, participant_id)
    await erase_enrollments_of(session, participant_id)
    await erase_refusals_of(session, participant_id)
    return True


async def _find(
    session: AsyncSession, program_id: UUID, which: ColumnElement[bool], lock: Lock | None
) -> Participant | None:
    statement = select(Participant).where(col(Participant.program_id) == program_id, which)
    if lock is not None:
        statement = statement.with_for_update(key_share=True, read=lock is Lock.AGAINST_ERASURE)
        statement = statement.execution_options(populate_existing=True)
    return (await session.exec(statement)).first()


async def _create(
    session: AsyncSession, program: Program, external_id: str, values: Mapping[str, Any], source: str
) -> Upserted | None:
    """None when somebody else has just created it."""
    await name_source(session, source)
    fresh = Participant(id=uuid4(), program_id=program.id, external_id=external_id, **_with_dialled(values))
    statement = (
        insert(Participant)
        .values(**fresh.model_dump())
        .on_conflict_do_nothing(index_elements=["program_id", "external_id"])
        .returning(Participant)
        .execution_options(populate_existing=True)
    )
    stored = (await session.execute(statement)).scalar_one_or_none()
    if stored is None:
        return None
    await _written(session, program, [ParticipantChange(None, stored.model_dump())], source)
    return Upserted(None, stored)


def _with_dialled(values: Mapping[str, Any]) -> Mapping[str, Any]:
    if "phone" not in values:
        return values
    return {**values, "phone_dialled": dialled_unlike_written(values["phone"])}


async def _insert_bare(
    session: AsyncSession, program_id: UUID, external_ids: Sequence[str]
) -> list[ParticipantChange]:
    """Without those whom somebody else has just created. In one order, that of imports, so as not to deadlock."""
    rows = await session.execute(
        text(
            "INSERT INTO participant (id, program_id, external_id) SELECT gen_random_uuid(), :program, one "
            "FROM unnest(CAST(:external_ids AS text[])) AS one ORDER BY one "
            "ON CONFLICT (program_id, external_id) DO NOTHING RETURNING *"
        ),
        {"program": program_id, "external_ids": external_ids},
    )
    return [ParticipantChange(None, dict(row)) for row in rows.mappings()]


async def _written(
    session: AsyncSession, program: Program, changes: Sequence[ParticipantChange], source: str
) -> None:
    """Every write here ends here: the participants' subscriptions follow it, and rules hear of it."""
    if not changes:
        return
    sooner = await follow_participants(session, program, changes, datetime.now(UTC))
    wake_after_commit(session, Sleeper.AUTOMATION, sooner)
    await emit_participant_changes(session, program.id, changes, source)
