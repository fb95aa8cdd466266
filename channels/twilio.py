"""SMS and WhatsApp over Twilio's Messages API, on connections that are kept open."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from channels.channel import Delivery, DeliveryProblem, DeliveryStatus, InDoubt, Outgoing
from channels.http_connections import HttpConnections
from channels.http_delivery import hand_over
from channels.lanes import send_in_lanes
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.callback_paths import twilio_status_url
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings

MESSAGING_SERVICE = "MG"
LOOKED_AT = 100
CLOCKS_DIFFER_BY = timedelta(seconds=5)

# https://www.twilio.com/docs/api/errors: those that are about the recipient.
_PROBLEM_OF_CODE = {
    21211: DeliveryProblem.INVALID_ADDRESS,
    21217: DeliveryProblem.INVALID_ADDRESS,
    21401: DeliveryProblem.INVALID_ADDRESS,
    21610: DeliveryProblem.UNSUBSCRIBED,
    21612: DeliveryProblem.RECIPIENT_REFUSED,
    21614: DeliveryProblem.RECIPIENT_REFUSED,
    63003: DeliveryProblem.RECIPIENT_REFUSED,
    63024: DeliveryProblem.RECIPIENT_REFUSED,
}


class TwilioAccount:
    """The connections and credentials that SMS and WhatsApp share."""

    def __init__(self, settings: Settings) -> None:
        assert settings.twilio_account_sid is not None and settings.twilio_auth_token is not None
        self.settings = settings
        self.messages_url = (
            f"{settings.twilio_url}/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json"
        )
        self.connections = HttpConnections(
            settings.twilio_connections,
            settings.twilio_timeout_seconds,
            auth=(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()),
        )


class TwilioChannel:
    """Each message under its own key in `Idempotency-Key`: Twilio ignores it, others with this API honour it."""

    can_tell = True

    def __init__(self, account: TwilioAccount, channel: Channel, sender: str) -> None:
        self._account = account
        self._channel = channel
        self._prefix = "whatsapp:" if channel is Channel.WHATSAPP else ""
        self._sender = sender

    @property
    def policy(self) -> DeliveryPolicy:
        return self._account.settings.twilio_delivery_policy

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        return await send_in_lanes(messages, self._account.settings.twilio_connections, self._deliver)

    async def _deliver(self, message: Outgoing) -> Delivery:
        try:
            fields = self._fields(message)
        except InvalidAddressError as error:
            return Delivery.misaddressed(error)
        url, headers = self._account.messages_url, {"Idempotency-Key": str(message.message_id)}
        async with self._account.connections.client() as client:
            request = client.build_request("POST", url, data=fields, headers=headers)
            answer = await hand_over(client, request)
        return answer if isinstance(answer, Delivery) else _delivery_of(answer)

    def _fields(self, message: Outgoing) -> dict[str, Any]:
        """Raises InvalidAddressError."""
        options, settings = message.options, self._account.settings
        fields: dict[str, Any] = {"To": self._to(message), **self._from()}
        if options.content_sid is None:
            fields["Body"] = message.body
        else:
            fields["ContentSid"] = options.content_sid
            fields["ContentVariables"] = json.dumps(options.content_variables, ensure_ascii=False)
        if options.media:
            fields["MediaUrl"] = list(options.media)
        if settings.public_url is not None:
            fields["StatusCallback"] = twilio_status_url(settings.public_url, message.message_id)
        return fields

    def _to(self, message: Outgoing) -> str:
        return self._prefix + normal_address(self._channel, message.recipient)

    def _from(self) -> dict[str, str]:
        if self._sender.startswith(MESSAGING_SERVICE) and not self._prefix:
            return {"MessagingServiceSid": self._sender}
        return {"From": self._prefix + self._sender}

    async def look_up(self, sends: Sequence[InDoubt]) -> list[Delivery | None]:
        """Found by recipient, text and time, as Twilio keeps no key of ours. It was taken when there is one such
        message; when there is none it may still be on its way, and several cannot be told apart."""
        return [await self._look_up(send) for send in sends]

    async def _look_up(self, send: InDoubt) -> Delivery | None:
        if send.message.options.content_sid is not None:
            # Its text is made by the provider.
            return None
        try:
            query = {"To": self._to(send.message), "PageSize": str(LOOKED_AT)}
            async with self._account.connections.client() as client:
                answer = await client.get(self._account.messages_url, params=query)
            listed = answer.json()["messages"] if answer.is_success else []
            found = [one["sid"] for one in listed if _is_it(one, send.message.body, send.since)]
        except (InvalidAddressError, httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
        return Delivery(DeliveryStatus.SENT, provider_id=str(found[0])) if len(found) == 1 else None

    async def close(self) -> None:
        await self._account.connections.close()


def _is_it(listed: dict[str, Any], body: str, since: datetime) -> bool:
    created = parsedate_to_datetime(listed["date_created"])
    return listed["body"] == body and created >= since - CLOCKS_DIFFER_BY


def _delivery_of(answer: httpx.Response) -> Delivery:
    said = _document(answer)
    if answer.is_success:
        sid = said.get("sid")
        return Delivery(DeliveryStatus.SENT, provider_id=sid if isinstance(sid, str) else None)
    code = said.get("code")
    problem = _PROBLEM_OF_CODE.get(code, DeliveryProblem.REFUSED) if isinstance(code, int) else None
    if problem is DeliveryProblem.INVALID_ADDRESS:
        return Delivery.failed("Invalid phone number", problem)
    error = f"refused: {code or answer.status_code} {said.get('message', '')}".rstrip()
    return Delivery.failed(error, problem or DeliveryProblem.REFUSED)


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
