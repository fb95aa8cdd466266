"""What the gates at send time ask of the record, for a batch of people in a few statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.participant import CONSENT_CHANNELS
from domain.send_gates import Candidate, Contact, Person
from domain.send_policy import SendPolicy
from domain.suppressions import SuppressionReason
from store.suppressions import suppressed_among
from store.tables.message import QUEUED
from store.tables.run import EXECUTING

# More of one person's messages need not be known: no limit is that high.
CONTACTS_AT_MOST = 1_000
# A message is written down when it is queued, and counts from when it left: it waits for less, unless nothing runs.
LONGEST_WAIT = timedelta(days=14)

_THERE = text(
    "SELECT id, status, consent, timezone FROM participant WHERE id = ANY(CAST(:ids AS uuid[])) "
    "ORDER BY id FOR KEY SHARE SKIP LOCKED"
)
# In one order, so that those who send to the same people at once wait for each other and cannot deadlock.
_ONE_AT_A_TIME = text(
    "SELECT id, status, consent, timezone FROM participant WHERE id = ANY(CAST(:ids AS uuid[])) "
    "ORDER BY id FOR NO KEY UPDATE"
)
_CONTACTS = text(
    "SELECT person.id AS participant_id, m.id, m.channel, m.at FROM unnest(CAST(:people AS uuid[])) AS person(id), "
    "LATERAL (SELECT id, channel, COALESCE(settled_at, :now) AS at FROM message "
    "WHERE participant_id = person.id AND status IN ('sending', 'sent', 'unknown') "
    "AND channel = ANY(CAST(:channels AS text[])) AND created_at > :written_since "
    "AND COALESCE(settled_at, :now) > :since AND sending->'transactional' IS DISTINCT FROM 'true'::jsonb "
    "ORDER BY created_at DESC LIMIT :at_most) AS m"
)
_QUEUED = text(
    "SELECT id, participant_id, channel, recipient, sending, automation_id, rule_id FROM message "  # noqa: S608
    f"WHERE participant_id = ANY(CAST(:people AS uuid[])) AND {QUEUED} AND available_at <= now() "
    "AND id <> ALL(CAST(:but AS uuid[]))"
)
_ENROLLED = text(
    "SELECT rp.run_id, rp.seq, rp.participant_id FROM automation_run r JOIN run_participant rp ON rp.run_id = r.id "  # noqa: S608
    f"WHERE r.program_id = :program AND r.{EXECUTING} AND r.definition->>'action' IS NOT NULL "
    "AND rp.participant_id = ANY(CAST(:people AS uuid[])) AND rp.outcome = 'pending'"
)


_SENT_BEFORE = text(
    "SELECT c.id FROM unnest(CAST(:ids AS uuid[]), CAST(:sources AS uuid[]), CAST(:people AS uuid[]), "
    "CAST(:occasions AS text[]), CAST(:since AS timestamptz[])) AS c(id, source, person, occasion, since) "
    "WHERE EXISTS (SELECT FROM message m WHERE m.automation_id = c.source AND m.participant_id = c.person "
    "AND m.occasion = c.occasion AND m.id <> c.id AND (c.since IS NULL OR m.created_at > c.since) "
    "AND m.status IN ('queued', 'sending', 'sent', 'unknown'))"
)


@dataclass(frozen=True, slots=True)
class EnrolledRow:
    """Somebody whom a run that executes has not got to yet."""

    run_id: UUID
    seq: int
    participant_id: UUID


async def people_to_write_to(
    session: AsyncSession, people: Collection[UUID], *, one_at_a_time: bool
) -> dict[UUID, Person]:
    """Those who are neither erased nor being erased, as they are now. Nobody erases them until the transaction ends.

    `one_at_a_time`: until then nobody else decides, either, what they are sent.
    """
    if not people:
        return {}
    rows = (await session.execute(_THERE, {"ids": list(people)})).mappings().all()
    if one_at_a_time:
        # Those who are being erased are left out above: their erasure may wait for what this transaction holds.
        given = {"ids": [row["id"] for row in rows]}
        rows = (await session.execute(_ONE_AT_A_TIME, given)).mappings().all()
    return {row["id"]: Person(row["id"], row["status"], row["consent"], row["timezone"]) for row in rows}


async def suppressed_addresses(
    session: AsyncSession, program_id: UUID, candidates: Sequence[Candidate]
) -> Mapping[tuple[Channel, str], SuppressionReason]:
    """Those of the candidates' addresses that nothing is sent to, and why."""
    by_channel: dict[Channel, set[str]] = {}
    for candidate in candidates:
        if candidate.address:
            by_channel.setdefault(candidate.channel, set()).add(candidate.address)
    found: dict[tuple[Channel, str], SuppressionReason] = {}
    for channel, addresses in by_channel.items():
        suppressed = await suppressed_among(session, program_id, channel, addresses)
        found |= {(channel, address): reason for address, reason in suppressed.items()}
    return found


async def contacts_since(
    session: AsyncSession, people: Collection[UUID], since: datetime, now: datetime
) -> dict[UUID, list[Contact]]:
    """What people were sent after `since`, or is on its way, of all that counts in limits.

    A message that was refused, or could not be handed over, is none: its room is free again.
    """
    rows = await session.execute(
        _CONTACTS,
        {
            "people": list(people),
            "channels": list(CONSENT_CHANNELS),
            "since": since,
            "written_since": since - LONGEST_WAIT,
            "now": now,
            "at_most": CONTACTS_AT_MOST,
        },
    )
    found: dict[UUID, list[Contact]] = {}
    for row in rows.mappings():
        contact = Contact(row["id"], Channel(row["channel"]), row["at"])
        found.setdefault(row["participant_id"], []).append(contact)
    return found


async def sent_for_their_occasion(
    session: AsyncSession, candidates: Sequence[Candidate], now: datetime
) -> set[UUID]:
    """The ids of those for whose occasion their source has sent its person another message, or has one on its way."""
    asked = [(one, one.occasion) for one in candidates if one.occasion is not None]
    if not asked:
        return set()
    found = await session.execute(
        _SENT_BEFORE,
        {
            "ids": [one.id for one, _ in asked],
            "sources": [one.source for one, _ in asked],
            "people": [one.participant_id for one, _ in asked],
            "occasions": [occasion.key for _, occasion in asked],
            "since": [
                None if occasion.hours is None else now - timedelta(hours=occasion.hours)
                for _, occasion in asked
            ],
        },
    )
    return set(found.scalars())


async def queued_for(
    session: AsyncSession, people: Collection[UUID], but: Collection[UUID]
) -> list[Candidate]:
    """Queued messages that are due for these people; `but` for those with these ids."""
    rows = await session.execute(_QUEUED, {"people": list(people), "but": list(but)})
    return [_candidate(row) for row in rows.mappings()]


async def enrolled_rows(
    session: AsyncSession, program_id: UUID, people: Collection[UUID]
) -> list[EnrolledRow]:
    """Where these people wait for a message of a run that executes."""
    rows = await session.execute(_ENROLLED, {"program": program_id, "people": list(people)})
    return [EnrolledRow(*row) for row in rows]


def _candidate(row: RowMapping) -> Candidate:
    return Candidate(
        id=row["id"],
        participant_id=row["participant_id"],
        channel=Channel(row["channel"]),
        address=row["recipient"],
        policy=SendPolicy.read(row["sending"]),
        source=row["automation_id"] or row["rule_id"],
    )
