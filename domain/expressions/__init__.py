"""Conditions that clients write, in the Common Expression Language: compiled, bounded and evaluated."""

from domain.expressions.ast import Position
from domain.expressions.attribute_types import AttributeType, check_condition
from domain.expressions.breaker import SlowConditionError, with_breaker
from domain.expressions.engine import Condition, Verdict, compile_condition
from domain.expressions.errors import ExpressionError, ExpressionProblem
from domain.expressions.explaining import Explanation, explain
from domain.expressions.necessary import Comparison, necessary_comparisons
from domain.expressions.variables import PARTICIPANT, PARTICIPANT_EVENT, RULE, Environment, VariableType

__all__ = [
    "PARTICIPANT",
    "PARTICIPANT_EVENT",
    "RULE",
    "AttributeType",
    "Comparison",
    "Condition",
    "Environment",
    "Explanation",
    "ExpressionError",
    "ExpressionProblem",
    "Position",
    "SlowConditionError",
    "VariableType",
    "Verdict",
    "check_condition",
    "compile_condition",
    "explain",
    "necessary_comparisons",
    "with_breaker",
]
