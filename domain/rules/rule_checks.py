"""What makes a rule one that can run. Every text a client wrote is compiled here, before it is stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.actions import SendMessage
from domain.condition_forms import ConditionFormError, RuleConditions, cel_of_conditions
from domain.counters import as_decimal
from domain.definition_rules import DefinitionError, check_document, message_faults, template_faults
from domain.expressions import (
    PARTICIPANT,
    RULE,
    AttributeType,
    Environment,
    ExpressionError,
    Position,
    check_condition,
)
from domain.json_limits import MAX_INT64, MIN_INT64, check_json_limits
from domain.rules.actions import (
    AddNote,
    AddToCounter,
    Broadcast,
    EmitEvent,
    RuleAction,
    ScheduleEvent,
    SendWebhook,
    SetAttribute,
)

AttributeTypes = Mapping[str, AttributeType]

# What a message is asked to keep to together with the others of its run, and a rule has none.
_OF_A_RUN = ("once_per_address", "hold_after_failures")
# What the templates of actions may name.
_TEMPLATE_VALUES: Mapping[str, Mapping[str, object]] = {"participant": {}, "conversation": {}, "event": {}}


@dataclass(frozen=True, slots=True)
class CheckedConditions:
    """`expression`: what they come to, in the environment RULE; None when they always hold, or are wrong."""

    expression: str | None = None
    faults: tuple[DefinitionError, ...] = ()


def check_conditions(
    conditions: RuleConditions | str | list[Any] | None, attribute_types: AttributeTypes
) -> CheckedConditions:
    """Null, "", [] and a form of no conditions always hold.

    Each problem of a text is told with its position in it; the first of a form, with the path of its place.
    """
    if not conditions or isinstance(conditions, list):
        return CheckedConditions()
    if isinstance(conditions, RuleConditions):
        return _check_form(conditions, attribute_types)
    faults = tuple(_expression_faults("conditions", conditions, RULE, attribute_types))
    return CheckedConditions(None if faults else conditions, faults)


def _check_form(conditions: RuleConditions, attribute_types: AttributeTypes) -> CheckedConditions:
    if not conditions.all_of and not conditions.any_of:
        return CheckedConditions()
    try:
        text = cel_of_conditions(conditions, RULE)
    except ConditionFormError as error:
        place = f"conditions.{error.path}" if error.path else "conditions"
        return CheckedConditions(faults=(DefinitionError(place, error.reason, error.expected),))
    try:
        check_condition(text, RULE, attribute_types)
    except ExpressionError as error:
        # Whoever filled in the form has not seen the text that a position would be in.
        problem = error.problems[0]
        return CheckedConditions(faults=(DefinitionError("conditions", problem.reason, problem.expected),))
    return CheckedConditions(text)


def _expression_faults(
    field: str, text: str, environment: Environment, attribute_types: AttributeTypes
) -> Iterator[DefinitionError]:
    try:
        check_condition(text, environment, attribute_types)
    except ExpressionError as error:
        for problem in error.problems:
            place = Position(problem.line, problem.column)
            yield DefinitionError(field, problem.reason, problem.expected, problem.suggestion, place)


def action_faults(
    actions: Sequence[RuleAction], attribute_types: AttributeTypes
) -> Iterator[DefinitionError]:
    """What keeps actions from being carried out, whomever they are for; each names its field."""
    for index, action in enumerate(actions):
        yield from _faults(action, f"actions.{index}", attribute_types)


def _faults(action: RuleAction, at: str, attribute_types: AttributeTypes) -> Iterator[DefinitionError]:
    match action:
        case SendMessage():
            yield from message_faults(at, action, _TEMPLATE_VALUES)
            yield from _faults_outside_of_automations(action, at)
        case AddNote(body=body):
            yield from template_faults(f"{at}.body", body, _TEMPLATE_VALUES)
        case SetAttribute():
            yield from _attribute_faults(action, at)
        case AddToCounter(add=add) if as_decimal(add) is None:
            yield DefinitionError(f"{at}.add", "is out of range", f"{MIN_INT64} to {MAX_INT64}")
        case EmitEvent(event_data=data):
            yield from _fault_of(check_document, f"{at}.event_data", data)
        case SendWebhook(payload=payload) | ScheduleEvent(payload=payload):
            yield from _fault_of(check_document, f"{at}.payload", payload)
        case Broadcast(payload=payload):
            yield from _fault_of(check_document, f"{at}.payload", payload)
            for name in ("participant_filter", "guard_condition"):
                text = getattr(action, name)
                if text is not None:
                    yield from _expression_faults(f"{at}.{name}", text, PARTICIPANT, attribute_types)


def _faults_outside_of_automations(action: SendMessage, at: str) -> Iterator[DefinitionError]:
    if action.once_per is not None:
        reason = "only an automation sends one message for each value of an attribute"
        yield DefinitionError(f"{at}.once_per", reason, "no such field in a rule")
    for name in _OF_A_RUN:
        if getattr(action.sending, name):
            reason = "is of the messages of a run, and those of a rule are in none"
            yield DefinitionError(f"{at}.sending.{name}", reason, "no such field in a rule")


def _attribute_faults(action: SetAttribute, at: str) -> Iterator[DefinitionError]:
    """The value is stored below its name, so it may be a level less deep than a document."""
    for problem in check_json_limits({action.name: action.value})[:1]:
        yield DefinitionError(f"{at}.value{problem.path.removeprefix(action.name)}", problem.reason)


def _fault_of(check: Callable[..., None], *given: object) -> Iterator[DefinitionError]:
    try:
        check(*given)
    except DefinitionError as error:
        yield error
