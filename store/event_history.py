"""Past events of some types, the oldest first, and what a rule's runs on them recorded."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.counterfactual import PastEvent

PAGE = 1_000
_NIL = UUID(int=0)

# Found in the index alone: only what is shown is read from the table.
_WANTED = """
    SELECT created_at, id FROM event
    WHERE program_id = :program AND type = ANY(CAST(:types AS text[]))
      AND created_at >= :since AND created_at <= :until
"""
_LEFT_OUT = text(f"{_WANTED} ORDER BY created_at DESC, id DESC OFFSET :most LIMIT 1")
# The events of one request were received at one instant; `seq` tells their order.
_PAGE = text(
    f"""
    SELECT e.id, e.type, e.participant_id, e.conversation_id, e.subject_id, e.rule_chain AS chain,
           e.event_data AS data, e.created_at, COALESCE(e.processed_at, :until) AS at
    FROM (
        {_WANTED} AND (created_at, id) > (:created_at, CAST(:id AS uuid)) ORDER BY created_at, id LIMIT :size
    ) AS wanted
    JOIN event AS e ON e.id = wanted.id
    ORDER BY e.created_at, e.seq
    """  # noqa: S608
)
_RECORDED = text(
    """
    SELECT count(*), count(*) FILTER (WHERE matched), count(*) FILTER (WHERE executed)
    FROM rule_run WHERE rule_id = :rule AND event_id = ANY(CAST(:events AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event is among those of its program."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class EventHistory:
    """The events of a program that have one of `types` and were received from `since` to `until`."""

    program_id: UUID
    types: frozenset[str]
    since: datetime
    until: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        period = {"since": self.since, "until": self.until}
        return {"program": self.program_id, "types": sorted(self.types), **period}


@dataclass(frozen=True, slots=True)
class RecordedRuns:
    """`runs`: how often the rule was asked."""

    runs: int = 0
    matched: int = 0
    executed: int = 0

    def __add__(self, other: "RecordedRuns") -> "RecordedRuns":
        return RecordedRuns(
            self.runs + other.runs, self.matched + other.matched, self.executed + other.executed
        )


async def newest_left_out(session: AsyncSession, history: EventHistory, most: int) -> Place | None:
    """The newest of the events beyond the newest `most`; None when there are not so many."""
    found = (await session.execute(_LEFT_OUT, {**history.parameters, "most": most})).one_or_none()
    return None if found is None else Place(*found)


async def pages_behind(
    session: AsyncSession, history: EventHistory, place: Place | None
) -> AsyncIterator[list[PastEvent]]:
    """The events behind `place`, or all of them, by up to PAGE at a time."""
    behind = place or Place(history.since, _NIL)
    while True:
        parameters = {"created_at": behind.created_at, "id": behind.id, "size": PAGE}
        found = await session.execute(_PAGE, {**history.parameters, **parameters})
        page = [PastEvent(**row) for row in found.mappings()]
        if page:
            yield page
        if len(page) < PAGE:
            return
        behind = Place(*max((event.created_at, event.id) for event in page))


async def recorded_runs(session: AsyncSession, rule_id: UUID, events: Sequence[PastEvent]) -> RecordedRuns:
    """What the rule's runs on these events recorded."""
    found = await session.execute(_RECORDED, {"rule": rule_id, "events": [event.id for event in events]})
    return RecordedRuns(*found.one())
