from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.message_preview import preview as preview_message
from api.message_template_service import MessageTemplateServiceDep
from api.paging import valid_page
from api.schemas.message_template import (
    CreateMessageTemplate,
    MessagePreview,
    MessageTemplateOut,
    MessageTemplateVersionOut,
    PatchMessageTemplate,
    PreviewMessageTemplate,
)
from api.schemas.paging import Listing, listing
from domain.actions import Channel
from store.message_templates import get_template, list_templates, list_versions
from store.tables import MessageTemplate

router = APIRouter(prefix="/v1/programs/{program_id}/message-templates", tags=["message templates"])


async def _readable(session: SessionDep, program: ReadableProgram, template_id: UUID) -> MessageTemplate:
    template = await get_template(session, program.id, template_id)
    if template is None:
        raise not_found("Message template")
    return template


Readable = Annotated[MessageTemplate, Depends(_readable, scope="function")]


@router.post("", status_code=201)
async def create(service: MessageTemplateServiceDep, body: CreateMessageTemplate) -> MessageTemplateOut:
    """Store a message template. Every text in it is Liquid, parsed and tried; 400 lists what is wrong, and where."""
    return MessageTemplateOut.model_validate(await service.create(body))


@router.get("")
async def list_(
    session: SessionDep,
    program: ReadableProgram,
    page: PageDep,
    channel: Annotated[Channel | None, Query(description="Only those for this channel")] = None,
) -> Listing[MessageTemplateOut]:
    """Message templates, newest first."""
    found = await valid_page(list_templates(session, program.id, channel, page))
    return listing([MessageTemplateOut.model_validate(row) for row in found.rows], found.next_cursor)


@router.post("/preview")
async def preview(
    session: SessionDep, program: WritableProgram, body: PreviewMessageTemplate
) -> MessagePreview:
    """What a participant, or somebody with the values given, would be sent. Nothing is stored or sent.

    `problems` tell where a value is missing, and what cannot be rendered.
    """
    return await preview_message(session, program, body)


@router.get("/{template_id}")
async def get(template: Readable) -> MessageTemplateOut:
    """One message template."""
    return MessageTemplateOut.model_validate(template)


@router.get("/{template_id}/versions")
async def versions(session: SessionDep, template: Readable) -> list[MessageTemplateVersionOut]:
    """What it says now and has said before: the newest hundred versions, newest first."""
    found = await list_versions(session, template.id)
    return [MessageTemplateVersionOut.model_validate(version) for version in found]


@router.patch("/{template_id}")
async def patch(
    service: MessageTemplateServiceDep, template_id: UUID, body: PatchMessageTemplate
) -> MessageTemplateOut:
    """Change only the fields sent. When it says something else it has a new version; a run that has begun goes on
    with the one it began with."""
    return MessageTemplateOut.model_validate(await service.amend(template_id, body))


@router.delete("/{template_id}", status_code=204)
async def delete(service: MessageTemplateServiceDep, template_id: UUID) -> Response:
    """Remove it; its name is free again. While an automation, a rule or a journey uses it, 409 names them."""
    await service.remove(template_id)
    return Response(status_code=204)
