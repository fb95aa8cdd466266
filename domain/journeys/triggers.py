"""What sets a journey going: an event, perhaps once its participant was quiet for a while, or a birthday."""

import re
from datetime import timedelta

from domain.journeys.definition import BIRTHDAY, InactivityUnit, JourneyDefinition, Trigger
from domain.journeys.event_patterns import EventPattern, event_pattern

_UNIT = {
    InactivityUnit.MINUTES: timedelta(minutes=1),
    InactivityUnit.HOURS: timedelta(hours=1),
    InactivityUnit.DAYS: timedelta(days=1),
    InactivityUnit.WEEKS: timedelta(weeks=1),
}
_SHIFT = re.compile(r"([+-]?[0-9]{1,4})h")


def trigger_pattern(definition: JourneyDefinition) -> EventPattern | None:
    """The events that set the journey going; None for a birthday, which is no event.

    Raises ConditionFormError for filters that do not fit.
    """
    condition = definition.trigger.condition
    if condition.event == BIRTHDAY:
        return None
    return event_pattern(condition.event, condition.origin, condition.filter_groups)


def quiet_time(trigger: Trigger) -> timedelta | None:
    """How long a participant must go without another trigger event. Days are of 24 hours."""
    settings = trigger.inactivity_settings
    return None if settings is None else settings.duration.amount * _UNIT[settings.duration.units]


def birthday_shift(definition: JourneyDefinition) -> timedelta | None:
    """How far behind the birthday the journey begins, negative before it; None unless a birthday sets it going.

    Raises ValueError for a filter that is no shift, which a checked definition does not have.
    """
    condition = definition.trigger.condition
    if condition.event != BIRTHDAY:
        return None
    if not condition.filter_groups:
        return timedelta(0)
    (group,) = condition.filter_groups
    (only,) = group.filters
    match = _SHIFT.fullmatch(str(only.value))
    if match is None:
        raise ValueError("no shift in hours")
    return timedelta(hours=int(match[1]))
