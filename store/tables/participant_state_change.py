from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity
from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, document, text_field


class ParticipantStateChange(SQLModel, table=True):
    """What one statement changed in a participant's state. Triggers on `participant` write it, nobody else.

    `old_state` and `new_state` hold only what differs, by state type and key: `{"COUNTER": {"points": 3}}`. A tag
    is a key whose value is true. It goes with its participant.
    """

    __tablename__ = "participant_state_change"

    participant_id: UUID = Field(primary_key=True)
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    program_id: UUID
    old_state: JsonObject = document()
    new_state: JsonObject = document()
    source: str = text_field()
    changed_at: datetime = created_instant()
