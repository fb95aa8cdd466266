"""What blocks send: each channel's content for one person, and the reasons why there is none."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.actions import Channel
from domain.journeys.composing import ComposedMessage, Composer
from domain.journeys.route import compile_route
from domain.journeys.stepping import Refusal
from domain.message_content import MessageContents, MessageTemplate
from domain.send_gates import NO_RULES, Surroundings
from domain.suppressions import SuppressionReason
from tests.domain.journeys.journey_blocks import CONTENT_ID, Written, email, journey, sms

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA: dict[str, Any] = {
    "id": UUID(int=7),
    "status": "ACTIVE",
    "timezone": None,
    "locale": "es",
    "first_name": "Ana",
    "email": "ana@example.com",
    "phone": "+34612345678",
    "external_id": "1042",
    "attributes": {"push_token": "token"},
    "consent": {"email": "subscribed", "sms": "subscribed", "push": "subscribed", "whatsapp": "subscribed"},
}
CONTENTS = MessageContents.model_validate(
    {
        "default_locale": "en",
        "contents": {
            "en": {
                "body": "Hello [[contact.first_name]], {{ event.order }}",
                "html": "<p>[[contact.first_name]]</p>",
            },
            "es": {"body": "Hola [[contact.first_name]]"},
        },
    }
)
TEMPLATE = MessageTemplate(UUID(CONTENT_ID), 3, Channel.EMAIL, CONTENTS)


def composed(
    block: Written,
    row: dict[str, Any] | None = None,
    *,
    templates: Any = None,
    suppressed: Any = None,
    **parts: Any,
) -> ComposedMessage | Refusal:
    around = Surroundings(UUID(int=1), "UTC", suppressed or {}, NOON)
    known = {TEMPLATE.id: TEMPLATE} if templates is None else templates
    composer = Composer(lambda row, event: {"contact": row, "event": event}, known, NO_RULES, around)
    route = compile_route("j", "hash", journey(block, **parts))
    return composer.compose(route, route.plan.nodes[block["id"]].block, row or ANA, {"order": 7})


def act(kind: str, **fields: Any) -> Written:
    return {"id": "b", "type": "action", "action": {"type": kind, kind: fields}}


def test_a_mail_is_its_template_in_the_language_of_the_block_under_the_blocks_subject() -> None:
    block = email("b")
    content = block["action"]["sendEmail"]
    content |= {"subject": "Hi [[contact.first_name]]", "preheader": "Look", "replyToEmail": "us@example.com"}
    content |= {"senderName": "Club", "senderEmail": "club@example.com"}
    sent = composed(block)
    assert isinstance(sent, ComposedMessage)
    assert (sent.channel, sent.recipient, sent.template_id) == (Channel.EMAIL, "ana@example.com", TEMPLATE.id)
    assert (sent.subject, sent.body) == ("Hi Ana", "Hello Ana, 7")
    assert sent.options.html is not None
    assert "Look" in sent.options.html
    assert "<p>Ana</p>" in sent.options.html
    assert sent.options.headers == {"Reply-To": "us@example.com"}
    assert (sent.options.sender_name, sent.options.sender_email) == ("Club", "club@example.com")
    content["language"] = "es_MX"
    spanish = composed(block)
    assert isinstance(spanish, ComposedMessage)
    assert spanish.body == "Hola Ana"


def test_an_sms_ends_with_what_the_law_asks_for() -> None:
    compliance = {"stopKeywordText": "Reply STOP", "unsubscribeLinkText": "Or go: [[unsubscribe_link]]"}
    sent = composed(act("sendSms", message="Hi [[contact.first_name]]", compliance=compliance))
    assert isinstance(sent, ComposedMessage)
    assert sent.body == "Hi Ana\nReply STOP\nOr go: [[unsubscribe_link]]"
    assert (sent.channel, sent.recipient) == (Channel.SMS, "+34612345678")


def test_a_picture_is_shown_that_can_be_fetched() -> None:
    url = "https://shop.example/a.png"
    compliance = {"isStopKeywordIncluded": False, "isUnsubscribeLinkIncluded": False}
    for image, shown in ((url, (url,)), ("0123456789abcdef", ()), ("ftp://shop.example/a.png", ())):
        text = composed(act("sendSms", message="Hi", compliance=compliance, imageID=image))
        push = composed(
            act("sendPush", title="Hi", body="Ho", clickUrl="https://shop.example/", imageID=image)
        )
        assert isinstance(text, ComposedMessage) and isinstance(push, ComposedMessage)
        assert text.options.media == push.options.media == shown


def test_push_and_whatsapp_messages_are_what_their_blocks_say() -> None:
    push = composed(act("sendPush", title="Hi", body="[[event.order]]", clickUrl="https://shop.example/"))
    assert isinstance(push, ComposedMessage)
    assert (push.recipient, push.body, push.options.title) == ("token", "7", "Hi")
    assert push.options.click_url == "https://shop.example/"
    assert push.options.media == ()
    whatsapp = composed(act("sendWhatsapp", message="Hi [[contact.first_name]]"))
    assert isinstance(whatsapp, ComposedMessage)
    assert (whatsapp.channel, whatsapp.body) == (Channel.WHATSAPP, "Hi Ana")


def test_a_webhook_is_a_call_with_its_own_headers() -> None:
    call = composed(
        act(
            "sendWebhook",
            callbackUrl="https://hooks.example/x",
            body='{"name": "[[contact.first_name]]", "order": [[event.order]]}',
            headers=[{"key": "Authorization", "value": "Bearer x"}],
        )
    )
    assert isinstance(call, ComposedMessage)
    assert (call.channel, call.recipient) == (Channel.WEBHOOK, "https://hooks.example/x")
    assert call.body == '{"name": "Ana", "order": 7}'
    assert call.options.call_headers == {"Authorization": "Bearer x"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "SUSPENDED"}, "participant_not_active"),
        ({"consent": {}}, "no_consent"),
        ({"email": None}, "no_address"),
    ],
)
def test_whoever_may_not_be_written_to_is_not(changed: dict[str, Any], reason: str) -> None:
    assert composed(email("b"), ANA | changed) == Refusal(reason)


def test_a_threshold_lets_more_people_be_written_to() -> None:
    settings = {"sendingThresholds": {"email": "nonSubscribed", "sms": "subscribed"}}
    never_asked = ANA | {"consent": {}}
    sent = composed(email("b"), never_asked, settings=settings)
    assert isinstance(sent, ComposedMessage)
    assert sent.sending.consent == "nonSubscribed"
    assert composed(sms("b"), never_asked, settings=settings) == Refusal("no_consent")


def test_what_may_not_be_skipped_asks_for_the_address_and_suppressions_too() -> None:
    bounced = {(Channel.EMAIL, "ana@example.com"): SuppressionReason.BOUNCE}
    assert composed(email("b", skip=False), suppressed=bounced) == Refusal("suppressed")
    assert isinstance(composed(email("b"), suppressed=bounced), ComposedMessage)
    assert composed(sms("b", skip=False), ANA | {"phone": "+1"}) == Refusal("invalid_address")


def test_a_mail_without_its_template_is_not_sent() -> None:
    assert composed(email("b"), templates={}) == Refusal("no_content")


def test_what_comes_out_empty_is_not_sent() -> None:
    assert composed(act("sendWhatsapp", message="[[event.none]] ")) == Refusal("template_error")
    push = act("sendPush", title="Hi", body="[[event.none]]", clickUrl="https://shop.example/")
    assert composed(push) == Refusal("template_error")


def test_what_cannot_be_filled_for_somebody_is_not_sent() -> None:
    assert composed(act("sendWhatsapp", message="{{ contact.first_name | nonsense }}")) == Refusal(
        "template_error"
    )
    call = act("sendWebhook", callbackUrl="https://hooks.example/x", body='{"a": }')
    assert composed(call) == Refusal("template_error")
