"""A node of a condition as text again, in one plain style. Compiled, that text gives the same node.

But for rows of `&&` and of `||`, which the parser nests as it likes.
"""

import json

from domain.expressions.ast import (
    Call,
    Comprehension,
    Const,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Message,
    Presence,
    Select,
    StaticType,
    chain,
)
from domain.expressions.macros import macro_of

_TERNARY, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _PRIMARY = range(8)
_BINARY = {
    "_||_": ("||", _OR),
    "_&&_": ("&&", _AND),
    "_==_": ("==", _RELATION),
    "_!=_": ("!=", _RELATION),
    "_<_": ("<", _RELATION),
    "_<=_": ("<=", _RELATION),
    "_>_": (">", _RELATION),
    "_>=_": (">=", _RELATION),
    "@in": ("in", _RELATION),
    "_+_": ("+", _SUM),
    "_-_": ("-", _SUM),
    "_*_": ("*", _PRODUCT),
    "_/_": ("/", _PRODUCT),
    "_%_": ("%", _PRODUCT),
}
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"),
        *("let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
    }
)


def source_text(node: Expr) -> str:
    """`node` in the language. Not for messages, whose fields are not kept."""
    return _text(node)[0]


def _text(node: Expr) -> tuple[str, int]:
    """The text and how tightly it holds together."""
    match node:
        case Const():
            return _constant(node)
        case Ident():
            return node.name, _PRIMARY
        case Presence():
            return f"has({node.variable})", _PRIMARY
        case Select():
            path = f"{_within(node.operand, _PRIMARY)}.{_field(node.field)}"
            return (f"has({path})" if node.test_only else path), _PRIMARY
        case Call():
            return _call(node)
        case ListLiteral():
            return f"[{_listed(node.items)}]", _PRIMARY
        case MapLiteral():
            entries = (f"{source_text(key)}: {source_text(value)}" for key, value in node.entries)
            return f"{{{', '.join(entries)}}}", _PRIMARY
        case Comprehension():
            return _macro(node), _PRIMARY
        case Message():
            raise ValueError("messages cannot be written: their fields are not kept")


def _within(node: Expr, least: int) -> str:
    text, binding = _text(node)
    return text if binding >= least else f"({text})"


def _listed(nodes: tuple[Expr, ...]) -> str:
    return ", ".join(source_text(node) for node in nodes)


def _field(name: str) -> str:
    return f"`{name}`" if name in _RESERVED or not name.isidentifier() else name


def _call(node: Call) -> tuple[str, int]:
    match node.function, node.args:
        case "_?_:_", (condition, yes, no):
            text = f"{_within(condition, _OR)} ? {_within(yes, _OR)} : {_within(no, _TERNARY)}"
            return text, _TERNARY
        case "!_", (operand,):
            return f"!{_within(operand, _PRIMARY)}", _UNARY
        case "-_", (operand,):
            return f"-({source_text(operand)})", _UNARY
        case "_[_]", (operand, index):
            return f"{_within(operand, _PRIMARY)}[{source_text(index)}]", _PRIMARY
    if node.function in ("_&&_", "_||_"):
        operator, binding = _BINARY[node.function]
        parts = (_within(part, binding + 1) for part in chain(node, node.function))
        return f" {operator} ".join(parts), binding
    if node.function in _BINARY:
        operator, binding = _BINARY[node.function]
        left, right = node.args
        return f"{_within(left, binding)} {operator} {_within(right, binding + 1)}", binding
    target = "" if node.target is None else f"{_within(node.target, _PRIMARY)}."
    return f"{target}{node.function}({_listed(node.args)})", _PRIMARY


def _macro(node: Comprehension) -> str:
    macro = macro_of(node)
    parts = [source_text(part) for part in (macro.condition, macro.result) if part is not None]
    return f"{_within(macro.range, _PRIMARY)}.{macro.name}({', '.join((macro.variable, *parts))})"


def _constant(node: Const) -> tuple[str, int]:
    match node.value:
        case None:
            return "null", _PRIMARY
        case bool(value):
            return str(value).lower(), _PRIMARY
        case int(value):
            return _number(f"{value}u" if node.type is StaticType.UINT else str(value))
        case float(value):
            # Past what a double holds, a literal is infinite.
            return _number({"inf": "1e999", "-inf": "-1e999"}.get(repr(value), repr(value)))
        case str(value):
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f"), _PRIMARY
        case bytes(value):
            return 'b"' + "".join(f"\\x{byte:02x}" for byte in value) + '"', _PRIMARY


def _number(text: str) -> tuple[str, int]:
    return text, _UNARY if text.startswith("-") else _PRIMARY
