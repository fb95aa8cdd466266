"""The people of a journey who are due, locked and read some hundreds at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.addresses import address_of
from domain.journeys.composing import strict_sends, template_ids
from domain.journeys.conditions import Received
from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.route import Route
from domain.journeys.stepping import Position
from domain.journeys.utm import UtmTags
from domain.message_content import MessageTemplate
from domain.segments import SEGMENTS
from domain.suppressions import SuppressionReason
from store.journey_routes import routes_of
from store.message_templates import current_templates
from store.segment_members import with_segments
from store.suppressions import suppressed_among
from store.tables import Participant, Program
from store.tables.enrollment import INSIDE

_PERSON = ", ".join(f"p.{column}" for column in Participant.model_fields)
# It waits for nobody, so it cannot be part of a deadlock. Whom somebody else has locked is due still, afterwards.
_DUE = text(
    "SELECT e.id AS enrollment_id, e.content_hash, e.status AS enrollment_status, e.entered_at, e.pass_number, "  # noqa: S608
    f"e.block_id, e.waiting_since, e.awaited_event_id, e.trigger_event_id, e.chain, e.steps, {_PERSON} "
    "FROM enrollment AS e JOIN participant AS p ON p.id = e.participant_id "
    f"WHERE e.journey_id = :journey AND e.{INSIDE} AND e.wake_at <= :now "
    "ORDER BY e.wake_at LIMIT :limit FOR NO KEY UPDATE OF e, p SKIP LOCKED"
)
_STANDING = text(
    "SELECT program_id, is_enabled, resume_policy IS NOT NULL AS holds, name, utm FROM journey "
    "WHERE id = :journey FOR SHARE"
)
_RECEIVED = text(
    "SELECT DISTINCT ON (enrollment_id, block_id) enrollment_id, block_id, opened_at, clicked_at, CASE WHEN "
    "clicked_at IS NOT NULL THEN ARRAY(SELECT url FROM message_click WHERE message_id = message.id) END AS urls "
    "FROM message WHERE enrollment_id = ANY(CAST(:enrollments AS uuid[])) AND block_id = ANY(CAST(:blocks AS text[])) "
    "ORDER BY enrollment_id, block_id, created_at DESC"
)
# Of the pass that they are in: the key of a message names it.
_KEPT_BACK = text(
    "SELECT e.id, e.content_hash, m.block_id, m.error FROM enrollment AS e JOIN message AS m "
    "ON m.enrollment_id = e.id AND m.block_id = ANY(CAST(:blocks AS text[])) AND m.status = 'skipped' "
    "AND m.key LIKE '%:' || e.pass_number WHERE e.id = ANY(CAST(:enrollments AS uuid[])) ORDER BY m.created_at DESC"
)
_EVENTS = text("SELECT id, event_data FROM event WHERE id = ANY(CAST(:ids AS uuid[]))")
# In the words of the index by which it is one look.
_NEXT = text(f"SELECT min(wake_at) FROM enrollment WHERE journey_id = :journey AND {INSIDE}")  # noqa: S608
_INSIDE = text(f"SELECT count(*) FROM enrollment WHERE journey_id = :journey AND {INSIDE}")  # noqa: S608
_UNATTENDED = text(
    "SELECT id FROM journey WHERE (is_enabled OR resume_policy IS NULL) AND EXISTS ("  # noqa: S608
    f"SELECT FROM enrollment e WHERE e.journey_id = journey.id AND e.{INSIDE} AND e.wake_at < :due_before) LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose next step is due. `person`: every column of theirs by name, and their `segments` where the
    route asks for them. `kept_back`: the block and the reason of a message that may not be skipped, and was when it
    was due."""

    enrollment_id: UUID
    content_hash: str
    route: Route | None
    status: EnrollmentStatus
    entered_at: datetime
    pass_number: int
    position: Position
    steps: int
    trigger_event_id: UUID | None
    chain: Sequence[UUID]
    person: Mapping[str, Any]
    event: Mapping[str, Any]
    received: Mapping[str, Received]
    kept_back: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Slice:
    """`templates`: those that the routes' mails are made of. `suppressed`: addresses that nothing is sent to, asked
    for only where somebody may have to leave for that."""

    journey_id: str
    program: Program
    people: Sequence[Due]
    templates: Mapping[UUID, MessageTemplate]
    suppressed: Mapping[tuple[Channel, str], SuppressionReason]
    utm: UtmTags


async def lock_slice(session: AsyncSession, journey_id: str, now: datetime, limit: int) -> Slice | None:
    """Up to `limit` people who are due, those first who have been for longest. Nobody else moves or changes them
    until the transaction ends, and the journey is neither stopped nor deleted.

    None when nobody may move: the journey is gone, or stands still.
    """
    moving = await _moving(session, journey_id)
    if moving is None:
        return None
    program_id: UUID = moving.program_id
    given = {"journey": journey_id, "now": now, "limit": limit}
    found = await session.execute(_DUE, given)
    # A row's own mapping asks for each value by its name, which takes several times as long.
    columns = list(found.keys())
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    program = await session.get_one(Program, program_id)
    routes = await routes_of(session, journey_id, {row["content_hash"] for row in rows})
    if any(SEGMENTS in route.variables for route in routes.values()):
        rows = await with_segments(session, rows)
    received = await _received(session, routes, rows)
    kept_back = await _kept_back(session, routes, rows)
    events = await _events(session, rows)
    mails = frozenset().union(*(template_ids(route) for route in routes.values()))
    return Slice(
        journey_id,
        program,
        [_due(row, routes, received, events, kept_back) for row in rows],
        await current_templates(session, mails),
        await _suppressed(session, program_id, routes, rows),
        UtmTags(journey_id, moving.name, moving.utm),
    )


async def next_wake_at(session: AsyncSession, journey_id: str) -> datetime | None:
    """When the next step is due; None when there is none, or the journey is gone or stands still."""
    if await _moving(session, journey_id) is None:
        return None
    due_at: datetime | None = (await session.execute(_NEXT, {"journey": journey_id})).scalar_one()
    return due_at


async def count_inside(session: AsyncSession, journey_id: str) -> int:
    return int((await session.execute(_INSIDE, {"journey": journey_id})).scalar_one())


async def unattended_journeys(session: AsyncSession, due_before: datetime, limit: int) -> Sequence[str]:
    """Journeys with somebody who should have taken a step by then."""
    found = await session.execute(_UNATTENDED, {"due_before": due_before, "limit": limit})
    return found.scalars().all()


async def _moving(session: AsyncSession, journey_id: str) -> Row[Any] | None:
    """The journey; None when it is gone, or stands still. Until the transaction ends it stays so."""
    standing = (await session.execute(_STANDING, {"journey": journey_id})).one_or_none()
    if standing is None or (standing.holds and not standing.is_enabled):
        return None
    return standing


def _due(
    row: Mapping[str, Any],
    routes: Mapping[str, Route],
    received: Mapping[UUID, Mapping[str, Received]],
    events: Mapping[UUID, Mapping[str, Any]],
    kept_back: Mapping[UUID, tuple[str, str]],
) -> Due:
    return Due(
        enrollment_id=row["enrollment_id"],
        content_hash=row["content_hash"],
        route=routes.get(row["content_hash"]),
        status=EnrollmentStatus(row["enrollment_status"]),
        entered_at=row["entered_at"],
        pass_number=row["pass_number"],
        position=Position(row["block_id"], row["waiting_since"], row["awaited_event_id"] is not None),
        steps=row["steps"],
        trigger_event_id=row["trigger_event_id"],
        chain=row["chain"],
        person=row,
        event=events.get(row["trigger_event_id"], {}),
        received=received.get(row["enrollment_id"], {}),
        kept_back=kept_back.get(row["enrollment_id"]),
    )


async def _suppressed(
    session: AsyncSession, program_id: UUID, routes: Mapping[str, Route], rows: Sequence[Mapping[str, Any]]
) -> dict[tuple[Channel, str], SuppressionReason]:
    found: dict[tuple[Channel, str], SuppressionReason] = {}
    if any(strict_sends(route) for route in routes.values()):
        for channel in (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.WHATSAPP):
            addresses = {address for row in rows if (address := address_of(channel, row))}
            reasons = await suppressed_among(session, program_id, channel, addresses)
            found |= {(channel, address): reason for address, reason in reasons.items()}
    return found


async def _received(
    session: AsyncSession, routes: Mapping[str, Route], rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, dict[str, Received]]:
    blocks = frozenset().union(*(route.asked_about for route in routes.values()))
    if not blocks:
        return {}
    found = await session.execute(
        _RECEIVED, {"enrollments": [row["enrollment_id"] for row in rows], "blocks": list(blocks)}
    )
    received: dict[UUID, dict[str, Received]] = {}
    for enrollment_id, block_id, opened_at, clicked_at, urls in found:
        received.setdefault(enrollment_id, {})[block_id] = Received(opened_at, clicked_at, tuple(urls or ()))
    return received


async def _kept_back(
    session: AsyncSession, routes: Mapping[str, Route], rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, tuple[str, str]]:
    strict = {content_hash: strict_sends(route) for content_hash, route in routes.items()}
    blocks = frozenset().union(*strict.values())
    if not blocks:
        return {}
    found = await session.execute(
        _KEPT_BACK, {"enrollments": [row["enrollment_id"] for row in rows], "blocks": list(blocks)}
    )
    # Of several the first one remains. Another version may allow what their own does not.
    return {
        enrollment_id: (block_id, reason)
        for enrollment_id, content_hash, block_id, reason in found
        if block_id in strict.get(content_hash, ())
    }


async def _events(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, Mapping[str, Any]]:
    """By id; an event that retention has discarded is not there."""
    ids = {row["trigger_event_id"] for row in rows if row["trigger_event_id"] is not None}
    if not ids:
        return {}
    found = await session.execute(_EVENTS, {"ids": list(ids)})
    return {row.id: row.event_data for row in found}
