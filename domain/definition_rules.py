"""What makes a definition one that can run. Every text a client wrote is compiled here, before it is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.actions import Channel, SendMessage
from domain.automation import Definition, Scope, TriggerType
from domain.expressions import AttributeType, ExpressionError, Position, check_condition
from domain.json_limits import check_json_limits
from domain.participant import CONSENT_CHANNELS
from domain.participant_state import ScheduleConfigError, parse_schedule_config
from domain.schedules import ScheduleError, parse_cron, validate_timezone
from domain.templates import TemplateError, parse_template
from domain.triggering import VALID_PAIRS

REQUIRED_BY_TRIGGER = {
    TriggerType.CRON: ("cron_expression",),
    TriggerType.ONE_TIME: ("trigger_at",),
    TriggerType.PARTICIPANT_STATE: ("schedule_type", "schedule_config"),
}
NOT_FOR_TRANSACTIONAL = ("recently_contacted", "holdout_percentage")
PARTICIPANTS_ONLY = ("participant_filter", "guard_condition", "action")
# The years that a Temporal Schedule can name.
FIRST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2101, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class DefinitionError(ValueError):
    """One field of a definition is wrong: names it, says why and what was expected."""

    field: str
    reason: str
    expected: str | None = None
    suggestion: str | None = None
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


def check_definition(
    definition: Definition, attribute_types: Mapping[str, AttributeType] | None = None
) -> None:
    """Raises DefinitionError for the first rule that the definition breaks.

    `attribute_types`: what the program says of its participants' attributes.
    """
    _check_trigger(definition)
    _check_scope(definition)
    _check_expressions(definition, attribute_types)
    _check_documents(definition)
    if isinstance(definition.action, SendMessage):
        values = {"participant": {}, "payload": definition.payload}
        for fault in message_faults("action", definition.action, values):
            raise fault


def _check_trigger(definition: Definition) -> None:
    pair = (definition.trigger_type, definition.scope)
    if pair not in VALID_PAIRS:
        valid = sorted({trigger.value for trigger, scope in VALID_PAIRS if scope is definition.scope})
        raise DefinitionError(
            "scope",
            f"a trigger of type {definition.trigger_type} cannot have scope {definition.scope}",
            f"with this scope, a trigger of type {', '.join(valid)}",
        )
    try:
        validate_timezone(definition.timezone)
        if definition.cron_expression is not None:
            parse_cron(definition.cron_expression)
    except ScheduleError as error:
        raise DefinitionError(error.field, error.reason, error.expected) from None
    for required in REQUIRED_BY_TRIGGER.get(definition.trigger_type, ()):
        if getattr(definition, required) is None:
            raise DefinitionError(required, "required", "present")
    if definition.schedule_type is not None and definition.schedule_config is not None:
        try:
            parse_schedule_config(definition.schedule_type, definition.schedule_config)
        except ScheduleConfigError as error:
            raise DefinitionError(error.field, error.reason, error.expected) from None
    if definition.trigger_at is not None and not FIRST_INSTANT <= definition.trigger_at < END_OF_TIME:
        raise DefinitionError(
            "trigger_at", "is out of range", f"an instant from {FIRST_INSTANT:%Y} to {END_OF_TIME.year - 1}"
        )


def _check_scope(definition: Definition) -> None:
    if definition.scope is Scope.PROGRAM:
        for name in PARTICIPANTS_ONLY:
            if getattr(definition, name) is not None:
                raise DefinitionError(
                    name, "not a field of a program-scoped automation", "scope participants"
                )
    if definition.participant_id is not None and (
        definition.scope is not Scope.PROGRAM or definition.trigger_type is not TriggerType.ONE_TIME
    ):
        raise DefinitionError("participant_id", "only a one_time automation of scope program takes it")


def _check_expressions(definition: Definition, attribute_types: Mapping[str, AttributeType] | None) -> None:
    for name in ("participant_filter", "guard_condition"):
        text = getattr(definition, name)
        if text is None:
            continue
        try:
            check_condition(text, attribute_types=attribute_types)
        except ExpressionError as error:
            problem = error.problems[0]
            place = Position(problem.line, problem.column)
            raise DefinitionError(name, str(error), problem.expected, problem.suggestion, place) from None


def _check_documents(definition: Definition) -> None:
    for name in ("payload", "filter_hints", "schedule_config"):
        check_document(name, getattr(definition, name))


def check_document(field: str, value: object) -> None:
    """Raises DefinitionError for JSON that cannot be stored, and names the place in it."""
    for problem in check_json_limits(value):
        raise DefinitionError(f"{field}.{problem.path}" if problem.path else field, problem.reason)


def message_faults(at: str, action: SendMessage, values: Mapping[str, Any]) -> Iterator[DefinitionError]:
    """What is wrong with an action itself. `values`: the names that its texts may use."""
    yield from _sending_faults(at, action)
    for name, source in action.sources():
        yield from template_faults(f"{at}.{name}", source, values)
    if action.channel is not Channel.EMAIL and action.body is not None and not action.body.strip():
        yield DefinitionError(f"{at}.body", "required", "more than white space")


def _sending_faults(at: str, action: SendMessage) -> Iterator[DefinitionError]:
    """What the action asks of gates that will not be asked of its messages."""
    asked = action.sending
    if asked.transactional:
        for name in NOT_FOR_TRANSACTIONAL:
            if getattr(asked, name):
                reason = "no window and no holdout keeps a transactional message"
                yield DefinitionError(f"{at}.sending.{name}", reason, "no such field, or transactional false")
    elif asked.recently_contacted is not None and action.channel not in CONSENT_CHANNELS:
        reason = f"messages of the channel {action.channel} do not go to the person, and know no windows"
        expected = f"no such field, or one of the channels {', '.join(CONSENT_CHANNELS)}"
        yield DefinitionError(f"{at}.sending.recently_contacted", reason, expected)


def template_faults(
    field: str, source: str, values: Mapping[str, Any], *, html: bool = False
) -> Iterator[DefinitionError]:
    """What is wrong with `source` as a template. `values`: the names that it may use."""
    try:
        faults = list(parse_template(source, html=html).faults(values))
    except TemplateError as error:
        faults = [error]
    for fault in faults:
        yield DefinitionError(field, str(fault), "a Liquid template", fault.suggestion, fault.position)
