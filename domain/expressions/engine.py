"""Conditions: compiled once, evaluated per participant, by Google's CEL engine (cel-cpp)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional

from domain.expressions import functions
from domain.expressions.ast import Expr
from domain.expressions.binding import (
    Bind,
    UnfitValueError,
    binders,
    missing_messages,
    referenced_variables,
)
from domain.expressions.checks import check_cost, check_text, check_tree
from domain.expressions.codec import Source, decode, replace_tree
from domain.expressions.cost import cost
from domain.expressions.diagnosis import problems_of
from domain.expressions.errors import ExpressionError, ExpressionProblem
from domain.expressions.limits import CACHED_CONDITIONS
from domain.expressions.presence import (
    aliases,
    name_presence_tests,
    replace_presence_tests,
    reserved_names,
)
from domain.expressions.variables import PARTICIPANT, Environment, VariableType

_TYPE = cel.Type
_BOOL = cel.Type.BOOL
_ENGINE_TYPES = {
    VariableType.STRING: _TYPE.STRING,
    VariableType.BOOL: _TYPE.BOOL,
    VariableType.TIMESTAMP: _TYPE.TIMESTAMP,
    VariableType.STRING_LIST: _TYPE.List(_TYPE.STRING),
    VariableType.STRING_MAP: _TYPE.Map(_TYPE.STRING, _TYPE.STRING),
    VariableType.ANY_MAP: _TYPE.Map(_TYPE.STRING, _TYPE.DYN),
}

# The engine tells why an evaluation failed as text alone; what none of these begins is told in general words.
_FAILURES = {
    "NOT_FOUND: Key not found": "a field is missing",
    "UNKNOWN: No matching overloads": "a value is of a type that the operation on it does not take",
    "INVALID_ARGUMENT: Applying SELECT": "a field is looked up in a value that has no fields",
    "UNKNOWN: Index error": "a list has no item at that index",
}
_FAILED = "the condition cannot be evaluated on these values"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds. `error` tells why it could not be evaluated, without any of the data's values."""

    matched: bool
    error: str | None = None


_MATCHED = Verdict(True)
_NOT_MATCHED = Verdict(False)


@dataclass(frozen=True)
class Condition:
    """A compiled condition.

    `variables`: dotted names of the variables it refers to. `ast`: its checked tree. `cost`: units of
    limits.COST_BUDGET that one evaluation can take.
    """

    text: str
    variables: frozenset[str]
    ast: Expr = field(repr=False)
    cost: int
    _program: Any = field(repr=False, compare=False)
    _binders: tuple[Bind, ...] = field(repr=False, compare=False)
    _missing: Mapping[str, str] = field(repr=False, compare=False)

    def evaluate(self, values: Mapping[str, object]) -> Verdict:
        """Evaluate on values by dotted variable name; only those in `variables` are looked up.

        A variable that is absent or None, like a missing field, makes the condition false unless it holds
        whatever that value is (`a || b` with `b` true). Times are datetimes with an offset; the rest is JSON.
        Never raises for what the data hold.
        """
        data: dict[str, object] = {}
        try:
            for bind in self._binders:
                bind(values, data)
            result = self._program.eval(data=data)
        except UnfitValueError as error:
            return Verdict(False, str(error))
        except (RuntimeError, TypeError, ValueError, OverflowError):
            # Text that is not Unicode, or more steps than the engine allows.
            return Verdict(False, _FAILED)
        # Only a BOOL may be asked for its value: reading a null back corrupts None's reference count.
        if result.type() == _BOOL:
            return _MATCHED if result.value() else _NOT_MATCHED
        return Verdict(False, self._failure(result))

    def _failure(self, result: Any) -> str:
        if result.type() != _TYPE.ERROR:
            return _FAILED
        report = str(result.value())
        known = self._missing.get(report)
        if known is not None:
            return known
        return next((words for start, words in _FAILURES.items() if report.startswith(start)), _FAILED)


@lru_cache(maxsize=CACHED_CONDITIONS)
def compile_condition(text: str, environment: Environment = PARTICIPANT) -> Condition:
    """The condition that `text` is in `environment`. Raises ExpressionError that lists every problem found."""
    _raise_any(check_text(text))
    source = Source(text)
    parsed = _parse(text, source, environment)
    _raise_any(reserved_names(parsed, environment))
    checked_text, problems = replace_presence_tests(text, parsed, source, environment)
    _raise_any(problems)
    checked = _check(checked_text, source, parsed, environment)
    serialized: bytes = checked.serialize()
    tree = name_presence_tests(decode(serialized, source), environment)
    _raise_any(check_tree(tree, environment, is_pattern))
    _raise_any(functions.check_functions(tree))
    _raise_any(_result_problems(checked.return_type()))
    expanded = functions.expand_functions(tree)
    units = cost(expanded)
    _raise_any(check_cost(units))
    program = checked
    if expanded is not tree:
        program = _runner(environment).deserialize(replace_tree(serialized, expanded))
    return Condition(
        text=text,
        variables=referenced_variables(expanded, environment),
        ast=tree,
        cost=units,
        _program=program,
        _binders=binders(expanded, environment),
        _missing=missing_messages(expanded, environment),
    )


def is_pattern(text: str) -> bool:
    """Whether `text` is a regular expression that the engine takes."""
    result = _pattern_probe().eval(data={"pattern": text})
    return bool(result.type() == _BOOL)


def _parse(text: str, source: Source, environment: Environment) -> Expr:
    try:
        parsed = _checker(environment).compile(text, disable_check=True)
    except RuntimeError as error:
        raise ExpressionError(problems_of(str(error), text, source, None, environment)) from None
    return decode(parsed.serialize(), source)


def _check(text: str, source: Source, parsed: Expr, environment: Environment) -> Any:
    try:
        return _checker(environment).compile(text)
    except RuntimeError as error:
        raise ExpressionError(problems_of(str(error), text, source, parsed, environment)) from None


def _result_problems(type_: Any) -> list[ExpressionProblem]:
    if type_ == _BOOL:
        return []
    if type_ == _TYPE.DYN:
        reason, expected = "the expression may not be true or false", "a comparison, such as `... == true`"
    else:
        reason, expected = f"the expression is of type {type_.name().lower()}", "one that is true or false"
    return [ExpressionProblem(1, 1, reason, expected)]


def _raise_any(problems: list[ExpressionProblem]) -> None:
    if problems:
        raise ExpressionError(problems)


@cache
def _checker(environment: Environment) -> Any:
    """Compiles what clients wrote: knows the helpers' signatures, and no function beyond the standard ones."""
    return cel.NewEnv(variables=_declarations(environment), functions=functions.DECLARATIONS)


@cache
def _runner(environment: Environment) -> Any:
    """Runs what helpers expand to."""
    extensions = [ext_math.ExtMath(), ext_optional.ExtOptional()]
    runner = cel.NewEnv(variables=_declarations(environment), extensions=extensions)
    # Until it has compiled something, an environment takes every variable for one of any type.
    runner.compile("true")
    return runner


def _declarations(environment: Environment) -> dict[str, Any]:
    declared = {name: _ENGINE_TYPES[type_] for name, type_ in environment.variables.items()}
    return declared | dict.fromkeys(aliases(environment).values(), _BOOL)


@cache
def _pattern_probe() -> Any:
    return cel.NewEnv(variables={"pattern": _TYPE.STRING}).compile('"".matches(pattern)')
