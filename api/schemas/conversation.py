from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import Label
from domain.conversation import ConversationPriority, ConversationStatus
from domain.json_limits import MAX_ITEMS
from domain.storable_text import storable

CONVERSATION: dict[str, Any] = {
    "external_id": "ticket-7731",
    "contact_external_id": "customer-1042",
    "channel_source": "whatsapp",
    "priority": "high",
    "labels": ["refund"],
}


def _each_once(labels: list[str]) -> list[str]:
    return list(dict.fromkeys(labels))


Labels = Annotated[list[Label], Field(max_length=MAX_ITEMS), AfterValidator(_each_once)]


class ConversationFields(BaseModel):
    """Every field that may change. Of `contact_id` and `contact_external_id` at most one; a participant of the program."""

    model_config = ConfigDict(extra="forbid")

    contact_id: UUID | None = None
    contact_external_id: Label | None = None
    channel_source: Label | None = None
    status: ConversationStatus | None = None
    assignee: Label | None = None
    priority: ConversationPriority | None = None
    labels: Labels | None = None


class CreateConversation(ConversationFields):
    """`external_id`: the client's own id of it, unique in the program. Without a `status` it is open."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CONVERSATION]})

    external_id: Label | None = None


class PatchConversation(ConversationFields):
    """What is absent is left as it is."""


class ConversationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    external_id: str | None
    contact_id: UUID | None
    channel_source: str | None
    status: ConversationStatus
    assignee: str | None
    priority: ConversationPriority | None
    labels: list[str]
    created_at: datetime
    updated_at: datetime


class CreateNote(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"body": "Asked for the receipt."}]}
    )

    body: Annotated[str, StringConstraints(min_length=1, max_length=8_192), AfterValidator(storable)]


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    conversation_id: UUID
    body: str
    author: str = Field(description="The name of an API key, or `rule:<id>`")
    created_at: datetime
