"""The API over HTTP, as any client uses it."""

from types import TracebackType
from typing import Any, Self

import httpx

_TIMEOUT_SECONDS = 60.0


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


class RefusedError(DemoError):
    """The API refused a request."""

    def __init__(self, request: httpx.Request, answer: httpx.Response) -> None:
        self.status = answer.status_code
        super().__init__(f"{request.method} {request.url.path} answered {answer.status_code}: {answer.text}")


class UnreachableError(DemoError):
    """The API gave no answer."""


class ApiClient:
    """An asynchronous context manager: inside it requests can be made with the given key."""

    def __init__(self, url: str, key: str) -> None:
        # A proxy of the environment is of no use for an address of this machine.
        self._http = httpx.AsyncClient(
            base_url=url, headers={"X-API-Key": key}, timeout=_TIMEOUT_SECONDS, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def send(self, method: str, path: str, **content: Any) -> Any:
        """The JSON of the answer. `content` is httpx's. Raises RefusedError and UnreachableError."""
        try:
            answer = await self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise UnreachableError(f"{method} {path} got no answer: {error!r}") from error
        if answer.is_error:
            raise RefusedError(answer.request, answer)
        return answer.json()
