"""What the blocks of a journey send to one person, or why they send them nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.addresses import address_of
from domain.gates import status_gate
from domain.journeys.blocks import Action, SendEmail, SendPush, SendSms, SendWebhook, SendWhatsapp
from domain.journeys.brackets import as_liquid, fill_json
from domain.journeys.definition import SendingThresholds
from domain.journeys.stepping import Refusal, Row
from domain.journeys.thresholds import may_send
from domain.message_options import NO_OPTIONS, MessageOptions
from domain.outcomes import SkipReason
from domain.templates import parse_template

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ComposedMessage:
    channel: Channel
    recipient: str
    subject: str
    body: str
    options: MessageOptions = NO_OPTIONS
    template_id: UUID | None = None


def compose_message(
    action: Action, row: Row, values: Values, thresholds: SendingThresholds
) -> ComposedMessage | Refusal:
    """What a sending action sends to somebody. `values`: what its templates see, by name."""
    if action.send_webhook is not None:
        return _composed_webhook(action.send_webhook, values)
    channel, write = _WRITTEN[next(name for name in _WRITTEN if getattr(action, name) is not None)]
    shut = status_gate(row["status"])
    if shut is not None:
        return Refusal(shut.value)
    address = address_of(channel, row)
    if not may_send(channel, row["consent"].get(channel.value), address, thresholds):
        return Refusal(SkipReason.NO_CONSENT.value)
    if not address:
        return Refusal(SkipReason.NO_ADDRESS.value)
    try:
        return write(action, address, values)
    except ValueError:
        # Of the template, or of what it came to for this person.
        return Refusal("template_error")


def _composed_email(action: Action, address: str, values: Values) -> ComposedMessage:
    email = action.send_email
    assert isinstance(email, SendEmail)
    subject = _render(email.subject, values)
    return ComposedMessage(Channel.EMAIL, address, subject, _render(email.preheader, values) or subject)


def _composed_sms(action: Action, address: str, values: Values) -> ComposedMessage:
    sms = action.send_sms
    assert isinstance(sms, SendSms)
    parts = [sms.message]
    if sms.compliance.is_stop_keyword_included and sms.compliance.stop_keyword_text:
        parts.append(sms.compliance.stop_keyword_text)
    if sms.compliance.is_unsubscribe_link_included and sms.compliance.unsubscribe_link_text:
        parts.append(sms.compliance.unsubscribe_link_text)
    return ComposedMessage(Channel.SMS, address, "", _render("\n".join(parts), values))


def _composed_whatsapp(action: Action, address: str, values: Values) -> ComposedMessage:
    whatsapp = action.send_whatsapp
    assert isinstance(whatsapp, SendWhatsapp)
    return ComposedMessage(Channel.WHATSAPP, address, "", _render(whatsapp.message, values))


def _composed_push(action: Action, address: str, values: Values) -> ComposedMessage:
    push = action.send_push
    assert isinstance(push, SendPush)
    title = _render(push.title, values)
    options = MessageOptions(title=title, click_url=push.click_url)
    return ComposedMessage(Channel.PUSH, address, title, _render(push.body, values), options)


def _composed_webhook(webhook: SendWebhook, values: Values) -> ComposedMessage | Refusal:
    try:
        body = fill_json(webhook.body, values)
        headers = {header.key: header.value for header in webhook.headers}
        options = MessageOptions(call_headers=headers)
    except ValueError:
        return Refusal("template_error")
    return ComposedMessage(Channel.WEBHOOK, webhook.callback_url, "", body, options)


def _render(source: str, values: Values) -> str:
    return parse_template(as_liquid(source)).render(values)


_WRITTEN = {
    "send_email": (Channel.EMAIL, _composed_email),
    "send_sms": (Channel.SMS, _composed_sms),
    "send_whatsapp": (Channel.WHATSAPP, _composed_whatsapp),
    "send_push": (Channel.PUSH, _composed_push),
}
