from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api.auth import Caller, live_session
from api.cross_site import refuse_cross_site
from api.dependencies import DatabaseDep, SessionDep
from api.errors import Refusal, invalid
from api.login_service import LoginService
from api.schemas.session import ChangePassword, LogIn, WhoIAm
from api.session_cookie import clear_session_cookie, session_token, set_session_cookie
from domain.identity import Identity
from store.tables import User, UserSession
from store.user_sessions import LiveSession, end_session
from store.users import identity_of_user

router = APIRouter(prefix="/auth", tags=["sessions"])


async def _login_service(request: Request, database: DatabaseDep) -> LoginService:
    host = request.client.host if request.client is not None else ""
    return LoginService(database, request.app.state.password_slots, request.app.state.session_life, host)


async def _own_session(request: Request, _caller: Caller) -> LiveSession:
    live = live_session(request)
    if live is None:
        raise Refusal(403, "Only a person who has logged in has a password")
    return live


Logins = Annotated[LoginService, Depends(_login_service)]
OwnSession = Annotated[LiveSession, Depends(_own_session)]


def _show(caller: Identity, user: User | None = None, session: UserSession | None = None) -> WhoIAm:
    return WhoIAm(
        kind=caller.kind,
        id=caller.id,
        name=caller.name,
        email=user.email if user else None,
        role=caller.role,
        scopes=sorted(caller.scopes),
        program_id=caller.program_id,
        expires_at=session.expires_at if session else None,
    )


@router.post("/login", dependencies=[Depends(refuse_cross_site)])
async def log_in(request: Request, response: Response, logins: Logins, body: LogIn) -> WhoIAm:
    """Begin a session, whose token the cookie of the answer holds. 401 whatever is wrong; 429 after ten
    attempts at one account, or a hundred from one network address, within 15 minutes."""
    made = await logins.log_in(body.email, body.password)
    set_session_cookie(request, response, made.token, made.session.expires_at)
    return _show(identity_of_user(made.user), made.user, made.session)


@router.post("/logout", status_code=204, dependencies=[Depends(refuse_cross_site)])
async def log_out(request: Request, session: SessionDep) -> Response:
    """End the session of the cookie; without one, or with one that has ended, nothing is left to do."""
    token = session_token(request)
    if token:
        await end_session(session, token)
    response = Response(status_code=204)
    clear_session_cookie(request, response)
    return response


@router.get("/me")
async def me(request: Request, caller: Caller) -> WhoIAm:
    """Who is calling, and what they may do."""
    live = live_session(request)
    return _show(caller) if live is None else _show(caller, live.user, live.record)


@router.post("/password", status_code=204)
async def change_password(logins: Logins, own: OwnSession, body: ChangePassword) -> Response:
    """Change one's own password: every other session of theirs ends. A wrong one counts as an attempt to log in."""
    if not await logins.change_password(own.user, own.record.id, body.current_password, body.new_password):
        raise invalid("current_password", "wrong")
    return Response(status_code=204)
