"""The functions that conditions have beyond the language's own, and what each stands for in it."""

from collections.abc import Mapping
from itertools import count

from cel_expr_python import cel

from domain.expressions.ast import Call, Const, Expr, Ident, Position, Presence, StaticType, transform, walk
from domain.expressions.errors import ExpressionProblem
from domain.expressions.limits import MAX_ROUND_DIGITS
from domain.expressions.presence import aliases
from domain.expressions.variables import PARTICIPANT, Environment

_TYPE = cel.Type
_ANY_MAP = _TYPE.Map(_TYPE.STRING, _TYPE.DYN)

NAMES = frozenset({"get", "round", "days_since", "in_segment", "local"})

# What a time can be asked for, in a zone.
TIME_PARTS = frozenset(
    {
        *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear"),
        *("getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds"),
    }
)

# Numbers come back as "any": the checker would otherwise refuse to compare one with a literal of another kind.
DECLARATIONS = [
    cel.FunctionDecl(
        "get",
        [cel.Overload("get_key", return_type=_TYPE.DYN, parameters=[_ANY_MAP, _TYPE.STRING, _TYPE.DYN])],
    ),
    cel.FunctionDecl(
        "round",
        [
            cel.Overload("round_double", return_type=_TYPE.DYN, parameters=[_TYPE.DOUBLE, _TYPE.INT]),
            cel.Overload("round_int", return_type=_TYPE.DYN, parameters=[_TYPE.INT, _TYPE.INT]),
        ],
    ),
    cel.FunctionDecl(
        "days_since",
        [cel.Overload("days_since_timestamp", return_type=_TYPE.DYN, parameters=[_TYPE.TIMESTAMP])],
    ),
    cel.FunctionDecl(
        "in_segment",
        [cel.Overload("in_segment_id", return_type=_TYPE.BOOL, parameters=[_TYPE.STRING])],
    ),
    cel.FunctionDecl(
        "local",
        [cel.Overload("local_timestamp", return_type=_TYPE.TIMESTAMP, parameters=[_TYPE.TIMESTAMP])],
    ),
]


def check_functions(tree: Expr) -> list[ExpressionProblem]:
    """What the signatures cannot say: the digits of `round` are a literal, `local` is asked for a part of the time."""
    asked = {id(node.target) for node in walk(tree) if isinstance(node, Call) and _is_local_part(node)}
    problems = []
    for node in walk(tree):
        match node:
            case Call(function="round", args=(_, digits)) if not _is_digits(digits):
                reason = "the digits of round() are not a plain number that can be used"
                problems.append(_problem(digits, reason, f"a whole number from 0 to {MAX_ROUND_DIGITS}"))
            case Call(function="local") if id(node) not in asked:
                reason = "local() is not a time of its own, and can only be asked for its parts"
                problems.append(_problem(node, reason, "a part of it, such as local(now).getHours()"))
    return problems


def _is_digits(node: Expr) -> bool:
    return isinstance(node, Const) and isinstance(node.value, int) and 0 <= node.value <= MAX_ROUND_DIGITS


def _is_local_part(node: Call) -> bool:
    """`local(...).getHours()` and the like, without a zone of its own."""
    is_local = isinstance(node.target, Call) and node.target.function == "local"
    return is_local and node.function in TIME_PARTS and not node.args


def _problem(node: Expr, reason: str, expected: str) -> ExpressionProblem:
    return ExpressionProblem(node.position.line, node.position.column, reason, expected)


def expand_functions(tree: Expr, environment: Environment = PARTICIPANT, above: int = 0) -> Expr:
    """The tree in the language's own functions: what the engine runs. New nodes get ids greater than `above`."""
    if not any(isinstance(node, Call) and node.function in NAMES for node in walk(tree)):
        return tree
    # Fresh ids: the checked form resolves calls by id, and would look for the helper where its id was kept.
    ids = count(max(above, *(node.id for node in walk(tree))) + 1)
    names = aliases(environment)
    return transform(tree, lambda node: _expand(node, ids, names) if isinstance(node, Call) else node)


def _expand(node: Call, ids: "count[int]", names: Mapping[str, str]) -> Expr:
    build = _Builder(ids, node.position, names)
    match node.function, node.args:
        case "get", (mapping, key, default):
            return build.call("orValue", default, target=build.call("_[?_]", mapping, key))
        case "round", (number, Const(value=int(digits))):
            scale = 10.0**digits
            scaled = build.call("_*_", build.call("double", number), build.const(scale))
            return build.call("_/_", build.call("math.round", scaled), build.const(scale))
        case "days_since", (moment,):
            elapsed = build.call("_-_", build.ident("now", StaticType.TIMESTAMP), moment)
            return build.call("_/_", build.call("getHours", target=elapsed), build.const(24))
        case name, () if name in TIME_PARTS:
            return _expand_local_part(node, build)
        case "in_segment", (segment,):
            return build.call("@in", segment, build.ident("participant.segments", StaticType.LIST))
        case _:
            return node


def _expand_local_part(node: Call, build: "_Builder") -> Call:
    """`local(t).getHours()` asks `t` in the participant's zone, or the program's."""
    if not (isinstance(node.target, Call) and node.target.function == "local"):
        return node
    zone = build.call(
        "_?_:_",
        build.presence("participant.timezone"),
        build.ident("participant.timezone", StaticType.STRING),
        build.ident("program.timezone", StaticType.STRING),
    )
    return build.call(node.function, zone, target=node.target.args[0])


class _Builder:
    """Nodes that take the place of one call."""

    def __init__(self, ids: "count[int]", position: Position, aliases: Mapping[str, str]) -> None:
        self._ids = ids
        self._position = position
        self._aliases = aliases

    def call(self, function: str, *args: Expr, target: Expr | None = None) -> Call:
        type_ = StaticType.BOOL if function == "@in" else StaticType.ANY
        return Call(function, target, args, id=next(self._ids), position=self._position, type=type_)

    def const(self, value: float | int) -> Const:
        type_ = StaticType.INT if isinstance(value, int) else StaticType.DOUBLE
        return Const(value, id=next(self._ids), position=self._position, type=type_)

    def presence(self, variable: str) -> Presence:
        alias = self._aliases[variable]
        return Presence(variable, alias, id=next(self._ids), position=self._position, type=StaticType.BOOL)

    def ident(self, name: str, type_: StaticType) -> Ident:
        return Ident(name, id=next(self._ids), position=self._position, type=type_)
