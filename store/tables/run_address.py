from uuid import UUID

from sqlmodel import Field, SQLModel

from store.tables.columns import text_field


class RunAddress(SQLModel, table=True):
    """Who of those with one address a run writes to, while it is open; the address as `erased_form` has it."""

    __tablename__ = "run_address"

    run_id: UUID = Field(foreign_key="automation_run.id", primary_key=True, ondelete="CASCADE")
    address: str = text_field(primary_key=True)
    participant_id: UUID
