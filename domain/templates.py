"""Message templates in Liquid, bounded in size, loops and output."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment
from liquid.builtin.expressions import FilteredExpression
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError, UnknownFilterError

from domain.expressions import Position
from domain.message_links import LINKS_IN_TEMPLATES
from domain.template_bounds import MAX_RANGE, Filter, bound_ranges, bounded, expressions_of
from domain.template_gaps import Gap, NotingOutput

MAX_OUTPUT_BYTES = 262_144
MAX_LOOP_ITERATIONS = MAX_RANGE


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

    def faults(self, values: Mapping[str, Any]) -> Iterator[TemplateError]:
        """What is wrong with it whoever it is for: filters that do not exist, then what rendering it meets."""
        unknown = list(self._unknown_filters())
        yield from unknown
        if unknown:
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
        gaps: list[Gap] = []
        environment.globals = {NotingOutput.NOTES: gaps}
        _rendered(_parsed(environment, self._source), values)
        return gaps

    def _unknown_filters(self) -> Iterator[TemplateError]:
        """Rendering finds only those that it comes by."""
        known = self._environment.filters
        for expression in expressions_of(self._template):
            for used in (isinstance(expression, FilteredExpression) and expression.filters) or ():
                if used.name not in known:
                    yield _error_of(UnknownFilterError(f"unknown filter '{used.name}'", token=used.token))


@lru_cache(maxsize=1_024)
def parse_template(source: str, *, html: bool = False) -> Template:
    return Template(source, html=html)


def _parsed(environment: Environment, source: str) -> BoundTemplate:
    try:
        template = environment.from_string(source)
        bound_ranges(template)
    except LiquidError as error:
        raise _error_of(error) from None
    return template


def _rendered(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    try:
        return template.render(**LINKS_IN_TEMPLATES | dict(values))
    except LiquidError as error:
        raise _error_of(error) from None
    except Exception as error:
        # A filter that met a value it was not written for; the message would quote that value.
        raise TemplateValueError(f"{type(error).__name__}: cannot be rendered") from None


def _error_of(error: LiquidError) -> TemplateError:
    place = _position_of(error)
    # Only these messages come from the template alone; others may quote the value that a filter met.
    if isinstance(error, LiquidSyntaxError | UnknownFilterError | ResourceLimitError):
        return TemplateError(f"{type(error).__name__}: {error.message}", place, _suggestion_for(error))
    return TemplateValueError(f"{type(error).__name__}: cannot be rendered", place)


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
