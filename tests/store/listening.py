"""Rules that do nothing but listen, so that events are made for them."""

from uuid import UUID

from store.database import Database
from store.tables import AutomationRule


async def listen_to(database: Database, program_id: UUID | str, *types: str, is_active: bool = True) -> None:
    """A rule of the program for each of these types of event."""
    async with database.transaction() as session:
        session.add_all(
            AutomationRule(
                program_id=UUID(str(program_id)),
                name=f"on {type_}",
                trigger_type=type_,
                is_active=is_active,
                created_by="test",
                updated_by="test",
            )
            for type_ in types
        )
