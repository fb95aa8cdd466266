"""What somebody would be sent: a message template rendered, and nothing comes of it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from api.documents import refuse_beyond_limits
from api.errors import not_found
from api.message_template_service import refuse_faults
from api.participant_service import participant_named
from api.schemas.message_template import MessagePreview, PreviewMessageTemplate, PreviewProblem
from domain.actions import Channel
from domain.message_content import (
    SAYS_NOTHING,
    MessageContents,
    gaps_of,
    render_content,
    says_nothing,
)
from domain.template_work import bounded_work
from domain.templates import TemplateError
from store.message_templates import contents_of_row, get_template, get_version
from store.participant_values import template_values
from store.tables import Program

EMPTY = "comes out empty"


@dataclass(frozen=True, slots=True)
class _Previewed:
    channel: Channel
    contents: MessageContents
    version: int | None


async def preview(session: AsyncSession, program: Program, request: PreviewMessageTemplate) -> MessagePreview:
    """Raises a Refusal for a template or a person that is none, and for contents that could not be stored."""
    refuse_beyond_limits(values=request.values.model_dump())
    previewed = await _previewed(session, program, request)
    person = await participant_named(session, program.id, request.participant_id, request.external_id)
    known = {} if person is None else template_values(person.model_dump())
    values = request.values.model_dump()
    values["participant"] = {**known, **values["participant"]}
    wanted = request.locale or values["participant"].get("locale")
    locale = previewed.contents.locale_for(wanted if isinstance(wanted, str) else None)
    return await asyncio.to_thread(_rendered, previewed, locale, values)


async def _previewed(session: AsyncSession, program: Program, request: PreviewMessageTemplate) -> _Previewed:
    if request.template_id is None:
        assert request.channel is not None and request.contents is not None
        default = request.default_locale or next(iter(request.contents))
        contents = MessageContents(default_locale=default, contents=request.contents)
        await refuse_faults(request.channel, contents)
        return _Previewed(request.channel, contents, None)
    template = await get_template(session, program.id, request.template_id)
    if template is None:
        raise not_found("Message template")
    said = await get_version(session, template.id, request.version or template.version)
    if said is None:
        raise not_found("Version of the message template")
    return _Previewed(Channel(template.channel), contents_of_row(said), said.version)


def _rendered(previewed: _Previewed, locale: str, values: dict[str, Any]) -> MessagePreview:
    content, version = previewed.contents.contents[locale], previewed.version
    try:
        with bounded_work():
            message = render_content(content, values)
            gaps = list(gaps_of(content, values))
    except TemplateError as error:
        problem = PreviewProblem(field="contents", reason=str(error))
        return MessagePreview(
            locale=locale, version=version, subject=None, text=None, html=None, options={}, problems=[problem]
        )
    problems = [
        PreviewProblem(field=field, reason=EMPTY, expression=gap.expression, line=gap.line)
        for field, gap in gaps
    ]
    if says_nothing(previewed.channel, message):
        problems.append(PreviewProblem(field="contents", reason=SAYS_NOTHING))
    return MessagePreview(
        locale=locale,
        version=version,
        subject=message.subject,
        text=message.body,
        html=message.options.html,
        options=message.options.model_dump(mode="json", exclude_defaults=True, exclude={"html"}),
        problems=problems,
    )
