from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from domain.participant import ParticipantStatus
from store.tables.columns import JsonObject, created_instant, document, instant, reference, text_field

# Few are in another status. In these words, for the index below to serve a prepared statement too.
NOT_ACTIVE = text("status <> 'ACTIVE'")
HAS_PHONE = text("phone IS NOT NULL")
HAS_EMAIL = text("email IS NOT NULL")
DIGITS_OF_PHONE = r"COALESCE(phone_dialled, regexp_replace(phone, '\D', '', 'g'))"

# A function of the record's own. As MM-DD, of a date however it is written; NUMBER where it is one, of seconds. What
# is no date has none.
BIRTHDAY = "birthday_of(attributes)"
NUMBER = "number"


class Participant(SQLModel, table=True):
    """A person in a program. `external_id` is the client's own id, unique within the program.

    `phone_dialled`: the digits that `phone` is dialled with, where they are not just those it is written with
    (`domain/phone_digits.py`). Whoever writes the one writes the other.
    """

    __table_args__ = (
        UniqueConstraint("program_id", "external_id"),
        Index("participant_program_page", "program_id", "created_at", "id"),
        # Numbers are written in many ways; whoever replies is known by the digits.
        Index("participant_phone", "program_id", text(f"({DIGITS_OF_PHONE})"), postgresql_where=HAS_PHONE),
        Index("participant_email", "program_id", text("lower(email)"), postgresql_where=HAS_EMAIL),
        Index("participant_tags", "tags", postgresql_using="gin"),
        Index("participant_program_walk", "program_id", "id"),
        Index(
            "participant_page_not_active",
            "program_id",
            "status",
            "created_at",
            "id",
            postgresql_where=NOT_ACTIVE,
        ),
        Index(
            "participant_birthday",
            "program_id",
            text(BIRTHDAY),
            "id",
            postgresql_where=text(f"{BIRTHDAY} IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID = reference("program.id")
    external_id: str = text_field()
    email: str | None = text_field(nullable=True)
    phone: str | None = text_field(nullable=True)
    phone_dialled: str | None = text_field(nullable=True)
    first_name: str | None = text_field(nullable=True)
    last_name: str | None = text_field(nullable=True)
    display_name: str | None = text_field(nullable=True)
    locale: str | None = text_field(nullable=True)
    timezone: str | None = text_field(nullable=True)
    attributes: JsonObject = document()
    counters: JsonObject = document()
    tags: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )
    tiers: JsonObject = document()
    consent: JsonObject = document()
    status: str = text_field(
        default=ParticipantStatus.ACTIVE.value, sa_column_kwargs={"server_default": "ACTIVE"}
    )
    last_contacted_at: datetime | None = instant()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()
