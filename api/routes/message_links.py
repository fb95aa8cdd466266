"""Where the links in messages lead. Whoever has a message may follow them: their tokens are signed."""

import logging
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, SessionDep
from api.errors import not_found
from api.fetching_ahead import fetches_ahead
from api.unsubscribe_page import done_page, no_such_link_page, question_page
from domain.actions import Channel
from domain.message_links import (
    CLICK_PATH,
    OPEN_PATH,
    SHORT_PATH,
    UNSUBSCRIBE_PATH,
    InvalidLinkError,
    MessageLinks,
)
from domain.message_news import MessageNews, NewsKind
from domain.storable_text import is_storable
from runtime.settings import Settings
from store.database import Database
from store.message_following import follow_message
from store.programs import get_program
from store.short_links import find_short_link
from store.tables import Message

# Pages and pictures for people, which clients of the API have no use for.
router = APIRouter(include_in_schema=False)

BY_LINK = "link"
NEVER_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_log = logging.getLogger("carillon.api")


async def _links(request: Request) -> MessageLinks | None:
    settings: Settings = request.app.state.settings
    return settings.message_links


Links = Annotated[MessageLinks | None, Depends(_links)]


async def _sent(session: SessionDep, links: Links, token: str) -> Message | None:
    """The message that the link is of; None where nobody signed it."""
    try:
        return await session.get(Message, _known(links).unsubscribed_message(token))
    except InvalidLinkError:
        return None


Sent = Annotated[Message | None, Depends(_sent, scope="function")]


@router.api_route(UNSUBSCRIBE_PATH + "/{token}", methods=["GET", "HEAD"])
async def ask(session: SessionDep, message: Sent) -> HTMLResponse:
    """A page with one button. Looking at it changes nothing, so scanners of links unsubscribe nobody."""
    return await _page(session, message, question_page)


@router.post(UNSUBSCRIBE_PATH + "/{token}")
async def unsubscribe(session: SessionDep, message: Sent) -> HTMLResponse:
    """One click (RFC 8058): from the page, or from a mail program that saw the header. Again, it changes nothing."""
    if message is not None:
        news = MessageNews(NewsKind.UNSUBSCRIBED, datetime.now(UTC))
        await follow_message(session, message.id, news, BY_LINK)
    return await _page(session, message, done_page)


@router.api_route(CLICK_PATH + "/{token}", methods=["GET", "HEAD"])
async def click(request: Request, database: DatabaseDep, links: Links, token: str) -> Response:
    """To where the link leads, which is in the signed token and nowhere else."""
    try:
        message_id, target = _known(links).clicked_link(token)
    except InvalidLinkError:
        raise not_found("Link") from None
    if not fetches_ahead(request):
        news = MessageNews(NewsKind.CLICKED, datetime.now(UTC), url=target)
        await _note(database, message_id, news)
    return RedirectResponse(target, 302, NEVER_KEPT)


@router.api_route(SHORT_PATH + "/{code}", methods=["GET", "HEAD"])
async def follow(request: Request, session: SessionDep, database: DatabaseDep, code: str) -> Response:
    """To where a short link of a text message leads."""
    link = await find_short_link(session, code) if is_storable(code) else None
    if link is None:
        raise not_found("Link")
    if not fetches_ahead(request):
        news = MessageNews(NewsKind.CLICKED, datetime.now(UTC), url=link.url)
        await _note(database, link.message_id, news)
    return RedirectResponse(link.url, 302, NEVER_KEPT)


@router.api_route(OPEN_PATH + "/{token}.gif", methods=["GET", "HEAD"])
async def opened(request: Request, database: DatabaseDep, links: Links, token: str) -> Response:
    """A pixel that nobody sees."""
    try:
        message_id = _known(links).opened_message(token)
    except InvalidLinkError:
        raise not_found("Picture") from None
    if not fetches_ahead(request):
        await _note(database, message_id, MessageNews(NewsKind.OPENED, datetime.now(UTC)))
    return Response(_GIF, media_type="image/gif", headers=NEVER_KEPT)


async def _page(
    session: AsyncSession, message: Message | None, page: Callable[[str, Channel], HTMLResponse]
) -> HTMLResponse:
    program = None if message is None else await get_program(session, message.program_id)
    if message is None or program is None:
        return no_such_link_page()
    return page(program.name, Channel(message.channel))


def _known(links: MessageLinks | None) -> MessageLinks:
    if links is None:
        raise InvalidLinkError
    return links


async def _note(database: Database, message_id: UUID, news: MessageNews) -> None:
    """Whoever follows a link gets there, also while the database is away."""
    try:
        async with database.transaction() as session:
            await follow_message(session, message_id, news, BY_LINK)
    except (SQLAlchemyError, psycopg.Error) as error:
        _log.warning("a followed link was not noted: %s", type(error).__name__)
