"""What an HTTP request that hands a message over came to, as far as every provider agrees."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus

LONGEST_PAUSE = timedelta(hours=1)
# So long a provider is left alone that is too busy and does not say for how long.
PAUSE = timedelta(seconds=5)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


async def hand_over(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response | Delivery:
    """A 2xx, a 3xx or a refusal of the message itself as the answer; everything else as what it comes to.

    Nothing was taken when no connection was made, when we are told to come again (408, 429, 503), or when we are not
    let in (401, 403). A link that broke after the request began to leave, and any other 5xx, tell nothing: the
    message may have been taken before.
    """
    try:
        answer = await client.send(request)
    except _NEVER_LEFT as error:
        said = f"no connection to the provider: {type(error).__name__}"
        return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NO_CONNECTION)
    except httpx.HTTPError as error:
        said = f"connection lost while sending: {type(error).__name__}"
        return Delivery(DeliveryStatus.UNKNOWN, said, DeliveryProblem.CONNECTION_LOST)
    said = f"answered {answer.status_code}"
    match answer.status_code:
        case 401 | 403:
            return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NOT_AUTHORIZED, retry_after=PAUSE)
        case 429:
            pause = _retry_after(answer)
            return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.RATE_LIMITED, retry_after=pause)
        case 408 | 503:
            pause = _retry_after(answer)
            return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.UNAVAILABLE, retry_after=pause)
        case status if status >= 500:
            return Delivery(DeliveryStatus.UNKNOWN, said, DeliveryProblem.PROVIDER_FAULT)
        case _:
            return answer


def _retry_after(answer: httpx.Response) -> timedelta:
    """Seconds or a date (RFC 9110); a pause of our own when there is neither."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdecimal():
        seconds = min(int(said[:9]), LONGEST_PAUSE.total_seconds())
        return timedelta(seconds=seconds)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return PAUSE
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return min(max(until - datetime.now(UTC), timedelta(0)), LONGEST_PAUSE)
