"""Message templates in Liquid, bounded in size, loops and output."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError, UnknownFilterError

from domain.template_bounds import MAX_RANGE, Filter, bound_ranges, bounded

MAX_OUTPUT_BYTES = 262_144
MAX_LOOP_ITERATIONS = MAX_RANGE


class TemplateError(ValueError):
    """A template that cannot be parsed or rendered; the text says what and where, without any data."""


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


class Template:
    """A parsed template. Unknown variables render as nothing, as Liquid does."""

    def __init__(self, source: str) -> None:
        try:
            self._template = _PLAIN.from_string(source)
            bound_ranges(self._template)
        except LiquidError as error:
            raise _error_of(error) from None

    def render(self, values: Mapping[str, Any]) -> str:
        """Raises TemplateError when the template fails on these values or passes a limit."""
        try:
            return self._template.render(**values)
        except LiquidError as error:
            raise _error_of(error) from None
        except Exception as error:
            # A filter that met a value it was not written for; the message would quote that value.
            raise TemplateValueError(f"{type(error).__name__}: cannot be rendered") from None


@lru_cache(maxsize=1_024)
def parse_template(source: str) -> Template:
    return Template(source)


def _error_of(error: LiquidError) -> TemplateError:
    # Only these messages come from the template alone; others may quote the value that a filter met.
    if isinstance(error, LiquidSyntaxError | UnknownFilterError | ResourceLimitError):
        return TemplateError(f"{type(error).__name__}: {error.message}")
    return TemplateValueError(f"{type(error).__name__}: cannot be rendered")
