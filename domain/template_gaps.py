"""Where a template wrote nothing: a value that is missing shows only to those who look for it."""

from dataclasses import dataclass
from typing import TextIO

from liquid import RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.token import Token

from domain.template_work import charge

# The line is counted from the beginning of the source.
NOTING = 20


@dataclass(frozen=True, slots=True)
class Gap:
    """`expression`: what came out empty, as the template says it; `line`: counted from 1."""

    expression: str
    line: int


class _NotingNode(OutputNode):
    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        written = super().render_to_output(context, buffer)
        if not written:
            charge(NOTING)
            gap = Gap(str(self.expression), _line_of(self.token))
            notes = context.globals[NotingOutput.NOTES]
            assert isinstance(notes, dict)
            notes[gap] = None
        return written


class NotingOutput(Output):
    """Instead of what writes values: it notes, in the global NOTES, each that comes to nothing."""

    NOTES = "the gaps that were noted"
    node_class = _NotingNode


def _line_of(token: Token) -> int:
    return token.source.count("\n", 0, max(token.start_index, 0)) + 1
