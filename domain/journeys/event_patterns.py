"""The filters of a journey as conditions of the one expression language, and the events that they pick."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.condition_forms import Filter, FilterGroup, Subject, cel_of_filter_groups
from domain.condition_forms.values import Value
from domain.expressions import PARTICIPANT, PARTICIPANT_EVENT, Condition, compile_condition
from domain.journeys.definition import ENTERED_SEGMENT
from domain.journeys.filters import AudienceFilterGroup, EventFilterGroup
from domain.segment_ids import hex_text


@dataclass(frozen=True, slots=True)
class EventPattern:
    """Events of one type, of any source unless `origin` names one, for which `condition` holds."""

    event: str
    origin: str | None
    condition: Condition | None

    def picks(self, type_: str, source: str, data: Mapping[str, Any]) -> bool:
        if type_ != self.event or self.origin not in (None, source):
            return False
        return self.condition is None or self.condition.evaluate({"event": data}).matched


def event_pattern(event: str, origin: str | None, groups: Sequence[EventFilterGroup]) -> EventPattern:
    """Filters compare and cannot loop, so that no data make them slow. Raises ConditionFormError for filters that do
    not fit."""
    forms = [_form(group) for group in groups]
    if event == ENTERED_SEGMENT:
        forms = [_of_segments_as_events_name_them(form) for form in forms]
    if not any(form.filters for form in forms):
        return EventPattern(event, origin, None)
    expression = cel_of_filter_groups(forms, Subject.EVENT)
    return EventPattern(event, origin, compile_condition(expression, PARTICIPANT_EVENT))


def audience_condition(group: AudienceFilterGroup | None) -> Condition | None:
    """Holds of participants who may enter; None: everyone may. Raises ConditionFormError."""
    if group is None or not group.filters:
        return None
    return compile_condition(cel_of_filter_groups([_form(group)], Subject.CONTACT), PARTICIPANT)


def _of_segments_as_events_name_them(form: FilterGroup) -> FilterGroup:
    filters = [one.model_copy(update={"value": _named(one.value)}) for one in form.filters]
    return form.model_copy(update={"filters": filters})


def _named(value: Value | None) -> Value | None:
    if isinstance(value, tuple):
        return tuple(hex_text(each) if isinstance(each, str) else each for each in value)
    return hex_text(value) if isinstance(value, str) else value


def _form(group: EventFilterGroup | AudienceFilterGroup) -> FilterGroup:
    return FilterGroup.model_validate(
        {
            "logicalOperator": group.logical_operator.value,
            "filters": [
                Filter.model_validate({"field": one.field, "operator": one.operator, "value": one.value})
                for one in group.filters
            ],
        }
    )
