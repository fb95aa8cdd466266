"""The blocks of a journey, as they are stored: each under its id, its shape nested under the key of its type.

Beyond the seed are: wait, goal, holdout and randomSplit blocks, the actions sendWhatsapp, updateAttribute and
enrollJourney, and a delay's `timezone`.
"""

from enum import StrEnum
from typing import Any

from domain.journeys.filters import EventFilterGroup, SplitFilterGroup
from domain.journeys.shape import Shape


class BlockType(StrEnum):
    DELAY = "delay"
    ACTION = "action"
    SPLIT = "split"
    AB_TESTING = "abTesting"
    WAIT = "wait"
    GOAL = "goal"
    HOLDOUT = "holdout"
    RANDOM_SPLIT = "randomSplit"


class DelayUnit(StrEnum):
    """`M` is calendar months, in the zone of the delay."""

    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"
    MONTHS = "M"


class Weekday(StrEnum):
    SUNDAY = "sunday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"


class DelayMode(StrEnum):
    DURATION = "duration"
    IMMEDIATE = "immediate"
    SPECIFIC_TIME = "specificTime"


class DelayZone(StrEnum):
    """Whose wall clock a delay goes by: the program's (the seed's brand time zone) or the participant's."""

    BRAND = "brand"
    CONTACT = "contact"


class DelayDuration(Shape):
    amount: int
    units: DelayUnit


class Delay(Shape):
    """`time`: HH:MM, the next such instant; `allowed_weekdays` moves a wake-up to the nearest allowed day ahead."""

    mode: DelayMode
    duration: DelayDuration | None = None
    time: str | None = None
    allowed_weekdays: tuple[Weekday, ...] | None = None
    timezone: DelayZone = DelayZone.BRAND


class ActionType(StrEnum):
    SEND_EMAIL = "sendEmail"
    SEND_SMS = "sendSms"
    SEND_PUSH = "sendPush"
    SEND_WEBHOOK = "sendWebhook"
    ADD_TAG = "addTag"
    REMOVE_TAG = "removeTag"
    SEND_WHATSAPP = "sendWhatsapp"
    UPDATE_ATTRIBUTE = "updateAttribute"
    ENROLL_JOURNEY = "enrollJourney"


class SendEmail(Shape):
    """`content_id`: the message template (the request's `templateID`)."""

    content_id: str
    subject: str
    preheader: str
    sender_name: str
    language: str
    sender_email: str | None = None
    reply_to_email: str | None = None
    is_skip_allowed: bool = True


class SmsCompliance(Shape):
    is_stop_keyword_included: bool = True
    is_unsubscribe_link_included: bool = True
    stop_keyword_text: str | None = None
    unsubscribe_link_text: str | None = None


class SendSms(Shape):
    message: str
    compliance: SmsCompliance
    image_id: str | None = None
    is_link_shortening_enabled: bool = True
    is_skip_allowed: bool = True


class SendPush(Shape):
    title: str
    body: str
    click_url: str | None = None
    icon_id: str | None = None
    image_id: str | None = None
    is_skip_allowed: bool = True


class WebhookHeader(Shape):
    key: str
    value: str


class SendWebhook(Shape):
    """A POST of `body`, a JSON template with `[[contact.email]]` and the like."""

    callback_url: str
    body: str
    headers: tuple[WebhookHeader, ...] = ()


class TagChange(Shape):
    """`value` is in lower case."""

    value: str


class SendWhatsapp(Shape):
    message: str
    is_skip_allowed: bool = True


class UpdateAttribute(Shape):
    """`value` null removes the attribute."""

    name: str
    value: Any = None


class EnrollJourney(Shape):
    automation_id: str


class Action(Shape):
    """Exactly the one field that `type` names is there."""

    type: ActionType
    send_email: SendEmail | None = None
    send_sms: SendSms | None = None
    send_push: SendPush | None = None
    send_webhook: SendWebhook | None = None
    add_tag: TagChange | None = None
    remove_tag: TagChange | None = None
    send_whatsapp: SendWhatsapp | None = None
    update_attribute: UpdateAttribute | None = None
    enroll_journey: EnrollJourney | None = None


class Split(Shape):
    filter_group: SplitFilterGroup
    true_blocks: tuple["Block", ...] = ()
    false_blocks: tuple["Block", ...] = ()


class AbTesting(Shape):
    a_blocks_percentage: int
    a_blocks: tuple["Block", ...] = ()
    b_blocks: tuple["Block", ...] = ()


class Wait(Shape):
    """Until the participant has such an event, at most `timeout`; then `eventBlocks` or `timeoutBlocks`."""

    event: str
    origin: str | None = None
    filter_groups: tuple[EventFilterGroup, ...] = ()
    timeout: DelayDuration
    event_blocks: tuple["Block", ...] = ()
    timeout_blocks: tuple["Block", ...] = ()


class Goal(Shape):
    """Whoever has such an event while they are before this block goes on here at once, and counts as converted."""

    event: str
    origin: str | None = None
    filter_groups: tuple[EventFilterGroup, ...] = ()


class Holdout(Shape):
    """So many of a hundred leave here, as a control group; the rest go on."""

    percentage: int


class RandomArm(Shape):
    weight: int
    blocks: tuple["Block", ...] = ()


class RandomSplit(Shape):
    arms: tuple[RandomArm, ...]


class Block(Shape):
    """Exactly the one field that `type` names is there."""

    id: str
    type: BlockType
    delay: Delay | None = None
    action: Action | None = None
    split: Split | None = None
    ab_testing: AbTesting | None = None
    wait: Wait | None = None
    goal: Goal | None = None
    holdout: Holdout | None = None
    random_split: RandomSplit | None = None
