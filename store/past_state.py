"""What participants' state was at an instant, from what it is and from the history of its changes."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.participant import StateType

COLUMNS = {
    StateType.ATTRIBUTE: "attributes",
    StateType.COUNTER: "counters",
    StateType.TAG: "tags",
    StateType.TIER: "tiers",
}
Moment = tuple[UUID, datetime]
# Type of state, key, value, and whether there was one.
Entry = tuple[str, str, Any, bool]

# Before each moment, from the last one back: of each key that changed until the next moment, or until now, what it was
# before the first of these changes. So a person is followed through all their moments by reading each change once:
# OFFSET 0 keeps the planner from joining people with all changes there are.
_BEFORE = text(
    """
    WITH asked AS MATERIALIZED (
        SELECT participant_id, moments, COALESCE((
            SELECT id FROM participant_state_change
            WHERE participant_id = person.participant_id AND changed_at < person.moments[1]
            ORDER BY id DESC LIMIT 1
        ), 0) AS made_before
        FROM (
            SELECT participant_id, array_agg(at ORDER BY at) AS moments
            FROM unnest(CAST(:people AS uuid[]), CAST(:behind AS timestamptz[])) AS one(participant_id, at)
            GROUP BY participant_id
        ) AS person
    )
    SELECT DISTINCT ON (asked.participant_id, moment, entry.state_type, entry.key)
           asked.participant_id, moment, entry.state_type, entry.key, entry.value, entry.was_there
    FROM asked
    CROSS JOIN LATERAL (
        SELECT id, old_state, new_state, width_bucket(changed_at, asked.moments) AS moment
        FROM participant_state_change
        WHERE participant_id = asked.participant_id AND id > asked.made_before
        OFFSET 0
    ) AS change
    CROSS JOIN LATERAL (
        SELECT state_type, one.key, one.value, true AS was_there
        FROM unnest(CAST(:types AS text[])) AS state_type, jsonb_each(change.old_state -> state_type) AS one
        UNION ALL
        SELECT state_type, one.key, NULL, false
        FROM unnest(CAST(:types AS text[])) AS state_type, jsonb_each(change.new_state -> state_type) AS one
        WHERE NOT COALESCE(jsonb_exists(change.old_state -> state_type, one.key), false)
    ) AS entry
    ORDER BY asked.participant_id, moment DESC, entry.state_type, entry.key, change.id
    """
)
# The shortest time there is here. A change at the very instant counts as made.
_TICK = timedelta.resolution


async def with_state_at(
    session: AsyncSession, participant: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """The participant's row with attributes, counters, tags and tiers as they were; all else as it is.

    A tag that is gone by now comes last.
    """
    moment = (participant["id"], at)
    return dict((await states_at(session, {participant["id"]: participant}, {moment}))[moment])


async def states_at(
    session: AsyncSession,
    participants: Mapping[UUID, Mapping[str, Any]],
    moments: Set[Moment],
    types: Iterable[StateType] = tuple(StateType),
) -> dict[Moment, Mapping[str, Any]]:
    """As with_state_at, for each moment: one of `participants`, which are by id, and an instant.

    State that is not of `types` is as it is.
    """
    asked = sorted(moments, reverse=True)
    found = await session.execute(
        _BEFORE,
        {
            "people": [participant_id for participant_id, _ in asked],
            "behind": [at + _TICK for _, at in asked],
            "types": [state_type.value for state_type in types],
        },
    )
    undone: dict[tuple[UUID, int], list[Entry]] = {}
    for participant_id, moment, *entry in found:
        undone.setdefault((participant_id, moment), []).append(tuple(entry))
    states: dict[Moment, Mapping[str, Any]] = {}
    for participant_id, own in groupby(asked, key=itemgetter(0)):
        held = participants[participant_id]
        instants = [at for _, at in own]
        for place, at in zip(range(len(instants), 0, -1), instants, strict=True):
            held = _before(held, undone.get((participant_id, place), ()))
            states[participant_id, at] = held
    return states


def _before(held: Mapping[str, Any], entries: Iterable[Entry]) -> Mapping[str, Any]:
    changed: dict[str, dict[str, Any]] = {}
    for state_type, key, value, was_there in entries:
        column = COLUMNS[StateType(state_type)]
        if column not in changed:
            changed[column] = dict.fromkeys(held[column], True) if column == "tags" else dict(held[column])
        if was_there:
            changed[column][key] = value
        else:
            changed[column].pop(key, None)
    columns = {column: list(values) if column == "tags" else values for column, values in changed.items()}
    return {**held, **columns} if columns else held
