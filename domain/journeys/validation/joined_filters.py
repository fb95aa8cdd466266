"""Filters that are right one by one, and together have to be one expression."""

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from domain.condition_forms import ConditionFormError, FilterGroup, Subject, cel_of_filter_groups
from domain.condition_forms.errors import Place
from domain.condition_forms.limits import MAX_COMPARISONS
from domain.expressions import PARTICIPANT, PARTICIPANT_EVENT
from domain.journeys.filters import SplitFilterType
from domain.journeys.validation.faults import JourneyFault, out_of_range
from domain.journeys.validation.reading import Document, each, is_given, text

_FEWER = "fewer filters, or shorter ones"
_PARTS = ("type", "field", "operator", "value")


def joined_faults(groups: Sequence[Document], subject: Subject, place: Place) -> Iterator[JourneyFault]:
    """At most one: what keeps all `groups` from holding together. Each of their filters has been checked; those about
    messages are no part of the expression."""
    written = [_filters(group) for group in groups]
    count = sum(len(filters) for filters in written)
    if count > MAX_COMPARISONS:
        yield out_of_range(place, f"{count} filters", f"at most {MAX_COMPARISONS} in all")
        return
    try:
        forms = [
            FilterGroup.model_validate({"logicalOperator": _operator(group), "filters": filters})
            for group, filters in zip(groups, written, strict=True)
        ]
    except ValidationError:
        # That one lacks a part is told where the shape of the whole is checked.
        return
    environment = PARTICIPANT if subject is Subject.CONTACT else PARTICIPANT_EVENT
    try:
        cel_of_filter_groups(forms, subject, environment)
    except ConditionFormError as error:
        yield out_of_range(
            place, f"the filters together are too much: {error.reason}", error.expected or _FEWER
        )


def _operator(group: Document) -> str:
    """That it is another one is told where the shape of the whole is checked."""
    return "or" if text(group, "logicalOperator") == "or" else "and"


def _filters(group: Document) -> list[Document]:
    return [
        {name: one[name] for name in _PARTS if is_given(one, name)}
        for one, _ in each(group, "filters", Place())
        if text(one, "type") != SplitFilterType.MESSAGE
    ]
