"""Push messages in the form of Firebase Cloud Messaging's HTTP v1 API, on connections that are kept open."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from channels.channel import CannotTell, Delivery, DeliveryProblem, DeliveryStatus, Outgoing
from channels.http_connections import HttpConnections
from channels.http_delivery import hand_over
from channels.lanes import send_in_lanes
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings

TIMEOUT_SECONDS = 20.0
# The token belongs to another sender (403), or to an app that was removed (404).
_ABOUT_THE_TOKEN = frozenset({403, 404})


class PushChannel(CannotTell):
    """A repeat carries the same tag, so it replaces what the device shows instead of coming beside it."""

    policy = DeliveryPolicy.AT_LEAST_ONCE

    def __init__(self, settings: Settings) -> None:
        assert settings.push_url is not None and settings.push_token_file is not None
        self._url = settings.push_url
        self._token = _TokenFile(settings.push_token_file)
        self._lanes = settings.push_connections
        self._connections = HttpConnections(settings.push_connections, TIMEOUT_SECONDS)

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        return await send_in_lanes(messages, self._lanes, self._deliver)

    async def _deliver(self, message: Outgoing) -> Delivery:
        try:
            token = normal_address(Channel.PUSH, message.recipient)
        except InvalidAddressError as error:
            return Delivery.misaddressed(error)
        try:
            headers = {"Authorization": f"Bearer {self._token.read()}"}
        except OSError as error:
            said = f"no access token: {type(error).__name__}"
            return Delivery(DeliveryStatus.NOT_TRIED, said, DeliveryProblem.NOT_AUTHORIZED)
        document = {"message": push_document(message, token)}
        async with self._connections.client() as client:
            request = client.build_request("POST", self._url, json=document, headers=headers)
            answer = await hand_over(client, request, _ABOUT_THE_TOKEN)
        return answer if isinstance(answer, Delivery) else _delivery_of(answer)

    async def close(self) -> None:
        await self._connections.close()


class _TokenFile:
    """Access tokens live for an hour or so: whoever renews them writes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._token = ""

    def read(self) -> str:
        """Raises OSError."""
        changed_at = self._path.stat().st_mtime_ns
        if changed_at != self._read_at:
            self._token = self._path.read_text(encoding="ascii", errors="replace").strip()
            self._read_at = changed_at
        return self._token


def push_document(message: Outgoing, token: str) -> dict[str, Any]:
    """https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages"""
    options, tag = message.options, str(message.message_id)
    shown: dict[str, Any] = {"title": options.title or message.subject, "body": message.body}
    if options.media:
        shown["image"] = options.media[0]
    web: dict[str, Any] = {"notification": {"tag": tag}}
    if options.click_url is not None:
        web["fcm_options"] = {"link": options.click_url}
    link = {} if options.click_url is None else {"click_url": options.click_url}
    return {
        "token": token,
        "notification": {name: value for name, value in shown.items() if value},
        "data": {**options.data, **link, "message_id": tag},
        "android": {"notification": {"tag": tag}},
        "apns": {"headers": {"apns-collapse-id": tag}},
        "webpush": web,
    }


def _delivery_of(answer: httpx.Response) -> Delivery:
    try:
        said = answer.json()
        if answer.is_success:
            return Delivery(DeliveryStatus.SENT, provider_id=str(said["name"]))
        code = str(said["error"]["status"])
    except (ValueError, KeyError, TypeError):
        if answer.is_success:
            return Delivery(DeliveryStatus.SENT)
        code = str(answer.status_code)
    refused = answer.status_code in _ABOUT_THE_TOKEN
    problem = DeliveryProblem.RECIPIENT_REFUSED if refused else DeliveryProblem.REFUSED
    return Delivery.failed(f"refused: {code}", problem)
