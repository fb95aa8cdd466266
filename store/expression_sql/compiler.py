"""From a condition's checked tree to what SQL can tell of it."""

from domain.expressions.ast import (
    Call,
    Comprehension,
    Const,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Presence,
    Select,
    StaticType,
)
from store.expression_sql.arithmetic import combined, converted, days, negative
from store.expression_sql.bounds import (
    ALWAYS,
    NEVER,
    UNKNOWN,
    Bounds,
    choice,
    conjunction,
    disjunction,
    exactly,
    known_but,
    negation,
    within_size,
)
from store.expression_sql.comparisons import contained, equal, json_constant, ordered
from store.expression_sql.fragments import FALSE, MAX_FRAGMENT, Parameters, all_true, any_true, not_true
from store.expression_sql.literals import microseconds
from store.expression_sql.loops import Locals, Loops
from store.expression_sql.moments import timestamp_of
from store.expression_sql.text_tests import literal_pattern, literal_prefix, matches, text_test
from store.expression_sql.values import (
    ERROR_VALUE,
    UNKNOWN_VALUE,
    Constant,
    ConstantList,
    JsonValue,
    Kind,
    TextList,
    Value,
    constant,
    json_value,
    text_value,
)
from store.expression_sql.variables import Variables

_CONSTANTS = {
    StaticType.BOOL: Kind.BOOL,
    StaticType.INT: Kind.INT,
    StaticType.UINT: Kind.UINT,
    StaticType.DOUBLE: Kind.DOUBLE,
    StaticType.STRING: Kind.STRING,
}
_ORDERS = {"_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}
_ARITHMETIC = {"_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/", "_%_": "%"}
_MAX_INDEX = 2**31 - 2


class Compiler:
    """Compiles one condition. `local`: the variables of the macros around a node, by name."""

    def __init__(self, variables: Variables, parameters: Parameters) -> None:
        self._variables = variables
        self._parameters = parameters
        self._loops = Loops(self.truth, self.value)

    def truth(self, node: Expr, local: Locals) -> Bounds:
        """What SQL can tell of a node that is true or false."""
        return within_size(self._truth(node, local))

    def value(self, node: Expr, local: Locals) -> Value:
        """What SQL can tell of any node's value."""
        value = self._value(node, local)
        return value if value.size <= MAX_FRAGMENT else UNKNOWN_VALUE

    def _truth(self, node: Expr, local: Locals) -> Bounds:
        match node:
            case Const(value=bool(value)):
                return ALWAYS if value else NEVER
            case Presence(variable=variable):
                present = self._variables.is_present(variable)
                return exactly(present, not_true(present))
            case Select(test_only=True):
                return self._has_field(node, local)
            case Comprehension():
                return self._loops.truth(node, local)
            case Call():
                return self._call_truth(node, local)
        return _truth_of(self.value(node, local))

    def _call_truth(self, node: Call, local: Locals) -> Bounds:
        match node.function, node.operands:
            case "_&&_", parts:
                return conjunction([self.truth(part, local) for part in parts])
            case "_||_", parts:
                return disjunction([self.truth(part, local) for part in parts])
            case "!_", (part,):
                return negation(self.truth(part, local))
            case "_?_:_", (test, then, otherwise):
                return choice(*(self.truth(part, local) for part in (test, then, otherwise)))
            case "@in", (item, container):
                return contained(self.value(item, local), self.value(container, local), self._parameters)
            case "in_segment", (segment,):
                segments = self._variables.value("participant.segments")
                return contained(self.value(segment, local), segments, self._parameters)
            case "_==_" | "_!=_", (one, other):
                same = equal(self.value(one, local), self.value(other, local), self._parameters)
                return same if node.function == "_==_" else negation(same)
            case function, (one, other) if function in _ORDERS:
                left, right = self.value(one, local), self.value(other, local)
                return ordered(_ORDERS[function], left, right, self._parameters)
            case "startsWith" | "endsWith" | "contains", (text, needle):
                return text_test(node.function, self.value(text, local), self.value(needle, local))
            case "matches", (text, pattern):
                return self._matches(self.value(text, local), self.value(pattern, local))
        return _truth_of(self._call_value(node, local))

    def _has_field(self, node: Select, local: Locals) -> Bounds:
        operand = self.value(node.operand, local)
        if not isinstance(operand, JsonValue):
            return UNKNOWN
        is_map = operand.is_("object")
        has = f"{operand.document} ? {self._parameters.bind(node.field, 'text')}"
        return exactly(all_true(is_map, has), all_true(is_map, f"NOT {has}"))

    def _matches(self, text: Value, pattern: Value) -> Bounds:
        if not (isinstance(pattern, Constant) and isinstance(pattern.value, str)):
            return UNKNOWN
        literal = literal_pattern(pattern.value)
        if literal is not None:
            function, needle = literal
            if function != "equals":
                return text_test(function, text, self._text(needle))
            if Kind.STRING in text.kinds:
                strings = Value({Kind.STRING: text.kinds[Kind.STRING]}, text.unknown, text.is_exact)
                return equal(strings, self._text(needle), self._parameters)
        prefix = literal_prefix(pattern.value)
        return matches(text, pattern, None if prefix is None else self._text(prefix))

    def _text(self, text: str) -> Constant:
        return constant(self._parameters, Kind.STRING, text)

    def _value(self, node: Expr, local: Locals) -> Value:
        match node:
            case Const():
                return self._constant(node)
            case Ident(name=name):
                return local[name] if name in local else self._variables.value(name)
            case Select(test_only=False):
                return self._field(self.value(node.operand, local), node.field)
            case ListLiteral(items=items):
                return ConstantList({}, items=tuple(self.value(item, local) for item in items))
            case MapLiteral(entries=()):
                return json_value("CAST('{}' AS jsonb)")
            case Call() if node.type is not StaticType.BOOL:
                return self._call_value(node, local)
            case _ if node.type is StaticType.BOOL:
                return _value_of(self._truth(node, local))
        return UNKNOWN_VALUE

    def _constant(self, node: Const) -> Value:
        if node.value is None:
            return constant(self._parameters, Kind.NULL, None)
        kind = _CONSTANTS.get(node.type)
        # PostgreSQL has no text that holds NUL.
        if kind is None or (isinstance(node.value, str) and "\0" in node.value):
            return UNKNOWN_VALUE
        return constant(self._parameters, kind, node.value)

    def _field(self, operand: Value, name: str) -> Value:
        if operand is ERROR_VALUE:
            return ERROR_VALUE
        if not isinstance(operand, JsonValue) or "\0" in name:
            return UNKNOWN_VALUE
        return json_value(f"({operand.document} -> {self._parameters.bind(name, 'text')})")

    def _call_value(self, node: Call, local: Locals) -> Value:
        operands = node.operands
        match node.function, operands:
            case "get", (mapping, key, default):
                return self._get(*(self.value(part, local) for part in (mapping, key, default)))
            case "_[_]", (container, index):
                return self._item(self.value(container, local), self.value(index, local))
            case "size", (Comprehension() as chain,):
                return self._loops.count(chain, local)
            case "size", (sized,):
                return _size(self.value(sized, local), self._parameters)
            case "timestamp", (text,):
                return timestamp_of(self.value(text, local), self._parameters)
            case "duration", (Const(value=str(text)),):
                length = microseconds(text)
                return UNKNOWN_VALUE if length is None else constant(self._parameters, Kind.DURATION, length)
            case "days_since", (moment,):
                now = self._variables.value("now")
                return days(combined("-", now, self.value(moment, local), self._parameters))
            case "-_", (number,):
                return negative(self.value(number, local), self._parameters)
            case "int" | "double" | "string", (converted_from,):
                return converted(node.function, self.value(converted_from, local))
            case "_?_:_", (test, then, otherwise):
                return _chosen(self.truth(test, local), self.value(then, local), self.value(otherwise, local))
            case function, (one, other) if function in _ARITHMETIC:
                left, right = self.value(one, local), self.value(other, local)
                return combined(_ARITHMETIC[function], left, right, self._parameters)
        return UNKNOWN_VALUE

    def _get(self, mapping: Value, key: Value, default: Value) -> Value:
        if (
            not isinstance(mapping, JsonValue)
            or set(key.kinds) != {Kind.STRING}
            or isinstance(key, JsonValue)
        ):
            return UNKNOWN_VALUE
        found = f"({mapping.document} -> {key.kinds[Kind.STRING]})"
        if isinstance(default, Constant) and (text := json_constant(default)) is not None:
            fallback = self._parameters.bind(text, "jsonb")
        elif isinstance(default, JsonValue) and default.document == "CAST('{}' AS jsonb)":
            fallback = default.document
        else:
            return UNKNOWN_VALUE
        is_sound = all_true(mapping.is_("object"), key.defined, not_true(key.unknown))
        return json_value(f"(CASE WHEN {is_sound} THEN coalesce({found}, {fallback}) END)")

    def _item(self, container: Value, index: Value) -> Value:
        if not isinstance(index, Constant):
            return UNKNOWN_VALUE
        if isinstance(index.value, str) and isinstance(container, JsonValue):
            return self._field(container, index.value)
        if index.kind is not Kind.INT or not isinstance(index.value, int):
            return UNKNOWN_VALUE
        if not 0 <= index.value <= _MAX_INDEX:
            return ERROR_VALUE
        if isinstance(container, TextList):
            return text_value(f"({container.array})[{self._parameters.bind(index.value + 1, 'int')}]")
        if isinstance(container, JsonValue):
            position = self._parameters.bind(index.value, "int")
            item = f"CASE WHEN {container.is_('array')} THEN {container.document} -> {position} END"
            return json_value(f"({item})")
        return UNKNOWN_VALUE


def _truth_of(value: Value) -> Bounds:
    truth = value.kinds.get(Kind.BOOL)
    if truth is None:
        return known_but(FALSE, FALSE, value.unknown, is_exact=value.is_exact)
    return known_but(truth, f"NOT {truth}", value.unknown, is_exact=value.is_exact)


def _value_of(truth: Bounds) -> Value:
    cases = f"CASE WHEN {truth.t_lo} THEN TRUE WHEN {truth.f_lo} THEN FALSE END"
    return Value({Kind.BOOL: f"({cases})"}, truth.uncertain, truth.is_exact)


def _chosen(test: Bounds, then: Value, otherwise: Value) -> Value:
    lists = (TextList, ConstantList)
    if isinstance(then, lists) or isinstance(otherwise, lists):
        return UNKNOWN_VALUE

    def chosen(one: str, other: str) -> str:
        return f"(CASE WHEN {test.t_lo} THEN {one} WHEN {test.f_lo} THEN {other} END)"

    kinds = {
        kind: chosen(then.kinds.get(kind, "NULL"), otherwise.kinds.get(kind, "NULL"))
        for kind in {**then.kinds, **otherwise.kinds}
    }
    doubts = [test.uncertain]
    for branch, taken in ((then, test.t_lo), (otherwise, test.f_lo)):
        nested = branch.is_("array", "object") if isinstance(branch, JsonValue) else FALSE
        doubts.append(all_true(taken, any_true(branch.unknown, nested)))
    has_nested = isinstance(then, JsonValue) or isinstance(otherwise, JsonValue)
    is_exact = test.is_exact and then.is_exact and otherwise.is_exact and not has_nested
    return Value(kinds, any_true(*doubts), is_exact)


def _size(value: Value, parameters: Parameters) -> Value:
    match value:
        case TextList(array=array):
            return Value({Kind.INT: f"CAST(cardinality({array}) AS numeric)"})
        case ConstantList(items=items):
            return constant(parameters, Kind.INT, len(items)) if _all_constant(items) else UNKNOWN_VALUE
        case JsonValue(document=document):
            length = (
                f"CASE jsonb_typeof({document}) WHEN 'string' THEN char_length({document} #>> '{{}}') "  # noqa: S608
                f"WHEN 'array' THEN jsonb_array_length({document}) "
                f"WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys({document})) END"
            )
            return Value({Kind.INT: f"CAST({length} AS numeric)"})
    text = value.kinds.get(Kind.STRING)
    if text is None:
        return UNKNOWN_VALUE
    return Value({Kind.INT: f"CAST(char_length({text}) AS numeric)"}, value.unknown, value.is_exact)


def _all_constant(items: tuple[Value, ...]) -> bool:
    return all(isinstance(item, Constant) for item in items)
