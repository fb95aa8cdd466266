"""Changing the state of many participants at once: attributes, counters, tags and tiers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.wake_up import Sleeper
from store.subscription_follow import ParticipantChange, follow_participants
from store.tables import Program
from store.waking import wake_after_commit

_STATES = ("attributes", "counters", "tags", "tiers")
# Sources are read by the trigger that writes the state's history, once the rows are changed.
_UPDATE = text(
    """
    UPDATE participant AS p SET attributes = n.attributes, counters = n.counters, tiers = n.tiers,
        tags = ARRAY(SELECT jsonb_array_elements_text(n.tags)), updated_at = :now
    FROM (SELECT set_config('carillon.sources', :sources, true)) AS named,
        jsonb_to_recordset(CAST(:people AS jsonb))
        AS n(id uuid, attributes jsonb, counters jsonb, tags jsonb, tiers jsonb)
    WHERE p.id = n.id
    """
)


async def change_states(
    session: AsyncSession,
    program: Program,
    changes: Sequence[ParticipantChange],
    sources: Mapping[UUID, str],
    now: datetime,
) -> None:
    """Write `after` of each, of one program, whose rows this transaction has locked; subscriptions follow.

    `sources`: who changes each, as their state history says.
    """
    told = json.dumps({str(participant_id): source for participant_id, source in sources.items()})
    people = [
        {"id": str(change.after["id"])} | {name: change.after[name] for name in _STATES} for change in changes
    ]
    given = {"people": json.dumps(people, ensure_ascii=False), "now": now, "sources": told}
    await session.execute(_UPDATE, given)
    sooner = await follow_participants(session, program, changes, now)
    wake_after_commit(session, Sleeper.AUTOMATION, sooner)
