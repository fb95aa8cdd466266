"""What a type of event holds, as a tree of typed properties: learned types, made finer by examples."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.event_properties import Properties, PropertyType
from domain.journeys.definition import BACK_IN_STOCK, BIRTHDAY, ENTERED_SEGMENT

# Events that there are without anybody sending them.
BUILT_IN = (BIRTHDAY, ENTERED_SEGMENT, BACK_IN_STOCK)
# Those that shops send, by the names that they have in common.
STANDARD_EVENTS = frozenset(
    {
        *BUILT_IN,
        "placed order",
        "paid for order",
        "order fulfilled",
        "order canceled",
        "order refunded",
        "started checkout",
        "added product to cart",
        "viewed product",
        "subscribed to marketing",
    }
)
_NAME = "type"

Tree = dict[str, Any]


class MetadataType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    STRUCT = "struct"


_BY_LEARNED_TYPE = {
    PropertyType.STRING: MetadataType.STRING,
    PropertyType.NUMBER: MetadataType.FLOAT,
    PropertyType.BOOLEAN: MetadataType.BOOLEAN,
    PropertyType.OBJECT: MetadataType.STRUCT,
}


def display_name(name: str) -> str:
    """`productID` and `product_id` as they would stand in a heading."""
    spaced = "".join(
        f" {sign}" if sign.isupper() and not before.isupper() else sign for before, sign in _pairs(name)
    )
    words = spaced.replace("_", " ").replace(".", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def _pairs(name: str) -> Iterator[tuple[str, str]]:
    return zip(f" {name}", name, strict=False)


def property_tree(properties: Properties, examples: Sequence[Mapping[str, Any]]) -> Tree:
    """`{name: {displayName, type, properties?}}`: what is known by dotted path, and what the examples show of it.

    A list is of what its items are, such as `integerList`; a property without any value is a string.
    """
    tree: Tree = {}
    for path in sorted(properties, key=lambda one: one.count(".")):
        if path == _NAME:
            continue
        *parents, name = path.split(".")
        level = _level(tree, parents)
        if level is not None:
            level[name] = _node(name, properties[path], list(_values(examples, [*parents, name])))
    return tree


def _level(tree: Tree, parents: Sequence[str]) -> Tree | None:
    """Where the properties of a struct stand; None where a name holds a dot, which no path tells."""
    for parent in parents:
        node = tree.get(parent)
        if node is None:
            return None
        tree = node.setdefault("properties", {})
    return tree


def _node(name: str, learned: PropertyType, values: Sequence[Any]) -> Tree:
    node: Tree = {"displayName": display_name(name), "type": _type(learned, values).value}
    if learned is PropertyType.ARRAY:
        items = [item for value in values if isinstance(value, list) for item in value]
        node["type"] = f"{_type_of_values(items) or MetadataType.STRING}List"
        structs = [item for item in items if isinstance(item, dict)]
        if node["type"] == f"{MetadataType.STRUCT}List":
            keys = dict.fromkeys(key for item in structs for key in item)
            node["properties"] = {
                key: {
                    "displayName": display_name(key),
                    "type": (_type_of_values([one.get(key) for one in structs]) or MetadataType.STRING).value,
                }
                for key in keys
            }
    return node


def _type(learned: PropertyType, values: Sequence[Any]) -> MetadataType:
    if learned in (PropertyType.NUMBER, PropertyType.STRING):
        found = _type_of_values(values)
        if found is not None:
            return found
    return _BY_LEARNED_TYPE.get(learned, MetadataType.STRING)


def _type_of_values(values: Sequence[Any]) -> MetadataType | None:
    """What all of them are, nulls aside; None for none. Whole numbers are numbers too."""
    found = {_type_of_value(value) for value in values if value is not None}
    if found == {MetadataType.INTEGER, MetadataType.FLOAT}:
        return MetadataType.FLOAT
    if len(found) > 1:
        return MetadataType.STRING
    return next(iter(found), None)


def _type_of_value(value: Any) -> MetadataType:
    if isinstance(value, bool):
        return MetadataType.BOOLEAN
    if isinstance(value, int):
        return MetadataType.INTEGER
    if isinstance(value, float):
        return MetadataType.FLOAT
    if isinstance(value, dict):
        return MetadataType.STRUCT
    return MetadataType.DATE if isinstance(value, str) and _is_date(value) else MetadataType.STRING


def _is_date(text: str) -> bool:
    if not 10 <= len(text) <= 35 or text[4:5] != "-":
        return False
    try:
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _values(examples: Sequence[Mapping[str, Any]], path: Sequence[str]) -> Iterator[Any]:
    for example in examples:
        reached: Any = example
        for name in path:
            reached = reached.get(name) if isinstance(reached, Mapping) else None
        if reached is not None:
            yield reached
