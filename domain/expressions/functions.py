"""The functions that conditions have beyond the language's own, and what each stands for in it."""

from itertools import count

from cel_expr_python import cel

from domain.expressions.ast import Call, Const, Expr, Ident, Position, StaticType, transform, walk
from domain.expressions.errors import ExpressionProblem
from domain.expressions.limits import MAX_ROUND_DIGITS

_TYPE = cel.Type
_ANY_MAP = _TYPE.Map(_TYPE.STRING, _TYPE.DYN)

NAMES = frozenset({"get", "round", "days_since", "in_segment"})

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
]


def check_functions(tree: Expr) -> list[ExpressionProblem]:
    """What the signatures cannot say: `round` takes its digits as a literal."""
    problems = []
    for node in walk(tree):
        if not (isinstance(node, Call) and node.function == "round"):
            continue
        digits = node.args[1]
        if (
            isinstance(digits, Const)
            and isinstance(digits.value, int)
            and 0 <= digits.value <= MAX_ROUND_DIGITS
        ):
            continue
        problems.append(
            ExpressionProblem(
                digits.position.line,
                digits.position.column,
                "the digits of round() are not a plain number that can be used",
                expected=f"a whole number from 0 to {MAX_ROUND_DIGITS}",
            )
        )
    return problems


def expand_functions(tree: Expr) -> Expr:
    """The tree in the language's own functions: what the engine runs."""
    if not any(isinstance(node, Call) and node.function in NAMES for node in walk(tree)):
        return tree
    # Fresh ids: the checked form resolves calls by id, and would look for the helper where its id was kept.
    ids = count(max(node.id for node in walk(tree)) + 1)
    return transform(tree, lambda node: _expand(node, ids) if isinstance(node, Call) else node)


def _expand(node: Call, ids: "count[int]") -> Expr:
    build = _Builder(ids, node.position)
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
        case "in_segment", (segment,):
            return build.call("@in", segment, build.ident("participant.segments", StaticType.LIST))
        case _:
            return node


class _Builder:
    """Nodes that take the place of one call."""

    def __init__(self, ids: "count[int]", position: Position) -> None:
        self._ids = ids
        self._position = position

    def call(self, function: str, *args: Expr, target: Expr | None = None) -> Call:
        type_ = StaticType.BOOL if function == "@in" else StaticType.ANY
        return Call(function, target, args, id=next(self._ids), position=self._position, type=type_)

    def const(self, value: float | int) -> Const:
        type_ = StaticType.INT if isinstance(value, int) else StaticType.DOUBLE
        return Const(value, id=next(self._ids), position=self._position, type=type_)

    def ident(self, name: str, type_: StaticType) -> Ident:
        return Ident(name, id=next(self._ids), position=self._position, type=type_)
