"""What an HTTP request that hands a message over came to, as far as every provider agrees."""

from collections.abc import Container
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus

LONGEST_PAUSE = timedelta(hours=1)
# So long a provider is left alone that is too busy and does not say for how long.
PAUSE = timedelta(seconds=5)
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


async def hand_over(
    client: httpx.AsyncClient, request: httpx.Request, refusals: Container[int] = ()
) -> httpx.Response | Delivery:
    """A 2xx, a 3xx or a refusal of the message itself as the answer; everything else as what it comes to.

    `refusals`: other statuses that are about the message here. Never raises.
    """
    try:
        answer = await client.send(request)
    except NEVER_LEFT as error:
        said = f"no connection to the provider: {type(error).__name__}"
        return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NO_CONNECTION)
    except httpx.HTTPError as error:
        said = f"connection lost while sending: {type(error).__name__}"
        return Delivery(DeliveryStatus.UNKNOWN, said, DeliveryProblem.CONNECTION_LOST)
    status = answer.status_code
    common = None if status in refusals else delivery_of_status(status, retry_after(answer))
    return common or answer


def delivery_of_status(status: int, pause: timedelta | None) -> Delivery | None:
    """What a status comes to that is not about the message itself; None for one that is.

    Nothing was taken when we are told to come again (408, 429, 503), or when we are not let in (401, 403). Any
    other 5xx tells nothing: the message may have been taken before. `pause`: as the answer's Retry-After says.
    """
    said = f"answered {status}"
    match status:
        case 401 | 403:
            return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NOT_AUTHORIZED, retry_after=PAUSE)
        case 429:
            problem = DeliveryProblem.RATE_LIMITED
            return Delivery(DeliveryStatus.NOT_TRIED, said, problem, retry_after=pause or PAUSE)
        case 408 | 503:
            problem = DeliveryProblem.UNAVAILABLE
            return Delivery(DeliveryStatus.NOT_TRIED, said, problem, retry_after=pause or PAUSE)
        case _:
            broken = Delivery(DeliveryStatus.UNKNOWN, said, DeliveryProblem.PROVIDER_FAULT)
            return broken if status >= 500 else None


def retry_after(answer: httpx.Response) -> timedelta | None:
    """Seconds or a date (RFC 9110), at most LONGEST_PAUSE; None when it says neither."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        return min(timedelta(seconds=int(said[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(until - datetime.now(UTC), timedelta(0)), LONGEST_PAUSE)
