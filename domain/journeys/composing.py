"""What the blocks of a journey send to one person, or why they send them nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.addresses import address_of
from domain.gates import Reachability, message_gate, status_gate
from domain.journeys.blocks import Action, Block, SendEmail, SendPush, SendSms, SendWebhook, SendWhatsapp
from domain.journeys.brackets import as_liquid, fill_json
from domain.journeys.route import Route
from domain.journeys.stepping import Refusal, Row, is_skip_allowed
from domain.journeys.thresholds import threshold_of
from domain.journeys.utm import UtmTags
from domain.message_content import Content, MessageTemplate, message_for
from domain.message_options import NO_OPTIONS, MessageOptions, is_url
from domain.outcomes import SkipReason
from domain.send_gates import Candidate, Person, SendingRules, Surroundings, decide_alone, is_address
from domain.send_policy import USUAL_POLICY, ConsentThreshold, SendPolicy

Values = Mapping[str, Any]
NO_CONTENT = "no_content"
TEMPLATE_ERROR = "template_error"
_POLICIES = {
    threshold: USUAL_POLICY if threshold is USUAL_POLICY.consent else SendPolicy(consent=threshold)
    for threshold in ConsentThreshold
}


@dataclass(frozen=True, slots=True)
class ComposedMessage:
    channel: Channel
    recipient: str
    subject: str
    body: str
    options: MessageOptions = NO_OPTIONS
    sending: SendPolicy = USUAL_POLICY
    template_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Composer:
    """`values_of`: what templates see, from a row and an event's data. `templates`: those that mails are made of.
    `rules` and `around`: what the gates go by. `utm`: the tags of links, None to leave them as they are."""

    values_of: Callable[[Row, Row], Values]
    templates: Mapping[UUID, MessageTemplate]
    rules: SendingRules
    around: Surroundings
    utm: UtmTags | None = None
    _contents: dict[tuple[str, str], tuple[Content, UUID | None] | None] = field(default_factory=dict)

    def compose(self, route: Route, block: Block, row: Row, event: Row) -> ComposedMessage | Refusal:
        """What a sending block sends to somebody.

        What may be skipped is asked the gates again when it is due, and then skipped; what may not be is asked them
        now too, as whoever it cannot be sent to has to leave.
        """
        action = block.action
        assert action is not None
        try:
            if action.send_webhook is not None:
                return _composed_call(action.send_webhook, self.values_of(row, event))
            channel = _channel_of(action)
            address = address_of(channel, row)
            threshold = threshold_of(channel, address, route.settings.sending_thresholds)
            policy = _POLICIES[threshold]
            shut = self._gate(channel, address, row, policy, strictly=not is_skip_allowed(action))
            if shut is not None:
                return Refusal(shut)
            assert address is not None
            # Versions may have different blocks of one id.
            place = (route.content_hash, block.id)
            if place not in self._contents:
                self._contents[place] = self._content(action)
            found = self._contents[place]
            if found is None:
                return Refusal(NO_CONTENT)
            content, template_id = found
            message = message_for(channel, content, self.values_of(row, event))
            if self.utm is not None:
                message = self.utm.on_links(message, block)
        except ValueError:
            # Of a template, or of what it came to for this person.
            return Refusal(TEMPLATE_ERROR)
        options = of_author(message.options, action.send_email)
        if action.send_sms is not None and action.send_sms.is_link_shortening_enabled:
            options = options.model_copy(update={"shorten_links": True})
        return ComposedMessage(channel, address, message.subject, message.body, options, policy, template_id)

    def _gate(
        self, channel: Channel, address: str | None, row: Row, policy: SendPolicy, *, strictly: bool
    ) -> SkipReason | None:
        consent = row["consent"].get(channel.value)
        shut = status_gate(row["status"]) or message_gate(
            channel, Reachability(consent, address, policy.consent)
        )
        if shut is not None or not strictly:
            return shut
        if not is_address(channel, address):
            return SkipReason.INVALID_ADDRESS
        person = Person(row["id"], row["status"], row["consent"], row["timezone"])
        candidate = Candidate(row["id"], row["id"], channel, address, policy)
        decision = decide_alone(candidate, person, self.rules, self.around)
        return None if decision.is_deferred else decision.reason

    def _content(self, action: Action) -> tuple[Content, UUID | None] | None:
        """What a block says, and the template it is made of; None when that is gone."""
        if action.send_email is None:
            return _own_content(action), None
        template_id = _uuid(action.send_email.content_id)
        template = None if template_id is None else self.templates.get(template_id)
        if template is None:
            return None
        return mail_content(
            template.contents.for_locale(action.send_email.language), action.send_email
        ), template_id


def template_ids(route: Route) -> frozenset[UUID]:
    """The templates that a route's mails are made of."""
    mails = (node.block.action.send_email for node in route.plan.nodes.values() if node.block.action)
    return frozenset(id_ for mail in mails if mail is not None and (id_ := _uuid(mail.content_id)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def strict_sends(route: Route) -> frozenset[str]:
    """The blocks for which somebody has to leave who cannot be sent what they send."""
    blocks = (node.block for node in route.plan.nodes.values())
    return frozenset(
        block.id for block in blocks if block.action is not None and not is_skip_allowed(block.action)
    )


def _channel_of(action: Action) -> Channel:
    if action.send_email is not None:
        return Channel.EMAIL
    if action.send_sms is not None:
        return Channel.SMS
    return Channel.PUSH if action.send_push is not None else Channel.WHATSAPP


def _own_content(action: Action) -> Content:
    if action.send_sms is not None:
        return _sms_content(action.send_sms)
    if action.send_push is not None:
        return _push_content(action.send_push)
    assert isinstance(action.send_whatsapp, SendWhatsapp)
    return Content.model_construct(body=as_liquid(action.send_whatsapp.message))


def mail_content(content: Content, mail: SendEmail) -> Content:
    """The template's, under the subject of the block."""
    said = {
        "subject": as_liquid(mail.subject),
        "preheader": as_liquid(mail.preheader) or content.preheader,
        "body": as_liquid(content.body),
        "html": None if content.html is None else as_liquid(content.html),
    }
    return content.model_copy(update=said)


def _sms_content(sms: SendSms) -> Content:
    compliance = sms.compliance
    parts = [sms.message]
    if compliance.is_stop_keyword_included and compliance.stop_keyword_text:
        parts.append(compliance.stop_keyword_text)
    if compliance.is_unsubscribe_link_included and compliance.unsubscribe_link_text:
        parts.append(compliance.unsubscribe_link_text)
    return Content.model_construct(body=as_liquid("\n".join(parts)), media=_pictures(sms.image_id))


def _push_content(push: SendPush) -> Content:
    title = as_liquid(push.title)
    return Content.model_construct(
        subject=title,
        title=title,
        body=as_liquid(push.body),
        click_url=push.click_url,
        media=_pictures(push.image_id),
    )


def _pictures(image_id: str | None) -> tuple[str, ...]:
    """An id may name a picture of a library that is not ours; then nothing is shown."""
    return (image_id,) if image_id is not None and is_url(image_id) else ()


def _composed_call(webhook: SendWebhook, values: Values) -> ComposedMessage:
    headers = {header.key: header.value for header in webhook.headers}
    return ComposedMessage(
        Channel.WEBHOOK,
        webhook.callback_url,
        "",
        fill_json(webhook.body, values),
        MessageOptions(call_headers=headers),
    )


def of_author(options: MessageOptions, mail: SendEmail | None) -> MessageOptions:
    """The options of a mail that is from whom its block says, and whose answers go where it says."""
    if mail is None:
        return options
    said: dict[str, Any] = {"sender_name": mail.sender_name, "sender_email": mail.sender_email}
    if mail.reply_to_email is not None:
        said["headers"] = {**options.headers, "Reply-To": mail.reply_to_email}
    return options.model_copy(update=said)
