"""From a participant's values to what the engine can hold: only what is referred to, and only within limits."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from domain.expressions.ast import Call, Const, Expr, Ident, Presence, Select, children, dotted_name, walk
from domain.expressions.variables import MAPS, Environment, VariableType
from domain.json_limits import MAX_DEPTH, MAX_ITEMS, MAX_STRING_BYTES

Bind = Callable[[Mapping[str, object], dict[str, object]], None]


class UnfitValueError(ValueError):
    """A value that must not reach the engine. The message names its variable and never holds the value."""


def binders(tree: Expr, environment: Environment) -> tuple[Bind, ...]:
    """Functions that each put one variable of the condition into the engine's data.

    A variable without a value (absent or None) is left out: the engine reports it where it is needed, and
    only there. Raises UnfitValueError when called, for values beyond the limits of domain.json_limits.
    """
    bound: list[Bind] = []
    for name, keys in keys_read(tree, environment).items():
        bound.append(_binder(name, environment.variables[name], keys))
    presences = {(node.variable, node.alias) for node in walk(tree) if isinstance(node, Presence)}
    bound += [partial(_bind_presence, variable, alias) for variable, alias in sorted(presences)]
    return tuple(bound)


def referenced_variables(tree: Expr, environment: Environment) -> frozenset[str]:
    tested = {node.variable for node in walk(tree) if isinstance(node, Presence)}
    return frozenset(keys_read(tree, environment)) | tested


def missing_messages(tree: Expr, environment: Environment) -> dict[str, str]:
    """Per engine's report of a missing value, words that name the path in the condition.

    Looked up whole: a report about a key that came from the data has none, so data never shows.
    """
    paths: dict[str, set[str]] = {}
    for name in keys_read(tree, environment):
        paths.setdefault(f'UNKNOWN: No value with name "{name}" found in Activation', set()).add(name)
    for node in walk(tree):
        if (step := _literal_step(node)) is not None:
            operand, key = step
            path = f"{dotted_name(operand) or '...'}.{key}"
            paths.setdefault(f'NOT_FOUND: Key not found in map : "{key}"', set()).add(path)
    return {report: f"{' or '.join(sorted(names))} is missing" for report, names in paths.items()}


def keys_read(tree: Expr, environment: Environment) -> dict[str, frozenset[str] | None]:
    """Per variable referred to, the keys of it that are read, or None when it is needed whole."""
    uses: dict[str, frozenset[str] | None] = {}

    def visit(node: Expr) -> None:
        step = _literal_step(node) or _membership(node)
        if step is not None and isinstance(step[0], Ident):
            name, key = step[0].name, step[1]
            if environment.variables.get(name) in MAPS:
                known = uses.get(name, frozenset())
                uses[name] = None if known is None else known | {key}
                return
        if isinstance(node, Ident) and node.name in environment.variables:
            uses[node.name] = None
        for child in children(node):
            visit(child)

    visit(tree)
    return uses


def _literal_step(node: Expr) -> tuple[Expr, str] | None:
    """The operand and key of `m.key`, `has(m.key)`, `m["key"]` and `m[?"key"]`."""
    match node:
        case Select():
            return node.operand, node.field
        case Call(function="_[_]" | "_[?_]", args=(operand, Const(value=str(key)))):
            return operand, key
    return None


def _membership(node: Expr) -> tuple[Expr, str] | None:
    """The container and key of `"key" in m`."""
    match node:
        case Call(function="@in", args=(Const(value=str(key)), container)):
            return container, key
    return None


def _binder(name: str, type_: VariableType, keys: frozenset[str] | None) -> Bind:
    if type_ is VariableType.TIMESTAMP:
        return partial(_bind_timestamp, name)
    if type_ in MAPS and keys is not None:
        return partial(_bind_keys, name, tuple(sorted(keys)))
    return partial(_bind_whole, name)


def _bind_presence(variable: str, alias: str, values: Mapping[str, object], data: dict[str, object]) -> None:
    data[alias] = values.get(variable) is not None


def _bind_timestamp(name: str, values: Mapping[str, object], data: dict[str, object]) -> None:
    value = values.get(name)
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise UnfitValueError(f"{name} is not a time with an offset")
    data[name] = value


def _bind_keys(
    name: str, keys: tuple[str, ...], values: Mapping[str, object], data: dict[str, object]
) -> None:
    value = values.get(name)
    if value is None:
        return
    if not isinstance(value, dict):
        raise UnfitValueError(f"{name} is not an object")
    taken: dict[object, object] = {key: value[key] for key in keys if key in value}
    _check_items(name, taken, 1)
    data[name] = taken


def _bind_whole(name: str, values: Mapping[str, object], data: dict[str, object]) -> None:
    value = values.get(name)
    if value is None:
        return
    if isinstance(value, list | dict):
        _check_items(name, value, 1)
    elif isinstance(value, str) and len(value) > MAX_STRING_BYTES:
        raise UnfitValueError(f"{name} is too long a text")
    data[name] = value


def _check_items(name: str, value: list[object] | dict[object, object], depth: int) -> None:
    """The bounds that the cost of a condition rests on, and those past which the engine would crash."""
    if len(value) > MAX_ITEMS:
        raise UnfitValueError(f"{name} holds a list or object of too many items")
    if depth > MAX_DEPTH:
        raise UnfitValueError(f"{name} is nested too deeply")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, str):
            if len(item) > MAX_STRING_BYTES:
                raise UnfitValueError(f"{name} holds too long a text")
        elif isinstance(item, list | dict):
            _check_items(name, item, depth + 1)
