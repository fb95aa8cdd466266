"""The expression that a request asks about: given as text, or as one of the forms that are translated to it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from api.documents import refuse_beyond_limits
from api.errors import ErrorDetails, Fault, Refusal, TextPosition, invalid, invalid_fields
from api.schemas.expression import AskedExpression
from domain.condition_forms import (
    ConditionFormError,
    cel_of_conditions,
    cel_of_filter_groups,
    cel_of_hints,
)
from domain.expressions import Condition, Environment, ExpressionError

FORMS = ("expression", "conditions", "filter_groups", "filter_hints")


@dataclass(frozen=True, slots=True)
class ExpressionAsked:
    """`text` is what the request's `field` comes to."""

    field: str
    text: str

    @property
    def is_translated(self) -> bool:
        return self.field != "expression"


async def expression_asked(request: AskedExpression, environment: Environment) -> ExpressionAsked:
    """Raises a Refusal unless just one is given, and for a form that cannot be translated."""
    given = [name for name in FORMS if getattr(request, name) is not None]
    if not given:
        raise invalid("expression", "required", f"one of {', '.join(FORMS)}")
    if len(given) > 1:
        raise invalid(given[1], f"given beside {given[0]}", f"one of {', '.join(FORMS)}")
    refuse_beyond_limits(filter_hints=request.filter_hints)
    (field,) = given
    try:
        return ExpressionAsked(field, await asyncio.to_thread(_text, request, environment))
    except ConditionFormError as error:
        raise invalid_fields(
            [
                Fault(
                    field=f"{field}.{each.path}" if each.path else field,
                    reason=each.reason,
                    expected=each.expected,
                )
                for each in (error, *error.others)
            ]
        ) from None


async def condition_asked(asked: ExpressionAsked, check: Callable[[str], Condition]) -> Condition:
    """The condition that `check`, which may raise ExpressionError, makes of the text.

    Raises a Refusal that names the place.
    """
    try:
        return await asyncio.to_thread(check, asked.text)
    except ExpressionError as error:
        problem = error.problems[0]
        if asked.is_translated:
            # The client has not seen the text that a place would be in.
            raise invalid(asked.field, problem.reason, problem.expected) from None
        details = ErrorDetails(
            field=asked.field,
            reason=str(error),
            expected=problem.expected,
            suggestion=problem.suggestion,
            position=TextPosition(line=problem.line, column=problem.column),
        )
        raise Refusal(400, f"{asked.field}: {error}", details) from None


def _text(request: AskedExpression, environment: Environment) -> str:
    if request.conditions is not None:
        return cel_of_conditions(request.conditions, environment)
    if request.filter_groups is not None:
        return cel_of_filter_groups(request.filter_groups, environment=environment)
    if request.filter_hints is not None:
        return cel_of_hints(request.filter_hints)
    assert request.expression is not None
    return request.expression
