"""Who is calling, with a key or in a session, and whether they may do this."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.types import ASGIApp, Receive, Scope, Send

from api.cross_site import refuse_cross_site
from api.dependencies import DatabaseDep
from api.errors import Refusal, invalid, not_found
from api.plain_errors import CRON_PATHS
from api.rate_limiting import LIMITED_PATHS, RateLimiter
from api.session_cookie import COOKIE, session_token
from domain.identity import Identity
from domain.roles import Role, ScopeName
from domain.storable_text import is_storable
from store.acting_admins import lock_acting_admin
from store.api_keys import find_key, identity_of_key
from store.database import Database
from store.programs import get_program
from store.tables import Program
from store.user_sessions import LiveSession, find_session
from store.users import identity_of_user

# The second is Omnisend's.
KEY_SCHEMES = frozenset({"bearer", "omnisend-api-key"})

_in_own_header = APIKeyHeader(
    scheme_name="ApiKey", name="X-API-Key", auto_error=False, description="An API key: `sk_...`"
)
_as_bearer = HTTPBearer(
    scheme_name="Bearer", auto_error=False, description="The same key, unless `X-API-Key` is there too"
)
_as_omnisend_key = APIKeyHeader(
    scheme_name="OmnisendApiKey",
    name="Authorization",
    auto_error=False,
    description="The same key, as `Omnisend-API-Key sk_...`",
)
_in_cookie = APIKeyCookie(
    scheme_name="Session",
    name=COOKIE,
    auto_error=False,
    description="The session of a person, from `POST /auth/login`; it counts where no key is sent",
)


async def authenticate(request: Request) -> Identity:
    """Whose request this is; asked again, the same. Raises a Refusal without a valid key or session.

    Only requests of known callers count against the rate limit, so that strangers cannot use it up.
    """
    known: Identity | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    secret = _secret(request)
    caller = await _by_session(request) if secret is None else await _by_key(request, secret)
    if caller is None:
        raise _unknown_caller()
    limiter: RateLimiter = request.app.state.rate_limiter
    limiter.count_request()
    request.state.caller = caller
    return caller


def _unknown_caller() -> Refusal:
    message = "A valid API key or session is required"
    return Refusal(401, message, headers={"WWW-Authenticate": "Bearer"})


def _secret(request: Request) -> str | None:
    """The API key that the request comes with, valid or not."""
    header = request.headers.get("X-API-Key")
    if header is not None:
        return header
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() in KEY_SCHEMES else None


async def _by_key(request: Request, secret: str) -> Identity | None:
    if not secret or not is_storable(secret):
        return None
    database: Database = request.app.state.database
    async with database.transaction() as session:
        key = await find_key(session, secret)
    return None if key is None else identity_of_key(key)


async def _by_session(request: Request) -> Identity | None:
    token = session_token(request)
    if not token:
        return None
    database: Database = request.app.state.database
    async with database.transaction() as session:
        live = await find_session(session, token, request.app.state.session_life, datetime.now(UTC))
    if live is None:
        return None
    await refuse_cross_site(request)
    request.state.session = live
    return identity_of_user(live.user)


def live_session(request: Request) -> LiveSession | None:
    """The session in which an authenticated request was made; None with a key."""
    return getattr(request.state, "session", None)


class Authentication:
    """ASGI middleware: strangers learn nothing, not even whether their request was well formed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(LIMITED_PATHS) and not path.startswith(CRON_PATHS):
            await authenticate(Request(scope))
        await self._app(scope, receive, send)


# The schemes are asked for by the OpenAPI document alone.
async def _authenticate(
    request: Request,
    _key: Annotated[str | None, Depends(_in_own_header)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_as_bearer)],
    _omnisend: Annotated[str | None, Depends(_as_omnisend_key)],
    _session: Annotated[str | None, Depends(_in_cookie)],
) -> Identity:
    return await authenticate(request)


Caller = Annotated[Identity, Depends(_authenticate)]


def _require(scope: ScopeName, caller: Identity) -> Identity:
    if scope not in caller.scopes:
        raise Refusal(403, f"This takes the scope {scope.value}")
    return caller


async def _reader(caller: Caller) -> Identity:
    return _require(ScopeName.AUTOMATIONS_READ, caller)


async def _writer(caller: Caller) -> Identity:
    return _require(ScopeName.AUTOMATIONS_WRITE, caller)


def _require_admin(caller: Identity) -> Identity:
    if caller.role is not Role.ADMIN:
        raise Refusal(403, "Only an admin may do this")
    return caller


async def _admin(caller: Caller) -> Identity:
    return _require_admin(caller)


async def still_admin(session: AsyncSession, admin: Identity, users: Collection[UUID] = ()) -> Identity:
    """Who `admin` is once they, and the `users` whom they are about to change, are locked.

    Raises a Refusal as for anybody who comes now: 401 when they were removed meanwhile, 403 when demoted.
    """
    acting = await lock_acting_admin(session, admin, users)
    if acting is None:
        raise _unknown_caller()
    return _require_admin(acting)


Reader = Annotated[Identity, Depends(_reader)]
Writer = Annotated[Identity, Depends(_writer)]
Admin = Annotated[Identity, Depends(_admin)]


def ensure_program_allowed(caller: Identity, program_id: UUID) -> None:
    if caller.program_id is not None and caller.program_id != program_id:
        raise Refusal(403, "You are bound to another program")


async def program_named(session: AsyncSession, caller: Identity, named: UUID | None) -> Program:
    """The program that a request names beside its path; without a name, the one that the caller is bound to."""
    program_id = named or caller.program_id
    if program_id is None:
        raise invalid("program_id", "required", "present, as the caller is not bound to a program")
    ensure_program_allowed(caller, program_id)
    program = await get_program(session, program_id)
    if program is None:
        raise not_found("Program")
    return program


ProgramId = Annotated[UUID, Path(description="Program ID")]


async def _program(database: DatabaseDep, caller: Identity, program_id: UUID) -> Program:
    ensure_program_allowed(caller, program_id)
    async with database.transaction() as session:
        program = await get_program(session, program_id)
    if program is None:
        raise not_found("Program")
    return program


async def _readable_program(database: DatabaseDep, caller: Reader, program_id: ProgramId) -> Program:
    return await _program(database, caller, program_id)


async def _writable_program(database: DatabaseDep, caller: Writer, program_id: ProgramId) -> Program:
    return await _program(database, caller, program_id)


ReadableProgram = Annotated[Program, Depends(_readable_program)]
WritableProgram = Annotated[Program, Depends(_writable_program)]
