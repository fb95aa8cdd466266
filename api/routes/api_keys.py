from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.auth import Admin, ensure_program_allowed, still_admin
from api.dependencies import PageDep, SessionDep
from api.errors import Refusal, invalid, not_found
from api.paging import valid_page
from api.schemas.api_key import ApiKeyCreated, ApiKeyOut, CreateApiKey
from api.schemas.paging import Listing, listing
from store.api_keys import LastAdminError, list_keys, new_key, revoke_key, store_key
from store.programs import get_program

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"])


@router.post("", status_code=201)
async def create(request: Request, session: SessionDep, admin: Admin, body: CreateApiKey) -> ApiKeyCreated:
    """Create a key. The answer holds its secret, which is kept only as a hash and never shown again:
    repeated with the same Idempotency-Key, `key` is null."""
    request.state.shown_once = ("key",)
    program_id = body.program_id or admin.program_id
    if program_id is not None:
        ensure_program_allowed(admin, program_id)
        if await get_program(session, program_id) is None:
            raise invalid("program_id", "no such program", received=str(program_id))
    made = new_key(body.name, body.role, program_id)
    await store_key(session, made)
    return ApiKeyCreated(**made.record.model_dump(exclude={"key_hash"}), key=made.secret)


@router.get("")
async def list_(session: SessionDep, admin: Admin, page: PageDep) -> Listing[ApiKeyOut]:
    """Keys, newest first, revoked ones too, without their secrets. A bound key sees those of its program."""
    found = await valid_page(list_keys(session, admin.program_id, page))
    return listing([ApiKeyOut.model_validate(key) for key in found.rows], found.next_cursor)


@router.delete("/{api_key_id}", status_code=204)
async def revoke(session: SessionDep, admin: Admin, api_key_id: UUID) -> Response:
    """Revoke: the key is refused from now on. 409 for the last admin's key, or nobody could make another."""
    acting = await still_admin(session, admin)
    try:
        key = await revoke_key(session, api_key_id, acting.program_id)
    except LastAdminError:
        raise Refusal(409, "This is the last admin's key; create another one first") from None
    if key is None:
        raise not_found("API key")
    return Response(status_code=204)
