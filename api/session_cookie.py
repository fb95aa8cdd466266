"""The cookie that holds a person's session token."""

from datetime import datetime

from fastapi import Request, Response

COOKIE = "carillon_session"


def session_token(request: Request) -> str | None:
    return request.cookies.get(COOKIE)


def set_session_cookie(request: Request, response: Response, token: str, expires_at: datetime) -> None:
    """Scripts cannot read it, and other sites' pages send it with nothing but links that are followed."""
    response.set_cookie(
        COOKIE,
        token,
        expires=expires_at,
        path="/",
        secure=_is_encrypted(request),
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", secure=_is_encrypted(request), httponly=True, samesite="lax")


def _is_encrypted(request: Request) -> bool:
    """Whether people reach the API by TLS, which a proxy in front of it may have ended."""
    public_url: str | None = request.app.state.public_url
    return request.url.scheme == "https" or (public_url or "").startswith("https://")
