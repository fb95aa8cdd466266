"""Message templates in Liquid, bounded in size, loops, work and output."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError, UnknownFilterError

from domain.expressions import Position
from domain.message_links import LINKS_IN_TEMPLATES
from domain.template_bounds import MAX_RANGE, Filter, bound_ranges, bounded
from domain.template_filters import filter_faults
from domain.template_gaps import Gap, NotingOutput
from domain.template_source import check_source
from domain.template_work import bound_steps, bounded_work

MAX_OUTPUT_BYTES = 262_144
MAX_LOOP_ITERATIONS = MAX_RANGE
# A template stands alone: there are no others that one could be made of.
_TAGS_OF_OTHER_TEMPLATES = ("include", "render")


class TemplateError(ValueError):
    """A template that cannot be parsed or rendered; the text says what and where, without any data.

    `position`: in the source, where that is known; `suggestion`: what may have been meant.
    """

    def __init__(self, reason: str, position: Position | None = None, suggestion: str | None = None) -> None:
        super().__init__(reason)
        self.position = position
        self.suggestion = suggestion


class TemplateValueError(TemplateError):
    """A template that is right in itself met values it cannot be rendered with."""


class _BoundedEnvironment(Environment):
    output_stream_limit = MAX_OUTPUT_BYTES
    loop_iteration_limit = MAX_LOOP_ITERATIONS
    context_depth_limit = 20
    local_namespace_limit = 65_536

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for name in _TAGS_OF_OTHER_TEMPLATES:
            del self.tags[name]

    def add_filter(self, name: str, func: Filter) -> None:
        super().add_filter(name, bounded(name, func))


_PLAIN = _BoundedEnvironment(autoescape=False)
_HTML = _BoundedEnvironment(autoescape=True)


class Template:
    """A parsed template. Unknown variables render as nothing, as Liquid does.

    As `html`, values are escaped, and what the template itself says is not.
    """

    def __init__(self, source: str, *, html: bool = False) -> None:
        self._source = source
        self._environment = _HTML if html else _PLAIN
        self._template = _parsed(self._environment, source)

    def render(self, values: Mapping[str, Any]) -> str:
        """Raises TemplateError when the template fails on these values or passes a limit."""
        return _rendered(self._template, values)

    @cached_property
    def filter_faults(self) -> Sequence[TemplateError]:
        """Filters that do not exist, or have arguments that they never take. Nothing is rendered."""
        return [_fault_of(error) for error in filter_faults(self._template)]

    def faults(self, values: Mapping[str, Any]) -> Iterator[TemplateError]:
        """What is wrong with it whoever it is for: filters that cannot be applied, then what rendering it meets."""
        yield from self.filter_faults
        if self.filter_faults:
            return
        try:
            self.render(values)
        except TemplateValueError:
            # No fault of the template: people have other values.
            return
        except TemplateError as error:
            yield error

    def gaps(self, values: Mapping[str, Any]) -> list[Gap]:
        """The places where it wrote nothing. Raises TemplateError, as `render`."""
        environment = _BoundedEnvironment(autoescape=self._environment.autoescape)
        environment.add_tag(NotingOutput)
        gaps: dict[Gap, None] = {}
        environment.globals = {NotingOutput.NOTES: gaps}
        _rendered(_parsed(environment, self._source), values)
        return list(gaps)


@lru_cache(maxsize=1_024)
def parse_template(source: str, *, html: bool = False) -> Template:
    return Template(source, html=html)


def _parsed(environment: Environment, source: str) -> BoundTemplate:
    try:
        check_source(source)
        template = environment.from_string(source)
        bound_ranges(template)
        bound_steps(template)
    except LiquidError as error:
        raise _fault_of(error) from None
    return template


def _rendered(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    try:
        with bounded_work():
            return template.render(**LINKS_IN_TEMPLATES | dict(values))
    except LiquidError as error:
        raise _error_of(error) from None
    except Exception:
        # A filter that met a value it was not written for; the message would quote that value.
        raise TemplateValueError("a value is not what the template needs") from None


def _error_of(error: LiquidError) -> TemplateError:
    # Only these messages come from the template alone; others may quote the value that a filter met.
    if isinstance(error, LiquidSyntaxError | UnknownFilterError | ResourceLimitError):
        return _fault_of(error)
    word = None if error.token is None else error.token.value
    at = f"for filter '{word}' " if word in _PLAIN.filters else ""
    return TemplateValueError(f"a value {at}is not what the template needs", _position_of(error))


def _fault_of(error: LiquidError) -> TemplateError:
    return TemplateError(str(error.message), _position_of(error), _suggestion_for(error))


def _position_of(error: LiquidError) -> Position | None:
    token = error.token
    if token is None or not 0 <= token.start_index < len(token.source):
        return None
    before = token.source[: token.start_index]
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _suggestion_for(error: LiquidError) -> str | None:
    if not isinstance(error, UnknownFilterError) or error.token is None:
        return None
    return next(iter(get_close_matches(error.token.value, _PLAIN.filters, n=1)), None)
