"""Why a text is not a condition."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpressionProblem:
    """One thing wrong, at a line and column counted from 1, in characters."""

    line: int
    column: int
    reason: str
    expected: str | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.suggestion}?)" if self.suggestion else ""
        return f"{self.line}:{self.column}: {self.reason}{hint}"


class ExpressionError(ValueError):
    """A text that is not an acceptable condition; `problems` in the order of the text, never empty."""

    def __init__(self, problems: Sequence[ExpressionProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        more = len(self.problems) - 1
        super().__init__(f"{self.problems[0]}{f' (and {more} more)' if more else ''}")
