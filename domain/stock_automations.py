"""Automations that one can have by name: ordinary ones, made of the parameters given and of what is usual for the others."""

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.occasions import OncePer
from domain.participant import CONSENT_CHANNELS
from domain.participant_state.schedule_config import TimeOfDay, wall_time
from domain.rfm import LAST_VISIT_AT, RFM_SEGMENT, RfmSegment

HOURS_A_DAY = 24
# What a daily automation sent at the same time of day is not within the day: runs are late, and days of 23 hours.
HALF_A_DAY = 12
HALF_A_YEAR = 4_320
# Days on which somebody is still followed up whom a run has missed.
DAYS_TO_MAKE_UP = 3
NINE = "09:00"


class StockName(StrEnum):
    INACTIVE_CUSTOMERS = "inactive_customers"
    BIRTHDAY = "birthday"
    VIP_REWARDS = "vip_rewards"
    POST_VISIT = "post_visit"
    RESERVATION_CONFIRMATION = "reservation_confirmation"
    CHAMPIONS = "champions"
    LOYAL = "loyal"
    POTENTIAL_LOYALISTS = "potential_loyalists"
    AT_RISK = "at_risk"
    CANNOT_LOSE = "cannot_lose"
    CANNOT_LOSE_NOTICE = "cannot_lose_notice"
    HIBERNATING = "hibernating"


class Rhythm(StrEnum):
    """When it looks for whom to write to. `interval`: for each person every so many days."""

    HALF_HOURLY = "half_hourly"
    DAILY = "daily"
    MONTHLY = "monthly"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Stock:
    """What is usual for one of them. `who` is a condition in which `{days}`, `{until}` (the day on which it is too late),
    `{hours}` (of the days) and `{attribute}` stand for parameters; a parameter that it does not take is None here.
    `quiet_days`: nobody who was written to within so many days. `once_per`: for what a person is written to once.
    """

    name: StockName
    title: str
    description: str
    who: str
    subject: str
    body: str
    rhythm: Rhythm = Rhythm.DAILY
    days: int | None = None
    every_days: int | None = None
    attribute: str | None = None
    quiet_days: int = 0
    channel: Channel = Channel.EMAIL
    transactional: bool = False
    priority: int = 0
    once_per: OncePer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockParameters:
    """What was asked for; None leaves it as is usual."""

    name: str | None = None
    days: int | None = None
    every_days: int | None = None
    attribute: str | None = None
    quiet_days: int | None = None
    channel: Channel | None = None
    subject: str | None = None
    body: str | None = None
    template_id: UUID | None = None
    timezone: str = "UTC"
    time_of_day: TimeOfDay = NINE


_SINCE_VISIT = f"days_since(timestamp(participant.attributes.{LAST_VISIT_AT}))"
_ON_THAT_DAY = f"{_SINCE_VISIT} >= {{days}} && {_SINCE_VISIT} < {{until}}"
_BORN = 'timestamp(participant.attributes.{attribute} + "T00:00:00Z")'
_HERE = "local(now)"
_BIRTHDAY = (
    f"({_BORN}.getMonth() == {_HERE}.getMonth() && {_BORN}.getDate() == {_HERE}.getDate()) || "
    # Who was born on 29 February has their birthday on the 28th of other years.
    f"({_BORN}.getMonth() == 1 && {_BORN}.getDate() == 29 && {_HERE}.getMonth() == 1 && {_HERE}.getDate() == 28 && "
    'local(now + duration("24h")).getMonth() == 2)'
)
_RESERVED = "timestamp(participant.attributes.{attribute})"
_FRIEND = "{{ participant.first_name | default: 'friend' }}"


def _in(segment: RfmSegment) -> str:
    return f'participant.attributes.{RFM_SEGMENT} == "{segment}"'


STOCK = (
    Stock(
        StockName.INACTIVE_CUSTOMERS,
        "Inactive customers",
        "Who has not come for `days` days.",
        who=f"{_SINCE_VISIT} >= {{days}}",
        days=60,
        quiet_days=30,
        subject=f"We miss you, {_FRIEND}",
        body="It has been a while. Come by, the next coffee is on us.",
    ),
    Stock(
        StockName.BIRTHDAY,
        "Birthday",
        "Whose birthday it is today, where they are. `attribute` holds the date of birth, such as 1990-06-15.",
        who=_BIRTHDAY,
        attribute="birthday",
        # Whatever else somebody is sent that day: what is not sent then has to wait for a year.
        priority=-10,
        once_per=OncePer(attribute="{attribute}", hours=HALF_A_YEAR),
        subject=f"Happy birthday, {_FRIEND}",
        body="All the best to you. There is a present waiting at our place.",
    ),
    Stock(
        StockName.VIP_REWARDS,
        "VIP rewards",
        "Who is tagged `vip`, or has the attribute `is_vip`; on the first of each month.",
        who='"vip" in participant.tags || participant.attributes.is_vip == true',
        rhythm=Rhythm.MONTHLY,
        quiet_days=14,
        subject=f"For you alone, {_FRIEND}",
        body="This month's reward for our best guests: dessert is on us.",
    ),
    Stock(
        StockName.POST_VISIT,
        "Post-visit follow-up",
        "Who came `days` days ago, and not since.",
        who=_ON_THAT_DAY,
        days=1,
        quiet_days=1,
        once_per=OncePer(attribute=LAST_VISIT_AT),
        subject=f"Thank you for coming, {_FRIEND}",
        body="How was it? A line in answer reaches us.",
    ),
    Stock(
        StockName.RESERVATION_CONFIRMATION,
        "Reservation confirmation",
        "Who is expected within `days` days, once for each reservation. `attribute` holds the instant, such as 2026-12-24T19:30:00Z.",
        who=f'{_RESERVED} > now && {_RESERVED} <= now + duration("{{hours}}h")',
        rhythm=Rhythm.HALF_HOURLY,
        days=1,
        attribute="reservation_at",
        transactional=True,
        once_per=OncePer(attribute="{attribute}"),
        subject=f"We expect you, {_FRIEND}",
        body="Your table is ready for you. If you cannot come, please let us know.",
    ),
    Stock(
        StockName.CHAMPIONS,
        "Champions",
        "Each champion every `every_days` days.",
        who=_in(RfmSegment.CHAMPIONS),
        rhythm=Rhythm.INTERVAL,
        every_days=90,
        subject=f"You are one of our best guests, {_FRIEND}",
        body="Thank you for being here so often. Bring somebody along, their drink is on us.",
    ),
    Stock(
        StockName.LOYAL,
        "Loyal customers",
        "Each loyal customer every `every_days` days.",
        who=_in(RfmSegment.LOYAL),
        rhythm=Rhythm.INTERVAL,
        every_days=60,
        subject=f"Thank you for your loyalty, {_FRIEND}",
        body="A little something is waiting for you at your next visit.",
    ),
    Stock(
        StockName.POTENTIAL_LOYALISTS,
        "Potential loyalists",
        "Who came two to five times, and not long ago.",
        who=_in(RfmSegment.POTENTIAL_LOYALIST),
        quiet_days=30,
        subject=f"There is more to discover, {_FRIEND}",
        body="You know us a little by now. Here is what our regulars order.",
    ),
    Stock(
        StockName.AT_RISK,
        "At risk",
        "Who came often and has not come for `days` days.",
        who=f"{_in(RfmSegment.AT_RISK)} && {_SINCE_VISIT} >= {{days}}",
        days=90,
        quiet_days=90,
        subject=f"We have not seen you for long, {_FRIEND}",
        body="Is there anything that we could do better? Your next visit is on us by half.",
    ),
    Stock(
        StockName.CANNOT_LOSE,
        "Cannot lose",
        "Who was among the best customers and has not come for `days` days.",
        who=f"{_in(RfmSegment.CANNOT_LOSE)} && {_SINCE_VISIT} >= {{days}}",
        days=120,
        quiet_days=60,
        subject=f"{_FRIEND}, we would like you back",
        body="You were with us so often. Dinner is on us: an answer to this is enough.",
    ),
    Stock(
        StockName.CANNOT_LOSE_NOTICE,
        "Cannot lose: notice to the team",
        "Tells the team, by a channel that leads to it, of each such customer `days` days after their last visit.",
        who=f"{_in(RfmSegment.CANNOT_LOSE)} && {_ON_THAT_DAY}",
        days=120,
        once_per=OncePer(attribute=LAST_VISIT_AT),
        channel=Channel.APPRISE,
        subject="One of our best customers stays away",
        body="{{ participant.external_id }} was last here on {{ participant.attributes.last_visit_at }}. Please call them.",
    ),
    Stock(
        StockName.HIBERNATING,
        "Hibernating",
        "Each of those who hardly came and have not come for `days` days, every `every_days` days.",
        who=f"{_in(RfmSegment.HIBERNATING)} && {_SINCE_VISIT} >= {{days}}",
        rhythm=Rhythm.INTERVAL,
        days=180,
        every_days=60,
        subject=f"Do you remember us, {_FRIEND}?",
        body="Much is new here. Have a look, the first drink is on us.",
    ),
)
STOCK_BY_NAME: dict[str, Stock] = {stock.name.value: stock for stock in STOCK}


def taken_parameters(stock: Stock) -> dict[str, int | str]:
    """Those that not every one of them takes, with what is usual."""
    values = {"days": stock.days, "every_days": stock.every_days, "attribute": stock.attribute}
    return {name: value for name, value in values.items() if value is not None}


def without_effect(stock: Stock, channel: Channel | None) -> dict[str, str]:
    """Parameters that all take, but would do nothing in this one, and why. `channel`: the usual one if it is None."""
    reasons = {}
    if stock.transactional:
        reasons["quiet_days"] = "has no effect: it is sent whatever else was"
    elif not _leads_to_the_person(channel or stock.channel):
        reasons["quiet_days"] = f"has no effect: {channel or stock.channel} does not lead to the person"
    if stock.rhythm is Rhythm.HALF_HOURLY:
        reasons["time_of_day"] = "has no effect: it looks every half an hour"
    return reasons


def automation_body(stock: Stock, asked: StockParameters) -> dict[str, Any]:
    """The automation as a request for one says it."""
    days = asked.days or stock.days or 0
    values = {
        "days": days,
        "until": days + DAYS_TO_MAKE_UP,
        "hours": days * HOURS_A_DAY,
        "attribute": asked.attribute or stock.attribute,
    }
    return {
        "name": asked.name or stock.title,
        "description": stock.description,
        "event_name": stock.name.value,
        "scope": "participants",
        "trigger": _trigger(stock, asked),
        "participant_filter": stock.who.format(**values),
        "action": _action(stock, asked) | _once_per(stock, asked),
    }


def _once_per(stock: Stock, asked: StockParameters) -> dict[str, Any]:
    if stock.once_per is None:
        return {}
    said = stock.once_per.model_dump()
    attribute = said["attribute"].format(attribute=asked.attribute or stock.attribute)
    return {"once_per": said | {"attribute": attribute}}


def _trigger(stock: Stock, asked: StockParameters) -> dict[str, Any]:
    if stock.rhythm is Rhythm.INTERVAL:
        return {
            "type": "participant_state",
            "timezone": asked.timezone,
            "schedule_type": "INTERVAL",
            "schedule_config": {
                "interval_days": asked.every_days or stock.every_days,
                "time_of_day": asked.time_of_day,
            },
        }
    return {
        "type": "cron",
        "timezone": asked.timezone,
        "cron_expression": _cron(stock.rhythm, wall_time(asked.time_of_day)),
    }


def _cron(rhythm: Rhythm, at: time) -> str:
    if rhythm is Rhythm.HALF_HOURLY:
        return "*/30 * * * *"
    day = "1" if rhythm is Rhythm.MONTHLY else "*"
    return f"{at.minute} {at.hour} {day} * *"


def _leads_to_the_person(channel: Channel) -> bool:
    """Elsewhere there are no windows of what somebody was sent."""
    return channel in CONSENT_CHANNELS


def _action(stock: Stock, asked: StockParameters) -> dict[str, Any]:
    sending: dict[str, Any] = {}
    channel = asked.channel or stock.channel
    quiet = stock.quiet_days if asked.quiet_days is None else asked.quiet_days
    if stock.transactional:
        sending["transactional"] = True
        sending["consent"] = "nonSubscribed"
    elif quiet and _leads_to_the_person(channel):
        sending["recently_contacted"] = {"hours": quiet * HOURS_A_DAY - HALF_A_DAY}
    if stock.priority:
        sending["priority"] = stock.priority
    action: dict[str, Any] = {"type": "send_message", "channel": channel.value}
    said = {"subject": asked.subject, "body": asked.body}
    if asked.template_id is None:
        usual = {"subject": stock.subject, "body": stock.body}
        action |= {name: usual[name] if text is None else text for name, text in said.items()}
    else:
        # Texts beside a template are refused where the action is checked.
        action |= {"template_id": str(asked.template_id)}
        action |= {name: text for name, text in said.items() if text is not None}
    return action | ({"sending": sending} if sending else {})
