"""The fields that a filter of contacts may name, what each takes, and what each is of a participant."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain.condition_forms.comparisons import check_operator, comparison
from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.fields import field_of
from domain.condition_forms.operators import EQUALITY, SUBSTRING, Operator
from domain.condition_forms.trees import all_of, any_of, call, moment, variable
from domain.condition_forms.values import Value, day, filled_text
from domain.contact_tags import contact_tag
from domain.expressions import PARTICIPANT
from domain.expressions.ast import Expr
from domain.segment_ids import id_text


class ContactField(StrEnum):
    SEGMENT_ID = "segmentID"
    TAG = "tag"
    DATE_ADDED = "dateAdded"
    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    GENDER = "gender"
    COUNTRY = "country"
    STATE = "state"
    CITY = "city"
    POSTAL_CODE = "postalCode"


_SUBJECTS = {
    ContactField.SEGMENT_ID: "participant.segments",
    ContactField.TAG: "participant.tags",
    ContactField.FIRST_NAME: "participant.first_name",
    ContactField.LAST_NAME: "participant.last_name",
    ContactField.GENDER: "participant.attributes.gender",
    ContactField.COUNTRY: "participant.attributes.country",
    ContactField.STATE: "participant.attributes.state",
    ContactField.CITY: "participant.attributes.city",
    ContactField.POSTAL_CODE: "participant.attributes.postal_code",
}
_TAKEN = {
    ContactField.SEGMENT_ID: EQUALITY,
    ContactField.TAG: EQUALITY,
    ContactField.DATE_ADDED: EQUALITY | {Operator.GT, Operator.LT},
    ContactField.GENDER: frozenset({Operator.EQ}),
}
_IN_LISTS = {Operator.EQ: Operator.IN, Operator.NEQ: Operator.NOT_IN}
_GENDERS = ("m", "f")


def contact_comparison(name: str, operator: Operator, value: Value | None, place: Place) -> Expr:
    """The condition of participants that a filter is; `place` is where its field, operator and value are given.

    Raises ConditionFormError for an unknown field, or an operator or a value that the field does not take.
    """
    try:
        field = ContactField(name)
    except ValueError:
        raise ConditionFormError(place.of("field"), "unknown field", " or ".join(ContactField)) from None
    check_operator(operator, _TAKEN.get(field, EQUALITY | SUBSTRING), field, place.of("operator"))
    at = place.of("value")
    if field is ContactField.DATE_ADDED:
        return _date_added(operator, day(value, at), at)
    wanted = filled_text(value, at)
    if field is ContactField.GENDER and wanted not in _GENDERS:
        raise ConditionFormError(at, "unknown", " or ".join(_GENDERS))
    subject = field_of(_SUBJECTS[field], PARTICIPANT, place.of("field"))
    match field:
        case ContactField.SEGMENT_ID:
            return comparison(subject, _IN_LISTS[operator], (id_text(wanted),), place)
        case ContactField.TAG:
            either = tuple(dict.fromkeys((wanted, contact_tag(wanted))))
            return comparison(subject, _IN_LISTS[operator], either, place)
        case _:
            return comparison(subject, operator, wanted, place)


def _date_added(operator: Operator, wanted: date, at: Place) -> Expr:
    """A day is as long as it is in UTC."""
    if wanted == date.max:
        raise ConditionFormError(at, "beyond the last day", "a date such as 2025-03-15")
    added = variable("participant.created_at")
    start = datetime.combine(wanted, time(), UTC)
    begins, ends = moment(start), moment(start + timedelta(days=1))
    match operator:
        case Operator.LT:
            return call("_<_", added, begins)
        case Operator.GT:
            return call("_>=_", added, ends)
        case Operator.EQ:
            return all_of(call("_>=_", added, begins), call("_<_", added, ends))
        case _:
            return any_of(call("_<_", added, begins), call("_>=_", added, ends))
