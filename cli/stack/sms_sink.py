"""A stand-in of Twilio's Messages API that keeps what it takes: nothing is ever sent on.

Runs as its own process: `python -m cli.stack.sms_sink --port 8026`. It asks for the account's credentials, refuses the
numbers that Twilio's own test accounts refuse, lists what it took, and calls back with a signature. Beyond the API,
`/sink/stats`, `/sink/arrivals` and `/sink/faults` say what arrived and set what goes wrong.
"""

import argparse
import asyncio
import json
import ssl
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import httpx

from cli.stack.http_listener import CutError, HttpListener, Reply, Request
from cli.stack.ports import HOST
from cli.stack.provider_faults import AFTER, Fault, Faults
from cli.stack.sms_account import ACCOUNT_SID, AUTH_TOKEN
from domain.twilio_callbacks import twilio_signature

KEPT = 1_000
LONGEST_BODY = 1_600
# Twilio's magic numbers: https://www.twilio.com/docs/iam/test-credentials
_REFUSED = {
    "+15005550001": (21211, "The 'To' number {to} is not a valid phone number."),
    "+15005550002": (21612, "The message cannot be routed to {to}."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient {to}"),
    "+15005550009": (21614, "To number {to} is not a mobile number"),
}


@dataclass(frozen=True, slots=True)
class TakenMessage:
    sid: str
    key: str
    to: str
    sender: str
    body: str
    fields: dict[str, list[str]]
    taken_at: datetime

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "sid": self.sid,
            "account_sid": ACCOUNT_SID,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(self.taken_at),
            "date_sent": None,
            "error_code": None,
            "error_message": None,
        }


@dataclass
class SmsSink:
    """`honours_keys`: a repeat under one `Idempotency-Key` is answered as the first time and taken once.

    `callbacks`: the statuses that each message's callback is told, in order. The last `KEPT` messages are kept whole;
    how often each key arrived, of all.
    """

    honours_keys: bool = False
    callbacks: Sequence[str] = ()
    faults: Faults = field(default_factory=Faults)
    latest: deque[TakenMessage] = field(default_factory=lambda: deque(maxlen=KEPT))
    arrivals: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    _sids: dict[str, str] = field(default_factory=dict)
    _calling: set[asyncio.Task[None]] = field(default_factory=set)

    async def handle(self, request: Request) -> Reply:
        path = request.path
        if path.startswith("/sink/"):
            return self._control(path.removeprefix("/sink/"), request)
        if request.headers.get("authorization") != _AUTHORIZATION:
            return _refusal(401, 20003, "Authenticate")
        base = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
        if path == f"{base}.json":
            return await self._create(request) if request.method == "POST" else self._list(request.query)
        sid = path.removeprefix(f"{base}/").removesuffix(".json")
        found = next((one for one in self.latest if one.sid == sid), None)
        return _refusal(404, 20404, "Not found") if found is None else Reply.of(200, found.document())

    async def _create(self, request: Request) -> Reply:
        self.requests += 1
        fault = self.faults.draw()
        if fault is not None and fault not in AFTER:
            await self._strike(fault)
            return self._failure(fault)
        reply = self._take(request)
        if fault is not None:
            await self._strike(fault)
        return self._failure(fault) if fault is Fault.BROKEN_AFTER else reply

    async def _strike(self, fault: Fault) -> None:
        if fault is Fault.SLOW:
            await asyncio.sleep(self.faults.slow_seconds)
        elif fault in (Fault.HOLD, Fault.HOLD_AFTER):
            await self.faults.hold()
        if fault in (Fault.CUT, Fault.CUT_AFTER, Fault.HOLD):
            raise CutError

    def _failure(self, fault: Fault) -> Reply:
        pause = str(self.faults.retry_after_seconds)
        if fault is Fault.TOO_MANY:
            return _refusal(429, 20429, "Too Many Requests", **{"Retry-After": pause})
        if fault is Fault.UNAVAILABLE:
            return _refusal(503, 20503, "Service Unavailable", **{"Retry-After": pause})
        return _refusal(500, 20500, "Internal Server Error")

    def _take(self, request: Request) -> Reply:
        form = request.form
        to = form.get("To", [""])[0]
        refused = _REFUSED.get(to.removeprefix("whatsapp:"))
        if refused is not None:
            return _refusal(400, refused[0], refused[1].format(to=to))
        if not to:
            return _refusal(400, 21604, "A 'To' phone number is required.")
        if "From" not in form and "MessagingServiceSid" not in form:
            return _refusal(400, 21603, "A 'From' phone number is required.")
        body = form.get("Body", [""])[0]
        if not body.strip() and not {"MediaUrl", "ContentSid"} & form.keys():
            return _refusal(400, 21602, "Message body is required.")
        if len(body) > LONGEST_BODY:
            said = f"The concatenated message body exceeds the {LONGEST_BODY} character limit."
            return _refusal(400, 21617, said)
        key = request.headers.get("idempotency-key", "")
        if self.honours_keys and key in self._sids:
            return Reply.of(201, {"sid": self._sids[key], "status": "queued"})
        taken = TakenMessage(
            sid=f"SM{uuid4().hex}",
            key=key,
            to=to,
            sender=form.get("From", form.get("MessagingServiceSid", [""]))[0],
            body=body,
            fields=form,
            taken_at=datetime.now(UTC),
        )
        self.latest.append(taken)
        self.arrivals[key] += 1
        if self.honours_keys:
            self._sids[key] = taken.sid
        if "StatusCallback" in form and self.callbacks:
            task = asyncio.get_running_loop().create_task(self._call_back(form["StatusCallback"][0], taken))
            self._calling.add(task)
            task.add_done_callback(self._calling.discard)
        return Reply.of(201, taken.document())

    async def _call_back(self, url: str, taken: TakenMessage) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=_TLS) as client:
            for status in self.callbacks:
                fields = {
                    "MessageSid": taken.sid,
                    "MessageStatus": status,
                    "To": taken.to,
                    "From": taken.sender,
                    "AccountSid": ACCOUNT_SID,
                    "ApiVersion": "2010-04-01",
                }
                signature = twilio_signature(AUTH_TOKEN, url, fields.items())
                await client.post(url, data=fields, headers={"X-Twilio-Signature": signature})

    def _list(self, query: dict[str, str]) -> Reply:
        limit = int(query.get("PageSize", "50"))
        found = [one for one in reversed(self.latest) if one.to == query.get("To", one.to)][:limit]
        return Reply.of(200, {"messages": [one.document() for one in found], "page_size": limit})

    def _control(self, what: str, request: Request) -> Reply:
        match what:
            case "stats":
                taken = self.arrivals.total()
                return Reply.of(
                    200,
                    {
                        "requests": self.requests,
                        "taken": taken,
                        "keys": len(self.arrivals),
                        "waiting": self.faults.waiting,
                    },
                )
            case "arrivals":
                return Reply.of(200, dict(self.arrivals))
            case "messages":
                return Reply.of(200, [one.document() | {"key": one.key} for one in self.latest])
            case "faults" if request.method == "POST":
                self._set_faults(json.loads(request.body))
                return Reply(204)
        return _refusal(404, 20404, "Not found")

    def _set_faults(self, wanted: dict[str, Any]) -> None:
        """`next`, `shares`, `slow_seconds`, `retry_after_seconds`, `released`, `honours_keys`, `callbacks`."""
        self.faults.set(wanted)
        self.honours_keys = wanted.get("honours_keys", self.honours_keys)
        self.callbacks = wanted.get("callbacks", self.callbacks)


# To make one takes longer than to take a message.
_TLS = ssl.create_default_context()
_AUTHORIZATION = "Basic " + b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()


def _refusal(status: int, code: int, message: str, **headers: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Reply.of(
        status, {"code": code, "message": message, "more_info": more, "status": status}, **headers
    )


async def _serve(host: str, port: int, callbacks: Sequence[str]) -> None:
    async with HttpListener(SmsSink(callbacks=callbacks).handle, host, port):
        await asyncio.Event().wait()


def main() -> None:
    """Run the sink until SIGTERM."""
    parser = argparse.ArgumentParser(prog="sms_sink")
    parser.add_argument("--host", default=HOST, help="address to listen on; in a container 0.0.0.0")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--callbacks", default="sent,delivered", help="statuses that are called back, in order"
    )
    arguments = parser.parse_args()
    callbacks = [status for status in arguments.callbacks.split(",") if status]
    asyncio.run(_serve(arguments.host, arguments.port, callbacks))


if __name__ == "__main__":
    main()
