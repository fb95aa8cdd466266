"""Webhooks over HTTP: signed by the Standard Webhooks scheme, to checked addresses only."""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from standardwebhooks import Webhook

from channels.destination_guard import DestinationGuard, Resolver, system_resolver
from channels.http_delivery import NEVER_LEFT, retry_after
from domain.destinations import Destination, DestinationError, DestinationRules, IPAddress

CONNECT_SECONDS = 5.0
BODY_SECONDS = 5.0
READ_BYTES = 65_536
EXCERPT_BYTES = 1_024
# How the request is made, and what it is called, is not for its content to say.
KEPT = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "te",
        "trailer",
        "upgrade",
    }
    | {"webhook-id", "webhook-timestamp", "webhook-signature"}
)


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """`body` is what is signed, with each of `secrets`: after a rotation there are two for a while.

    `headers`: of the sender's own, beside or instead of those that are not KEPT.
    """

    message_id: UUID
    url: str
    body: str
    secrets: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """`status` is None when no answer came, and `error` says why. `excerpt`: of a refusal's body, at most 1 KiB.

    `slow`: the receiver took all the time it was given. `left`: a request may have left for it.
    `retry_after`: how long the receiver wants to be left alone.
    """

    status: int | None = None
    error: str | None = None
    excerpt: str | None = None
    slow: bool = False
    left: bool = True
    retry_after: timedelta | None = None


class WebhookSender:
    """Follows no redirect, uses no proxy, decompresses nothing, keeps no connection and no cookie."""

    def __init__(
        self,
        rules: DestinationRules,
        timeout_seconds: float,
        resolve: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = DestinationGuard(rules, resolve)
        self._timeout = timeout_seconds
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    async def send(self, message: WebhookMessage, at: datetime) -> WebhookAnswer:
        """One attempt, within the timeout as a whole. Never raises, except when it is cancelled."""
        try:
            async with asyncio.timeout(self._timeout):
                destination, addresses = await self._guard.admit(message.url)
                return await self._try_each(destination, addresses, message, at)
        except TimeoutError:
            return WebhookAnswer(error=f"no answer within {self._timeout:g} seconds", slow=True)
        except DestinationError as error:
            return WebhookAnswer(error=f"the URL {error.reason}", left=False)
        except httpx.HTTPError as error:
            return WebhookAnswer(error=_what_went_wrong(error), left=not isinstance(error, NEVER_LEFT))
        except httpx.InvalidURL:
            return WebhookAnswer(error="the URL cannot be requested", left=False)
        except socket.gaierror:
            return WebhookAnswer(error="the host name was not resolved", left=False)
        except OSError as error:
            return WebhookAnswer(error=f"no connection: {type(error).__name__}", left=False)

    async def _try_each(
        self,
        destination: Destination,
        addresses: Sequence[IPAddress],
        message: WebhookMessage,
        at: datetime,
    ) -> WebhookAnswer:
        for address in addresses[:-1]:
            try:
                return await self._post(destination, address, message, at)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post(destination, addresses[-1], message, at)

    async def _post(
        self, destination: Destination, address: IPAddress, message: WebhookMessage, at: datetime
    ) -> WebhookAnswer:
        # TLS and the receiver see the name; the connection goes to the address that was checked.
        extensions = {"sni_hostname": destination.host} if destination.address is None else {}
        async with (
            httpx.AsyncClient(
                verify=self._tls,
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(self._timeout, connect=CONNECT_SECONDS),
            ) as client,
            client.stream(
                "POST",
                destination.url_at(address),
                content=message.body.encode(),
                headers={"host": destination.authority, **_headers(message, at)},
                extensions=extensions,
            ) as response,
        ):
            return await _answer(response)


def _headers(message: WebhookMessage, at: datetime) -> dict[str, str]:
    identifier = str(message.message_id)
    signatures = [Webhook(secret).sign(identifier, at, message.body) for secret in message.secrets]
    signed = {"webhook-signature": " ".join(signatures)} if signatures else {}
    own = {name.lower(): value for name, value in message.headers.items()}
    return {
        "content-type": "application/json",
        "user-agent": "Carillon-Webhooks",
        "accept-encoding": "identity",
        "connection": "close",
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at.timestamp())),
        **signed,
        **{name: value for name, value in own.items() if name not in KEPT},
    }


async def _answer(response: httpx.Response) -> WebhookAnswer:
    """The status decides; of the body only so much is read as is polite."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in response.aiter_raw():
                body = (body + chunk)[:READ_BYTES]
                if len(body) == READ_BYTES:
                    break
    except (TimeoutError, httpx.HTTPError):
        pass
    text = body[:EXCERPT_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd")
    return WebhookAnswer(
        response.status_code,
        excerpt=None if response.is_success else text or None,
        retry_after=retry_after(response),
    )


def _what_went_wrong(error: httpx.HTTPError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection: {cause.reason}"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return f"no connection: {type(error).__name__}"
    return f"the connection was lost: {type(error).__name__}"
