"""The rate limit of the installation: all keys share one bucket, in the memory of each API process."""

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Refusal
from domain.rate_limit import Bucket, RateLimit, level, take
from runtime.settings import Settings

# Below these every route asks for a key; health checks and documentation are elsewhere.
LIMITED_PATHS = ("/v1/", "/api/")


@dataclass
class RateLimiter:
    """Without a limit it counts nothing and says nothing."""

    limit: RateLimit | None
    clock: Callable[[], float]
    bucket: Bucket = field(default_factory=Bucket)

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], float]) -> "RateLimiter":
        if settings.rate_limit_per_second == 0:
            return cls(None, clock)
        return cls(RateLimit(settings.rate_limit_per_second, settings.rate_limit_burst), clock)

    def count_request(self) -> None:
        """Raises a Refusal (429) when the bucket is empty."""
        if self.limit is None:
            return
        taking = take(self.bucket, self.limit, self.clock())
        self.bucket = taking.bucket
        if taking.wait_seconds is not None:
            headers = {"Retry-After": str(taking.wait_seconds)}
            raise Refusal(429, "Too many requests; wait before the next one", headers=headers)

    def headers(self) -> dict[str, str]:
        if self.limit is None:
            return {}
        now = level(self.bucket, self.limit, self.clock())
        return {
            "X-RateLimit-Limit": str(self.limit.burst),
            "X-RateLimit-Remaining": str(now.remaining),
            "X-RateLimit-Reset": str(now.full_at),
        }


class RateLimitHeaders:
    """ASGI middleware: every answer, refusals too, says how much of the limit is left."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(LIMITED_PATHS):
            await self._app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._limiter.headers())
            await send(message)

        await self._app(scope, receive, telling)
