"""Links that a program follows before its user does, if ever."""

from fastapi import Request

_AHEAD = ("prefetch", "prerender", "preview")
_SAYING_SO = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def fetches_ahead(request: Request) -> bool:
    """HEAD, and whatever browsers and mail programs say they only fetch ahead.

    Scanners of links that look like browsers cannot be told from people.
    """
    if request.method == "HEAD":
        return True
    said = " ".join(request.headers.get(name, "") for name in _SAYING_SO).lower()
    return any(word in said for word in _AHEAD)
