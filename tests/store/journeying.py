"""Journeys as rows, for tests of what is done with them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.journeys.definition import JourneyDefinition
from store.database import Database
from store.journeys import create_journey, lock_journey
from store.tables import Journey

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

BLOCKS: tuple[dict[str, Any], ...] = (
    {
        "id": "b0000000000000000000000a",
        "type": "delay",
        "delay": {"mode": "duration", "duration": {"amount": 3, "units": "d"}},
    },
    {
        "id": "b0000000000000000000000b",
        "type": "action",
        "action": {"type": "addTag", "addTag": {"value": "vip"}},
    },
)


def definition(*blocks: dict[str, Any], event: str = "placed order", **parts: Any) -> JourneyDefinition:
    """A journey of these blocks, or else of a delay and a tag."""
    return JourneyDefinition.model_validate(
        {"trigger": {"condition": {"event": event}}, "blocks": blocks or BLOCKS, **parts}
    )


async def add_journey(
    database: Database,
    program_id: UUID,
    wanted: JourneyDefinition | None = None,
    *,
    name: str = "Welcome",
    at: datetime = NOON,
) -> str:
    """The id of a new journey, disabled."""
    async with database.transaction() as session:
        return create_journey(session, program_id, name, wanted or definition(), at).id


async def read_journey(database: Database, program_id: UUID, journey_id: str) -> Journey:
    async with database.transaction() as session:
        journey = await lock_journey(session, program_id, journey_id)
    assert journey is not None
    return journey
