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

# Sources are read by the trigger that writes the state's history, once the rows are changed.
_UPDATE = text(
    """
    UPDATE participant AS p SET attributes = n.attributes, counters = n.counters, tiers = n.tiers,
        tags = ARRAY(SELECT jsonb_array_elements_text(n.tags)), updated_at = :now
    FROM (SELECT set_config('carillon.sources', :sources, true)) AS named, unnest(
        CAST(:ids AS uuid[]), CAST(:attributes AS jsonb[]), CAST(:counters AS jsonb[]), CAST(:tags AS jsonb[]),
        CAST(:tiers AS jsonb[])
    ) AS n(id, attributes, counters, tags, tiers)
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
    after = [change.after for change in changes]
    documents = {
        name: [json.dumps(row[name], ensure_ascii=False) for row in after]
        for name in ("attributes", "counters", "tags", "tiers")
    }
    await session.execute(
        _UPDATE, {"ids": [row["id"] for row in after], "now": now, "sources": told, **documents}
    )
    sooner = await follow_participants(session, program, changes, now)
    wake_after_commit(session, Sleeper.AUTOMATION, sooner)
