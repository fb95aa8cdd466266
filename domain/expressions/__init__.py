"""Conditions that clients write, in the Common Expression Language: compiled, bounded and evaluated."""

from domain.expressions.engine import Condition, Verdict, compile_condition
from domain.expressions.errors import ExpressionError, ExpressionProblem
from domain.expressions.variables import PARTICIPANT, PARTICIPANT_EVENT, Environment, VariableType

__all__ = [
    "PARTICIPANT",
    "PARTICIPANT_EVENT",
    "Condition",
    "Environment",
    "ExpressionError",
    "ExpressionProblem",
    "VariableType",
    "Verdict",
    "compile_condition",
]
