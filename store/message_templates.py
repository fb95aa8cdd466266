"""Reading and writing message templates. Who uses them: store/template_users.py."""

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.canonical_json import canonical_json
from domain.message_content import MessageContents, MessageTemplate
from store.paging import Page, PageRequest, page_newest_first
from store.tables import MessageTemplate as Stored
from store.tables import MessageTemplateVersion
from store.tables.message_template import NOT_ARCHIVED

KEPT = 1_024
VERSIONS_LISTED = 100


async def get_template(session: AsyncSession, program_id: UUID, template_id: UUID) -> Stored | None:
    """The template, unless it is archived."""
    return _present(await session.get(Stored, template_id), program_id)


async def lock_template(session: AsyncSession, program_id: UUID, template_id: UUID) -> Stored | None:
    found = await session.get(Stored, template_id, with_for_update=True, populate_existing=True)
    return _present(found, program_id)


def _present(template: Stored | None, program_id: UUID) -> Stored | None:
    if template is None or template.program_id != program_id or template.archived_at is not None:
        return None
    return template


async def list_templates(
    session: AsyncSession, program_id: UUID, channel: Channel | None, request: PageRequest
) -> Page[Stored]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(Stored).where(col(Stored.program_id) == program_id, NOT_ARCHIVED)
    if channel is not None:
        statement = statement.where(col(Stored.channel) == channel.value)
    return await page_newest_first(session, statement, Stored.created_at, Stored.id, request)


async def template_name_is_taken(
    session: AsyncSession, program_id: UUID, name: str, besides: UUID | None = None
) -> bool:
    statement = select(Stored.id).where(
        col(Stored.program_id) == program_id, col(Stored.name) == name, NOT_ARCHIVED
    )
    if besides is not None:
        statement = statement.where(col(Stored.id) != besides)
    return (await session.exec(statement)).first() is not None


def keep_version(session: AsyncSession, template: Stored, now: datetime) -> None:
    """Write down what the template says in its version of now."""
    session.add(
        MessageTemplateVersion(
            template_id=template.id,
            version=template.version,
            default_locale=template.default_locale,
            contents=template.contents,
            created_at=now,
        )
    )


async def list_versions(session: AsyncSession, template_id: UUID) -> list[MessageTemplateVersion]:
    """The newest ones, in that order."""
    statement = (
        select(MessageTemplateVersion)
        .where(col(MessageTemplateVersion.template_id) == template_id)
        .order_by(desc(col(MessageTemplateVersion.version)))
        .limit(VERSIONS_LISTED)
    )
    return list((await session.exec(statement)).all())


async def get_version(
    session: AsyncSession, template_id: UUID, version: int
) -> MessageTemplateVersion | None:
    return await session.get(MessageTemplateVersion, (template_id, version))


async def channels_of_templates(
    session: AsyncSession, program_id: UUID, template_ids: Collection[UUID]
) -> dict[UUID, Channel]:
    """Those of `template_ids` that are the program's and not archived, each with its channel."""
    if not template_ids:
        return {}
    statement = select(Stored.id, Stored.channel).where(
        col(Stored.program_id) == program_id, col(Stored.id).in_(template_ids), NOT_ARCHIVED
    )
    return {id_: Channel(channel) for id_, channel in await session.exec(statement)}


async def current_templates(
    session: AsyncSession, template_ids: Collection[UUID]
) -> dict[UUID, MessageTemplate]:
    """What is to be sent now of these templates, also of archived ones: whatever uses them goes on."""
    if not template_ids:
        return {}
    found = await session.exec(select(Stored).where(col(Stored.id).in_(template_ids)))
    return {one.id: _template(one.id, one.version, one) for one in found}


async def template_in_version(session: AsyncSession, template_id: UUID, version: int) -> MessageTemplate:
    stored = await session.get_one(Stored, template_id)
    said = await session.get_one(MessageTemplateVersion, (template_id, version))
    return MessageTemplate(template_id, version, Channel(stored.channel), contents_of_row(said))


def _template(template_id: UUID, version: int, stored: Stored) -> MessageTemplate:
    return MessageTemplate(template_id, version, Channel(stored.channel), contents_of_row(stored))


def contents_of_row(row: Stored | MessageTemplateVersion) -> MessageContents:
    return _contents(canonical_json({"default_locale": row.default_locale, "contents": row.contents}))


@lru_cache(maxsize=KEPT)
def _contents(document: str) -> MessageContents:
    return MessageContents.model_validate_json(document)


def stored_contents(contents: MessageContents) -> dict[str, Any]:
    """As the column `contents` holds them."""
    return {
        locale: content.model_dump(mode="json", exclude_defaults=True)
        for locale, content in contents.contents.items()
    }
