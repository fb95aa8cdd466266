"""Between the engine's compiled form (cel.expr.CheckedExpr or ParsedExpr) and the nodes of ast.py."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from domain.expressions.ast import (
    Call,
    Comprehension,
    Const,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Message,
    Position,
    Presence,
    Select,
    StaticType,
)
from domain.expressions.wire import (
    bytes_field,
    double_field,
    read_fields,
    sub_messages,
    text_field,
    to_double,
    to_signed,
    varint_field,
)

_ANY_TYPE_URL, _ANY_VALUE = 1, 2
_CHECKED_EXPR, _CHECKED_SOURCE, _CHECKED_TYPES = 4, 5, 3
_PARSED_EXPR, _PARSED_SOURCE = 2, 3
_SOURCE_POSITIONS = 4

_PRIMITIVES = {
    1: StaticType.BOOL,
    2: StaticType.INT,
    3: StaticType.UINT,
    4: StaticType.DOUBLE,
    5: StaticType.STRING,
    6: StaticType.BYTES,
}
_WELL_KNOWN = {2: StaticType.TIMESTAMP, 3: StaticType.DURATION}


class Source:
    """Turns offsets in a text, in characters, into positions."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """The inverse; a line past the end counts as the last."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1


def decode(serialized: bytes, source: Source) -> Expr:
    """The tree of a serialized expression. Types are known only where the expression was checked."""
    outer = dict(read_fields(serialized))
    compiled = _bytes(outer[_ANY_VALUE])
    is_checked = _bytes(outer[_ANY_TYPE_URL]).endswith(b"CheckedExpr")
    parts = dict(read_fields(compiled))
    source_info = _bytes(parts[_CHECKED_SOURCE if is_checked else _PARSED_SOURCE])
    types = _types(compiled) if is_checked else {}
    reader = _Reader(source, _positions(source_info), types)
    return reader.expr(_bytes(parts[_CHECKED_EXPR if is_checked else _PARSED_EXPR]))


def replace_tree(serialized: bytes, tree: Expr) -> bytes:
    """A serialized checked expression with another tree, all else kept."""
    outer = dict(read_fields(serialized))
    compiled = b"".join(
        varint_field(number, value) if isinstance(value, int) else bytes_field(number, value)
        for number, value in read_fields(_bytes(outer[_ANY_VALUE]))
        if number != _CHECKED_EXPR
    )
    compiled += bytes_field(_CHECKED_EXPR, _encode(tree))
    return bytes_field(_ANY_TYPE_URL, _bytes(outer[_ANY_TYPE_URL])) + bytes_field(_ANY_VALUE, compiled)


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source
    offsets: Mapping[int, int]
    types: Mapping[int, StaticType]

    def expr(self, message: bytes) -> Expr:
        id_, kind, body = 0, 0, b""
        for number, value in read_fields(message):
            if number == 2:
                id_ = _int(value)
            else:
                kind, body = number, _bytes(value)
        position = self.source.position(self.offsets.get(id_, 0))
        type_ = self.types.get(id_, StaticType.ANY)
        match kind:
            case 3:
                return Const(_constant(body), id=id_, position=position, type=type_)
            case 4:
                name = _text(dict(read_fields(body)), 1)
                return Ident(name.removeprefix("."), id=id_, position=position, type=type_)
            case 5:
                parts = dict(read_fields(body))
                operand = self.expr(_bytes(parts[1]))
                test_only = bool(parts.get(3, 0))
                return Select(operand, _text(parts, 2), test_only, id=id_, position=position, type=type_)
            case 6:
                target = next(sub_messages(body, 1), None)
                return Call(
                    _text(dict(read_fields(body)), 2),
                    None if target is None else self.expr(target),
                    tuple(self.expr(arg) for arg in sub_messages(body, 3)),
                    id=id_,
                    position=position,
                    type=type_,
                )
            case 7:
                items = tuple(self.expr(item) for item in sub_messages(body, 1))
                return ListLiteral(items, id=id_, position=position, type=type_)
            case 8:
                return self._struct(body, id_, position, type_)
            case 9:
                return self._comprehension(body, id_, position, type_)
        raise ValueError(f"an expression of unknown kind {kind}")

    def _struct(self, body: bytes, id_: int, position: Position, type_: StaticType) -> Expr:
        name = _text(dict(read_fields(body)), 1)
        if name:
            return Message(name, id=id_, position=position, type=type_)
        entries = []
        for entry in sub_messages(body, 2):
            parts = dict(read_fields(entry))
            entries.append((self.expr(_bytes(parts[3])), self.expr(_bytes(parts[4]))))
        return MapLiteral(tuple(entries), id=id_, position=position, type=type_)

    def _comprehension(self, body: bytes, id_: int, position: Position, type_: StaticType) -> Expr:
        parts = dict(read_fields(body))
        return Comprehension(
            _text(parts, 1),
            self.expr(_bytes(parts[2])),
            _text(parts, 3),
            self.expr(_bytes(parts[4])),
            self.expr(_bytes(parts[5])),
            self.expr(_bytes(parts[6])),
            self.expr(_bytes(parts[7])),
            id=id_,
            position=position,
            type=type_,
        )


def _constant(body: bytes) -> bool | int | float | str | bytes | None:
    for number, value in read_fields(body):
        match number:
            case 2:
                return bool(value)
            case 3:
                return to_signed(_int(value))
            case 4:
                return _int(value)
            case 5:
                return to_double(_bytes(value))
            case 6:
                return _bytes(value).decode()
            case 7:
                return _bytes(value)
    return None


def _positions(source_info: bytes) -> dict[int, int]:
    entries = (dict(read_fields(entry)) for entry in sub_messages(source_info, _SOURCE_POSITIONS))
    return {_int(entry.get(1, 0)): _int(entry.get(2, 0)) for entry in entries}


def _types(compiled: bytes) -> dict[int, StaticType]:
    entries = (dict(read_fields(entry)) for entry in sub_messages(compiled, _CHECKED_TYPES))
    return {_int(entry.get(1, 0)): _type(_bytes(entry.get(2, b""))) for entry in entries}


def _type(body: bytes) -> StaticType:
    for number, value in read_fields(body):
        match number:
            case 2:
                return StaticType.NULL
            case 3:
                return _PRIMITIVES.get(_int(value), StaticType.ANY)
            case 5:
                return _WELL_KNOWN.get(_int(value), StaticType.ANY)
            case 6:
                return StaticType.LIST
            case 7:
                return StaticType.MAP
    return StaticType.ANY


def _encode(node: Expr) -> bytes:
    match node:
        case Const():
            kind, body = 3, _encode_constant(node)
        case Ident():
            kind, body = 4, text_field(1, node.name)
        case Presence():
            kind, body = 4, text_field(1, node.alias)
        case Select():
            kind, body = 5, bytes_field(1, _encode(node.operand)) + text_field(2, node.field)
            body += varint_field(3, node.test_only)
        case Call():
            target = b"" if node.target is None else bytes_field(1, _encode(node.target))
            kind, body = 6, target + text_field(2, node.function)
            body += b"".join(bytes_field(3, _encode(arg)) for arg in node.args)
        case ListLiteral():
            kind, body = 7, b"".join(bytes_field(1, _encode(item)) for item in node.items)
        case MapLiteral():
            kind, body = 8, b"".join(bytes_field(2, _encode_entry(*entry)) for entry in node.entries)
        case Message():
            raise ValueError("messages cannot be encoded: their fields are not kept")
        case Comprehension():
            kind, body = 9, _encode_comprehension(node)
    return varint_field(2, node.id) + bytes_field(kind, body)


def _encode_constant(node: Const) -> bytes:
    match node.value:
        case None:
            return varint_field(1, 0)
        case bool(value):
            return varint_field(2, value)
        case int(value):
            return varint_field(4 if node.type is StaticType.UINT else 3, value)
        case float(value):
            return double_field(5, value)
        case str(value):
            return text_field(6, value)
        case bytes(value):
            return bytes_field(7, value)


def _encode_entry(key: Expr, value: Expr) -> bytes:
    return bytes_field(3, _encode(key)) + bytes_field(4, _encode(value))


def _encode_comprehension(node: Comprehension) -> bytes:
    return (
        text_field(1, node.variable)
        + bytes_field(2, _encode(node.range))
        + text_field(3, node.accumulator)
        + bytes_field(4, _encode(node.initial))
        + bytes_field(5, _encode(node.condition))
        + bytes_field(6, _encode(node.step))
        + bytes_field(7, _encode(node.result))
    )


def _int(value: int | bytes) -> int:
    assert isinstance(value, int)
    return value


def _bytes(value: int | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value


def _text(parts: Mapping[int, int | bytes], number: int) -> str:
    return _bytes(parts.get(number, b"")).decode()
