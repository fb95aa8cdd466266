"""Short links of text messages: kept before their message leaves, and looked up when they are followed."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.message_links import ShortenedLink
from store.tables import ShortLink

_KEEP = text(
    "INSERT INTO short_link (code, message_id, url) "
    "SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:messages AS uuid[]), CAST(:urls AS text[])) "
    "ON CONFLICT DO NOTHING"
)


async def keep_short_links(session: AsyncSession, links: Sequence[ShortenedLink]) -> None:
    """Those that are kept already stay as they are: the same link of the same message has the same code."""
    await session.execute(
        _KEEP,
        {
            "codes": [link.code for link in links],
            "messages": [link.message_id for link in links],
            "urls": [link.url for link in links],
        },
    )


async def find_short_link(session: AsyncSession, code: str) -> ShortenedLink | None:
    found = await session.get(ShortLink, code)
    return None if found is None else ShortenedLink(found.code, found.message_id, found.url)
