"""Filter groups: each joins its filters by `and` or by `or`, and all groups must hold."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic import Field as FormField

from domain.condition_forms.comparisons import comparison
from domain.condition_forms.contact_fields import contact_comparison
from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.fields import field_of
from domain.condition_forms.limits import MAX_COMPARISONS
from domain.condition_forms.operators import Operator
from domain.condition_forms.trees import all_of, any_of, expression_of
from domain.condition_forms.values import Name, Value
from domain.expressions import PARTICIPANT, PARTICIPANT_EVENT, Environment
from domain.expressions.ast import Expr


class Subject(StrEnum):
    """What a filter's field is one of."""

    CONTACT = "contact"
    EVENT = "event"


class LogicalOperator(StrEnum):
    AND = "and"
    OR = "or"


class Filter(BaseModel):
    """`field`: of a contact, `tag`, `segmentID`, `dateAdded`, `firstName`, `lastName`, `gender`, `country`, `state`,
    `city` or `postalCode`; of an event, a property, dotted where it is nested. `type` says which of the two. `value`: none with `exists` and `notExists`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Subject | None = None
    field: Name
    operator: Operator
    value: Value | None = None


class FilterGroup(BaseModel):
    """Without filters it holds always."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    logical_operator: LogicalOperator = FormField(alias="logicalOperator")
    filters: tuple[Filter, ...] = FormField(max_length=MAX_COMPARISONS)


def cel_of_filter_groups(
    groups: Sequence[FilterGroup], subject: Subject = Subject.CONTACT, environment: Environment | None = None
) -> str:
    """The expression that holds where every group does; it compiles in `environment`.

    `subject` is what filters without a `type` are about. `environment`: by default, the one that has the subject.
    Raises ConditionFormError for unknown fields, for operators and values that do not fit, with one of each filter, and
    beyond the limits.
    """
    if environment is None:
        environment = PARTICIPANT if subject is Subject.CONTACT else PARTICIPANT_EVENT
    count = sum(len(group.filters) for group in groups)
    if count > MAX_COMPARISONS:
        raise ConditionFormError(Place(), f"{count} filters", f"at most {MAX_COMPARISONS}")
    errors: list[ConditionFormError] = []
    translated = [
        (group.logical_operator, _filters(group, subject, environment, Place().of(index), errors))
        for index, group in enumerate(groups)
        if group.filters
    ]
    if errors:
        errors[0].others = tuple(errors[1:])
        raise errors[0]
    joined = (
        all_of(*parts) if operator is LogicalOperator.AND else any_of(*parts)
        for operator, parts in translated
    )
    return expression_of(all_of(*joined), environment)


def _filters(
    group: FilterGroup,
    subject: Subject,
    environment: Environment,
    place: Place,
    errors: list[ConditionFormError],
) -> list[Expr]:
    """Those that can be translated; what is wrong with the others is added to `errors`."""
    parts: list[Expr] = []
    for index, each in enumerate(group.filters):
        try:
            parts.append(_filter(each, subject, environment, place.of("filters").of(index)))
        except ConditionFormError as error:
            errors.append(error)
    return parts


def _filter(each: Filter, subject: Subject, environment: Environment, place: Place) -> Expr:
    if (each.type or subject) is Subject.CONTACT:
        return contact_comparison(each.field, each.operator, each.value, place)
    if "event" not in environment.variables:
        raise ConditionFormError(place.of("type"), "there is no event at hand", "contact")
    field = field_of(f"event.{each.field}", environment, place.of("field"))
    return comparison(field, each.operator, each.value, place)
