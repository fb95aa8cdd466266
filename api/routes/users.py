from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.auth import Admin
from api.dependencies import PageDep, SessionDep
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.user import CreateUser, PatchUser, UserOut
from api.user_service import UserService
from store.users import list_users

router = APIRouter(prefix="/v1/users", tags=["users"])


async def _service(session: SessionDep, admin: Admin) -> UserService:
    return UserService(session, admin)


Service = Annotated[UserService, Depends(_service)]


@router.post("", status_code=201)
async def create(service: Service, body: CreateUser) -> UserOut:
    """Add a person who may log in. 409 when another has the address."""
    return UserOut.model_validate(await service.create(body))


@router.get("")
async def list_(session: SessionDep, admin: Admin, page: PageDep) -> Listing[UserOut]:
    """Users, newest first, disabled ones too. A bound admin sees those of their program."""
    found = await valid_page(list_users(session, admin.program_id, page))
    return listing([UserOut.model_validate(user) for user in found.rows], found.next_cursor)


@router.get("/{user_id}")
async def get(service: Service, user_id: UUID) -> UserOut:
    """One user."""
    return UserOut.model_validate(await service.get(user_id))


@router.patch("/{user_id}")
async def patch(service: Service, user_id: UUID, body: PatchUser) -> UserOut:
    """Change only the fields sent. A new password and `disabled` end the user's sessions. 409 for who would
    disable, demote or bind themselves, or change their own password here: that is done at `POST /auth/password`."""
    return UserOut.model_validate(await service.change(user_id, body))


@router.delete("/{user_id}", status_code=204)
async def delete(service: Service, user_id: UUID) -> Response:
    """Remove the user and their sessions. What they did keeps their name. 409 for oneself."""
    await service.delete(user_id)
    return Response(status_code=204)
