from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from api.schemas.text import LongText, ShownName
from domain.actions import Channel
from domain.locales import Locale
from domain.message_content import Content, Contents

EXAMPLE: JsonDict = {
    "name": "Welcome",
    "channel": "email",
    "default_locale": "en",
    "contents": {
        "en": {
            "subject": "Welcome, {{ participant.first_name | default: 'friend' }}",
            "html": "<p>Hello {{ participant.first_name | default: 'friend' }}, good to have you.</p>",
        },
        "es": {
            "subject": "Hola, {{ participant.first_name }}",
            "body": "Nos alegra tenerte con nosotros.",
        },
    },
}


class CreateMessageTemplate(BaseModel):
    """`contents`: by language. Everybody else is told what is said in the default one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    name: ShownName
    description: LongText | None = None
    channel: Channel
    default_locale: Locale = "en"
    contents: Contents


class PatchMessageTemplate(BaseModel):
    """Only the fields sent change; `contents` takes the place of all that was said before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Welcome back"}]})

    name: ShownName | None = None
    description: LongText | None = None
    default_locale: Locale | None = None
    contents: Contents | None = None


class MessageTemplateOut(BaseModel):
    """A message template as it is now. A change of what it says makes a new version."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    program_id: UUID
    name: str
    description: str | None
    channel: Channel
    default_locale: str
    contents: dict[str, Content]
    version: int
    created_at: datetime
    updated_at: datetime


class MessageTemplateVersionOut(BaseModel):
    """What a template says, or said, in one version of it."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    default_locale: str
    contents: dict[str, Content]
    created_at: datetime


class SampleValues(BaseModel):
    """What a template sees in a preview, beside the participant. Which of them there are when it is sent depends on
    what sends it."""

    model_config = ConfigDict(extra="forbid")

    participant: dict[str, Any] = Field(default={}, description="Over what is known of the participant given")
    payload: dict[str, Any] = {}
    event: dict[str, Any] = {}
    conversation: dict[str, Any] = {}
    journey: dict[str, Any] = {}


class PreviewMessageTemplate(BaseModel):
    """A stored template by its id, or one that is not stored by its channel and contents."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "contents": {"en": {"subject": "Hi {{ participant.first_name }}", "body": "Welcome."}},
                    "values": {"participant": {"first_name": "Ana"}},
                }
            ]
        },
    )

    template_id: UUID | None = None
    version: Annotated[int, Field(strict=True, ge=1, le=2_147_483_647)] | None = Field(
        default=None, description="Of the stored template; the newest when left out"
    )
    channel: Channel | None = None
    default_locale: Locale | None = None
    contents: Contents | None = None
    participant_id: UUID | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    locale: Locale | None = Field(default=None, description="Instead of the participant's")
    values: SampleValues = SampleValues()

    @model_validator(mode="after")
    def _one_template(self) -> Self:
        of_unsaved = self.model_fields_set & {"channel", "default_locale", "contents"}
        if self.template_id is not None and of_unsaved:
            raise PydanticCustomError("two_templates", "a stored template, or one that is not stored")
        if self.template_id is None and (self.channel is None or self.contents is None):
            raise PydanticCustomError("no_template", "template_id, or channel and contents, is required")
        return self


class PreviewProblem(BaseModel):
    """A place where the message came out other than it was probably meant."""

    field: str = Field(examples=["subject"])
    reason: str = Field(examples=["comes out empty"])
    expression: str | None = Field(default=None, examples=["participant.first_name"])
    line: int | None = None


class MessagePreview(BaseModel):
    """What somebody would be sent. Without a subject and text the template cannot be rendered; see `problems`."""

    locale: str = Field(description="The language that was chosen")
    version: int | None = Field(description="Of the stored template")
    subject: str | None
    text: str | None
    html: str | None
    options: dict[str, Any] = Field(description="What else the channel is given, such as click_url")
    problems: list[PreviewProblem]
