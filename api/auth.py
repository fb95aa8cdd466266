"""Who is calling, and whether their key may do this."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dependencies import DatabaseDep
from api.errors import Refusal, invalid, not_found
from api.rate_limiting import LIMITED_PATHS, RateLimiter
from domain.roles import Role, ScopeName
from domain.storable_text import is_storable
from store.api_keys import find_key
from store.database import Database
from store.programs import get_program
from store.tables import ApiKey, Program

_in_own_header = APIKeyHeader(
    scheme_name="ApiKey", name="X-API-Key", auto_error=False, description="An API key: `sk_...`"
)
_as_bearer = HTTPBearer(
    scheme_name="Bearer", auto_error=False, description="The same key, unless `X-API-Key` is there too"
)


async def authenticate(request: Request) -> ApiKey:
    """The key that a request comes with; asked again, the same one. Raises a Refusal without a valid key.

    Only requests with a valid key count against the rate limit, so that strangers cannot use it up.
    """
    known: ApiKey | None = getattr(request.state, "caller", None)
    if known is not None:
        return known
    secret = _secret(request)
    key = None
    if secret and is_storable(secret):
        database: Database = request.app.state.database
        async with database.transaction() as session:
            key = await find_key(session, secret)
    if key is None:
        raise Refusal(401, "A valid API key is required", headers={"WWW-Authenticate": "Bearer"})
    limiter: RateLimiter = request.app.state.rate_limiter
    limiter.count_request()
    request.state.caller = key
    return key


def _secret(request: Request) -> str | None:
    header = request.headers.get("X-API-Key")
    if header is not None:
        return header
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


class Authentication:
    """ASGI middleware: strangers learn nothing, not even whether their request was well formed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(LIMITED_PATHS):
            await authenticate(Request(scope))
        await self._app(scope, receive, send)


# The schemes are asked for by the OpenAPI document alone.
async def _authenticate(
    request: Request,
    _key: Annotated[str | None, Depends(_in_own_header)],
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_as_bearer)],
) -> ApiKey:
    return await authenticate(request)


Caller = Annotated[ApiKey, Depends(_authenticate)]


def _require(scope: ScopeName, key: ApiKey) -> ApiKey:
    if scope.value not in key.scopes:
        raise Refusal(403, f"This key lacks the scope {scope.value}")
    return key


def _reader(key: Caller) -> ApiKey:
    return _require(ScopeName.AUTOMATIONS_READ, key)


def _writer(key: Caller) -> ApiKey:
    return _require(ScopeName.AUTOMATIONS_WRITE, key)


def _admin(key: Caller) -> ApiKey:
    if key.role != Role.ADMIN.value:
        raise Refusal(403, "Only an admin's key may do this")
    return key


Reader = Annotated[ApiKey, Depends(_reader)]
Writer = Annotated[ApiKey, Depends(_writer)]
Admin = Annotated[ApiKey, Depends(_admin)]


def ensure_program_allowed(key: ApiKey, program_id: UUID) -> None:
    if key.program_id is not None and key.program_id != program_id:
        raise Refusal(403, "This key is bound to another program")


async def program_named(session: AsyncSession, key: ApiKey, named: UUID | None) -> Program:
    """The program that a request names beside its path; without a name, the one that the key is bound to."""
    program_id = named or key.program_id
    if program_id is None:
        raise invalid("program_id", "required", "present, as the key is not bound to a program")
    ensure_program_allowed(key, program_id)
    program = await get_program(session, program_id)
    if program is None:
        raise not_found("Program")
    return program


ProgramId = Annotated[UUID, Path(description="Program ID")]


async def _program(database: DatabaseDep, key: ApiKey, program_id: UUID) -> Program:
    ensure_program_allowed(key, program_id)
    async with database.transaction() as session:
        program = await get_program(session, program_id)
    if program is None:
        raise not_found("Program")
    return program


async def _readable_program(database: DatabaseDep, key: Reader, program_id: ProgramId) -> Program:
    return await _program(database, key, program_id)


async def _writable_program(database: DatabaseDep, key: Writer, program_id: ProgramId) -> Program:
    return await _program(database, key, program_id)


ReadableProgram = Annotated[Program, Depends(_readable_program)]
WritableProgram = Annotated[Program, Depends(_writable_program)]
