"""What a client reaches that does nothing but send: the ceiling of a sink, on as many connections as a worker has."""

import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from uuid import uuid4

import aiosmtplib
import httpx

from bench.clients import apply_load
from cli.stack.sms_account import ACCOUNT_SID, AUTH_TOKEN, SMS_FROM

MAIL = (
    "From: club@example.com\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{id}@example.com>\r\n"
    "X-Carillon-Message: {id}\r\n\r\nYou have 120 points.\r\n"
)


async def mails_per_second(smtp_address: str, count: int, connections: int) -> float:
    """A connection that breaks is made anew, and that mail is counted all the same."""
    host, _, port = smtp_address.partition(":")
    idle = [aiosmtplib.SMTP(hostname=host, port=int(port)) for _ in range(connections)]

    async def send(number: int) -> None:
        client = idle.pop()
        if not client.is_connected:
            await client.connect()
        content = MAIL.format(to=f"bare-{number}@example.com", id=uuid4()).encode()
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.sendmail("club@example.com", [f"bare-{number}@example.com"], content)
        idle.append(client)

    try:
        return await _rate(send, range(count), connections)
    finally:
        for client in idle:
            client.close()


async def texts_per_second(sms_url: str, count: int, connections: int) -> float:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    url = f"{sms_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    async with httpx.AsyncClient(auth=(ACCOUNT_SID, AUTH_TOKEN), limits=limits, trust_env=False) as client:

        async def send(number: int) -> None:
            fields = {"To": f"+347{number:08d}", "From": SMS_FROM, "Body": "You have 120 points."}
            with suppress(httpx.HTTPError):
                await client.post(url, data=fields, headers={"Idempotency-Key": str(uuid4())})

        return await _rate(send, range(count), connections)


async def _rate(send: Callable[[int], Awaitable[None]], numbers: Iterable[int], connections: int) -> float:
    begun = time.perf_counter()
    load = await apply_load(list(numbers), send, connections)
    return len(load.latencies) / (time.perf_counter() - begun)
