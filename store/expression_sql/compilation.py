"""Conditions as SQL over `participant AS p`, with sound bounds where SQL cannot tell exactly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.expressions import Condition
from domain.expressions.functions import expand_functions
from store.expression_sql.compiler import Compiler
from store.expression_sql.fitness import is_fit
from store.expression_sql.fragments import FALSE, TRUE, Parameters, Sql, all_true
from store.expression_sql.variables import Variables
from store.tables import Program


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """Where a condition certainly holds, and where it may.

    `t_lo`, `t_hi`, `f_lo` and `f_hi` are predicates over `participant AS p` in which NULL counts as not holding; they
    bound the rows for which the condition is true, and false. A row where it is an error is neither. The lower bounds
    are to be believed only where `is_fit` holds. `parameters`: what to bind. `is_exact`: all four say it exactly, for
    data that clients can store.
    """

    t_lo: Sql
    t_hi: Sql
    f_lo: Sql
    f_hi: Sql
    is_fit: Sql
    parameters: dict[str, Any]
    is_exact: bool

    @property
    def certain(self) -> Sql:
        """Never NULL: whether the condition holds without asking the engine."""
        return f"(CASE WHEN {self.t_lo} THEN {self.is_fit} ELSE FALSE END) IS TRUE"

    @property
    def has_certain_rows(self) -> bool:
        return self.t_lo != FALSE

    @property
    def possible(self) -> Sql:
        """Holds wherever the condition does, and seldom elsewhere."""
        return self.t_hi

    @property
    def uncertain(self) -> Sql:
        """Where only the engine can tell."""
        return all_true(self.possible, f"NOT ({self.certain})")


UNDECIDED = SqlCondition(
    t_lo=FALSE, t_hi=TRUE, f_lo=FALSE, f_hi=TRUE, is_fit=TRUE, parameters={}, is_exact=False
)
"""Of any condition: every row is left to the engine."""


def compile_to_sql(condition: Condition, program: Program, now: datetime) -> SqlCondition:
    """What PostgreSQL can tell of `condition` for the participants of `program` at `now`, which has an offset."""
    parameters = Parameters()
    bounds = Compiler(Variables(program, now, parameters), parameters).truth(condition.ast, {})
    expanded = expand_functions(condition.ast, condition.environment)
    return SqlCondition(
        bounds.t_lo,
        bounds.t_hi,
        bounds.f_lo,
        bounds.f_hi,
        is_fit(expanded, condition.environment, parameters),
        parameters.values,
        bounds.is_exact,
    )
