"""Requests that a page of another site makes a browser send, with the cookie that it keeps for this one.

A browser says in `Sec-Fetch-Site` where a request comes from, and older ones in `Origin`; no page can
change either. Whoever sends neither is no browser, and has no cookie but its own.
"""

from urllib.parse import urlsplit

from fastapi import Request

from api.errors import Refusal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# "none": the person typed the address, or took it from a bookmark.
_OWN = frozenset({"same-origin", "none"})


async def refuse_cross_site(request: Request) -> None:
    """Raises a Refusal (403) for a request that changes something and comes from another site's page."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    is_own = site in _OWN if site is not None else _is_own_origin(request)
    if not is_own:
        raise Refusal(403, "A page of another site may not do this with your session")


def _is_own_origin(request: Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    public_url: str | None = request.app.state.public_url
    own = {request.headers.get("Host", "").lower()}
    if public_url is not None:
        own.add(urlsplit(public_url).netloc.lower())
    location = _location(origin)
    return location != "" and location in own


def _location(origin: str) -> str:
    """Host and port; empty for `null`, which a sandboxed page sends."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
