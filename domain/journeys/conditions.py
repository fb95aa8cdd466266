"""The filters of splits: of contacts and events by the one expression language, of messages by what became of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.condition_forms import Filter, FilterGroup, cel_of_filter_groups
from domain.expressions import PARTICIPANT_EVENT, Condition, SlowConditionError, compile_condition
from domain.journeys.filters import LogicalOperator, SplitFilter, SplitFilterGroup, SplitFilterType, UrlMatch

Compile = Callable[[str], Condition]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the message that a block sent to somebody. `clicked_urls`: the links they followed."""

    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    clicked_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageTest:
    """Whether what a block sent was opened, or clicked: with `url`, a link that it matches."""

    block_id: str
    clicked: bool
    url: UrlMatch | None = None

    def holds(self, received: Mapping[str, Received]) -> bool:
        message = received.get(self.block_id)
        if message is None:
            return False
        if not self.clicked:
            # Whoever followed a link has seen the message, also where images are not loaded.
            return message.opened_at is not None or message.clicked_at is not None
        if message.clicked_at is None:
            return False
        return self.url is None or any(_matches(self.url, url) for url in message.clicked_urls)


@dataclass(frozen=True, slots=True)
class SplitCondition:
    """A filter group, compiled. `condition`: all of it that is not about messages."""

    operator: LogicalOperator
    condition: Condition | None
    messages: tuple[MessageTest, ...]

    def judge(
        self, values: Callable[[], Mapping[str, object]], received: Mapping[str, Received]
    ) -> tuple[bool, str | None]:
        """Whether it holds, and why it could not be asked, if so: it then counts as false.

        `values`: by dotted variable, of the participant and of the event that brought them here.
        """
        told = [test.holds(received) for test in self.messages]
        settles = self.operator is LogicalOperator.OR
        if self.condition is None or settles in told:
            return (any(told) if settles else all(told)), None
        try:
            verdict = self.condition.evaluate(values())
        except SlowConditionError:
            return False, "the condition is too slow"
        return verdict.matched, verdict.error


def split_condition(group: SplitFilterGroup, compile_: Compile | None = None) -> SplitCondition:
    """Raises ConditionFormError for a filter that does not fit."""
    messages = tuple(_message_test(one) for one in group.filters if one.type is SplitFilterType.MESSAGE)
    others = [one for one in group.filters if one.type is not SplitFilterType.MESSAGE]
    condition = None
    if others:
        text = cel_of_filter_groups([_form(group.logical_operator, others)], environment=PARTICIPANT_EVENT)
        condition = (compile_ or _compile)(text)
    return SplitCondition(group.logical_operator, condition, messages)


def _compile(text: str) -> Condition:
    return compile_condition(text, PARTICIPANT_EVENT)


def _message_test(one: SplitFilter) -> MessageTest:
    clicked = one.operator.startswith("clicked")
    anything = one.url_match is None or one.url_match.operator == "any"
    return MessageTest(str(one.value), clicked, None if anything else one.url_match)


def _form(operator: LogicalOperator, filters: Sequence[SplitFilter]) -> FilterGroup:
    written = [
        Filter.model_validate(
            {"type": one.type.value, "field": one.field, "operator": one.operator, "value": one.value}
        )
        for one in filters
    ]
    return FilterGroup.model_validate({"logicalOperator": operator.value, "filters": written})


def _matches(wanted: UrlMatch, url: str) -> bool:
    value = wanted.value or ""
    match wanted.operator:
        case "is":
            return url == value
        case "contains":
            return value in url
        case "startsWith":
            return url.startswith(value)
        case "endsWith":
            return url.endswith(value)
        case _:
            return True
