"""Conditions: compiled once, evaluated per participant, by Google's CEL engine (cel-cpp)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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
# Text that is not Unicode, or more steps than the engine allows.
_ENGINE_ERRORS = (RuntimeError, TypeError, ValueError, OverflowError)
_SCALARS = (
    *(_TYPE.BOOL, _TYPE.INT, _TYPE.UINT, _TYPE.DOUBLE, _TYPE.STRING, _TYPE.BYTES),
    *(_TYPE.TIMESTAMP, _TYPE.DURATION),
)
_FAILED = "the condition cannot be evaluated on these values"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds. `error` tells why it could not be evaluated, without any of the data's values."""

    matched: bool
    error: str | None = None


_MATCHED = Verdict(True)
_NOT_MATCHED = Verdict(False)


class Shape(StrEnum):
    """A value of a part of a condition that is not read: what is inside it can be asked for as further parts."""

    LIST = "list"
    MAP = "map"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Part:
    """What a part of a condition is: a scalar or a Shape; or the error why it is nothing, a missing value or other."""

    value: object = None
    error: str | None = None
    is_missing: bool = False


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
    environment: Environment = field(repr=False)
    _program: Any = field(repr=False, compare=False)
    _serialized: bytes = field(repr=False, compare=False)
    _binders: tuple[Bind, ...] = field(repr=False, compare=False)
    _missing: Mapping[str, str] = field(repr=False, compare=False)

    def evaluate(self, values: Mapping[str, object]) -> Verdict:
        """Evaluate on values by dotted variable name; only those in `variables` are looked up.

        A variable that is absent or None, like a missing field, makes the condition false unless it holds
        whatever that value is (`a || b` with `b` true). Times are datetimes with an offset; the rest is JSON.
        Never raises for what the data hold.
        """
        try:
            result = _run(self._program, self._binders, values)
        except UnfitValueError as error:
            return Verdict(False, str(error))
        except _ENGINE_ERRORS:
            return Verdict(False, _FAILED)
        # Only a BOOL may be asked for its value: reading a null back corrupts None's reference count.
        if result.type() == _BOOL:
            return _MATCHED if result.value() else _NOT_MATCHED
        return Verdict(False, _failure(result, self._missing))

    def evaluate_part(self, node: Expr, values: Mapping[str, object]) -> Part:
        """What `node` alone is, a node of the tree or one made of such, its helpers expanded. As slow as compiling."""
        program = _runner(self.environment).deserialize(replace_tree(self._serialized, node))
        missing = missing_messages(node, self.environment)
        try:
            result = _run(program, binders(node, self.environment), values)
            if result.type() == _TYPE.ERROR:
                return Part(error=_failure(result, missing), is_missing=str(result.value()) in missing)
            return Part(_scalar_or_shape(result))
        except UnfitValueError as error:
            return Part(error=str(error))
        except _ENGINE_ERRORS:
            return Part(error=_FAILED)


def _run(program: Any, bound: tuple[Bind, ...], values: Mapping[str, object]) -> Any:
    data: dict[str, object] = {}
    for bind in bound:
        bind(values, data)
    return program.eval(data=data)


def _scalar_or_shape(result: Any) -> object:
    type_ = result.type()
    if type_ == _TYPE.NULL:
        return None
    if type_ in _SCALARS:
        return result.value()
    name = type_.name()
    return next((shape for shape in (Shape.LIST, Shape.MAP) if name.startswith(shape.name)), Shape.OTHER)


def _failure(result: Any, missing: Mapping[str, str]) -> str:
    if result.type() != _TYPE.ERROR:
        return _FAILED
    report = str(result.value())
    known = missing.get(report)
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
    expanded = functions.expand_functions(tree, environment)
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
        environment=environment,
        _serialized=serialized,
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
