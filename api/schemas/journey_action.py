"""The actions of journeys as clients write them, each nested under the key that its type names."""

from typing import Annotated, Any

from pydantic import Field, StrictBool

from api.schemas.journey_text import (
    AnyText,
    Filled,
    Label,
    MaybeEmptyUpTo250,
    SenderName,
    UpTo250,
    Written,
    maybe_sent,
)
from domain.journeys.blocks import ActionType

IS_SKIP_ALLOWED = "false: whoever cannot be sent this leaves the journey; true: they skip the block"
Message = Annotated[Filled, Field(max_length=1_600)]
Url = Annotated[Filled, Field(max_length=2_000)]
ImageId = Annotated[AnyText, Field(max_length=255)]


class SendEmailIn(Written):
    """`templateID`: a message template; required for a block that has sent no mail so far, and not allowed for one that
    has. `contentID`: of a block that stays, as it is shown."""

    template_id: Label | None = None
    content_id: Label | None = None
    subject: UpTo250
    preheader: MaybeEmptyUpTo250
    sender_name: SenderName
    language: Annotated[Filled, Field(max_length=10, examples=["en_US"])]
    sender_email: MaybeEmptyUpTo250 | None = None
    reply_to_email: MaybeEmptyUpTo250 | None = None
    is_skip_allowed: StrictBool = Field(default=True, description=IS_SKIP_ALLOWED)


class SmsComplianceIn(Written):
    """Each text is required unless its flag is false; the link's contains `[[unsubscribe_link]]`."""

    is_stop_keyword_included: StrictBool = True
    is_unsubscribe_link_included: StrictBool = True
    stop_keyword_text: UpTo250 | None = None
    unsubscribe_link_text: UpTo250 | None = None


class SendSmsIn(Written):
    message: Message
    compliance: SmsComplianceIn
    image_id: ImageId | None = None
    is_link_shortening_enabled: StrictBool = True
    is_skip_allowed: StrictBool = Field(default=True, description=IS_SKIP_ALLOWED)


class SendPushIn(Written):
    title: UpTo250
    body: UpTo250
    click_url: Url
    icon_id: ImageId | None = None
    image_id: ImageId | None = None
    is_skip_allowed: StrictBool = Field(default=True, description=IS_SKIP_ALLOWED)


class WebhookHeaderIn(Written):
    key: Annotated[Filled, Field(max_length=256)]
    value: Annotated[AnyText, Field(max_length=10_000)]


class SendWebhookIn(Written):
    """A POST. `body`: JSON, in which `[[contact.email]]` and the like are replaced."""

    callback_url: Url
    body: Annotated[Filled, Field(max_length=65_536)]
    headers: Annotated[list[WebhookHeaderIn], Field(max_length=50)] | None = None


class TagChangeIn(Written):
    """`value` is stored in lower case."""

    value: UpTo250


class SendWhatsappIn(Written):
    """Ours."""

    message: Message
    is_skip_allowed: StrictBool = Field(default=True, description=IS_SKIP_ALLOWED)


class UpdateAttributeIn(Written):
    """Ours. Without a value, or with null, the attribute is removed."""

    name: Label
    value: Any = None


class EnrollJourneyIn(Written):
    """Ours: the contact enters another automation, by its own limits."""

    automation_id: Label


class ActionIn(Written):
    """Exactly the part that `type` names is there."""

    type: ActionType
    send_email: SendEmailIn | None = None
    send_sms: SendSmsIn | None = None
    send_push: SendPushIn | None = None
    send_webhook: SendWebhookIn | None = None
    add_tag: TagChangeIn | None = None
    remove_tag: TagChangeIn | None = None
    send_whatsapp: SendWhatsappIn | None = None
    update_attribute: UpdateAttributeIn | None = None
    enroll_journey: EnrollJourneyIn | None = None


class PatchEmail(Written):
    """Only the fields sent change; null or an empty text clears `senderEmail` and `replyToEmail`. `contentID`: as it is
    shown."""

    content_id: Label = maybe_sent()
    subject: UpTo250 = maybe_sent()
    preheader: MaybeEmptyUpTo250 = maybe_sent()
    sender_name: SenderName = maybe_sent()
    language: Annotated[Filled, Field(max_length=10)] = maybe_sent()
    sender_email: MaybeEmptyUpTo250 | None = None
    reply_to_email: MaybeEmptyUpTo250 | None = None
    is_skip_allowed: StrictBool = maybe_sent()


class PatchCompliance(SmsComplianceIn):
    """All four fields are replaced."""

    is_stop_keyword_included: StrictBool
    is_unsubscribe_link_included: StrictBool


class PatchSms(Written):
    """Only the fields sent change; null or an empty text clears `imageID`."""

    message: Message = maybe_sent()
    compliance: PatchCompliance = maybe_sent()
    image_id: ImageId | None = None
    is_link_shortening_enabled: StrictBool = maybe_sent()
    is_skip_allowed: StrictBool = maybe_sent()


class PatchPush(Written):
    """Only the fields sent change; null or an empty text clears `iconID` and `imageID`."""

    title: UpTo250 = maybe_sent()
    body: UpTo250 = maybe_sent()
    click_url: Url = maybe_sent()
    icon_id: ImageId | None = None
    image_id: ImageId | None = None
    is_skip_allowed: StrictBool = maybe_sent()


class PatchWebhookCall(Written):
    """Only the fields sent change; null or an empty list clears `headers`."""

    callback_url: Url = maybe_sent()
    body: Annotated[Filled, Field(max_length=65_536)] = maybe_sent()
    headers: Annotated[list[WebhookHeaderIn], Field(max_length=50)] | None = None


class PatchWhatsapp(Written):
    """Only the fields sent change."""

    message: Message = maybe_sent()
    is_skip_allowed: StrictBool = maybe_sent()


class PatchAction(Written):
    """`type` is that of the block: it cannot change."""

    type: ActionType
    send_email: PatchEmail | None = None
    send_sms: PatchSms | None = None
    send_push: PatchPush | None = None
    send_webhook: PatchWebhookCall | None = None
    add_tag: TagChangeIn | None = None
    remove_tag: TagChangeIn | None = None
    send_whatsapp: PatchWhatsapp | None = None
    update_attribute: UpdateAttributeIn | None = None
    enroll_journey: EnrollJourneyIn | None = None
