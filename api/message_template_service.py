"""What the routes of message templates do: check every text before it is stored, and keep each version."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import WritableProgram
from api.dependencies import SessionDep
from api.errors import ErrorDetails, Refusal, invalid, invalid_fields, not_found
from api.rule_drafts import fault_of
from api.schemas.message_template import CreateMessageTemplate, PatchMessageTemplate
from domain.actions import Channel
from domain.definition_rules import DefinitionError
from domain.message_content import MessageContents
from domain.message_template_rules import content_faults
from domain.template_work import bounded_work
from store.message_templates import (
    contents_of_row,
    keep_version,
    lock_template,
    stored_contents,
    template_name_is_taken,
)
from store.programs import lock_program
from store.tables import MessageTemplate, Program
from store.template_users import users_of_template

NOT_NULL = ("name", "default_locale", "contents")


class MessageTemplateService:
    """One per request, about the message templates of one program."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program

    async def create(self, request: CreateMessageTemplate) -> MessageTemplate:
        contents = MessageContents(default_locale=request.default_locale, contents=request.contents)
        await refuse_faults(request.channel, contents)
        await lock_program(self._session, self._program.id)
        await self._refuse_taken(request.name)
        now = datetime.now(UTC)
        template = MessageTemplate(
            program_id=self._program.id,
            name=request.name,
            description=request.description,
            channel=request.channel.value,
            default_locale=contents.default_locale,
            contents=stored_contents(contents),
            created_at=now,
            updated_at=now,
        )
        self._session.add(template)
        await self._session.flush()
        keep_version(self._session, template, now)
        return template

    async def amend(self, template_id: UUID, request: PatchMessageTemplate) -> MessageTemplate:
        """A change of what it says makes a new version; runs that have begun keep theirs."""
        sent: dict[str, Any] = {name: getattr(request, name) for name in request.model_fields_set}
        for name in NOT_NULL:
            if name in sent and sent[name] is None:
                raise invalid(name, "cannot be null", "a value, or leave it out")
        # In the order of `create`.
        await lock_program(self._session, self._program.id)
        template = await self._lock(template_id)
        if request.name is not None:
            await self._refuse_taken(request.name, besides=template.id)
            template.name = request.name
        if "description" in sent:
            template.description = request.description
        now = datetime.now(UTC)
        before = contents_of_row(template)
        contents = MessageContents(
            default_locale=sent.get("default_locale", before.default_locale),
            contents=sent.get("contents", before.contents),
        )
        if contents != before:
            await refuse_faults(Channel(template.channel), contents)
            template.default_locale = contents.default_locale
            template.contents = stored_contents(contents)
            template.version += 1
            keep_version(self._session, template, now)
        template.updated_at = now
        return template

    async def remove(self, template_id: UUID) -> None:
        template = await self._lock(template_id)
        users = await users_of_template(self._session, self._program.id, template.id)
        if users:
            details = ErrorDetails(field="template_id", reason=f"used by {', '.join(users)}")
            raise Refusal(409, "The message template is in use", details)
        template.archived_at = datetime.now(UTC)

    async def _lock(self, template_id: UUID) -> MessageTemplate:
        template = await lock_template(self._session, self._program.id, template_id)
        if template is None:
            raise not_found("Message template")
        return template

    async def _refuse_taken(self, name: str, besides: UUID | None = None) -> None:
        if await template_name_is_taken(self._session, self._program.id, name, besides):
            details = ErrorDetails(field="name", reason="taken", expected="unique in the program")
            raise Refusal(409, "A message template with this name exists in the program", details)


async def refuse_faults(channel: Channel, contents: MessageContents) -> None:
    """Raises a Refusal that lists everything that is wrong with contents. Trying them takes a while."""

    def tried() -> list[DefinitionError]:
        with bounded_work():
            return list(content_faults(channel, contents))

    faults = await asyncio.to_thread(tried)
    if faults:
        raise invalid_fields([fault_of(fault) for fault in faults])


async def _service(session: SessionDep, program: WritableProgram) -> MessageTemplateService:
    return MessageTemplateService(session, program)


MessageTemplateServiceDep = Annotated[MessageTemplateService, Depends(_service, scope="function")]
