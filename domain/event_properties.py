"""What the data of events hold: a type for each dotted path, learned from examples."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

MAX_PATHS = 200
MAX_DEPTH = 4
LONGEST_PATH = 255


class PropertyType(StrEnum):
    """`mixed`: of several types. A property that is null at times has the type that it has otherwise."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    ARRAY = "array"
    OBJECT = "object"
    MIXED = "mixed"


Properties = Mapping[str, PropertyType]


def properties_of(document: Mapping[str, Any]) -> dict[str, PropertyType]:
    """The types in `document` by dotted path, such as `customer.plan`; what is in lists is not looked at.

    At most MAX_PATHS, MAX_DEPTH levels deep; paths longer than LONGEST_PATH are left out.
    """
    found: dict[str, PropertyType] = {}
    for path, type_ in _walk(document, "", 1):
        if path in found:
            found[path] = _joined(found[path], type_)
        elif len(found) < MAX_PATHS:
            found[path] = type_
    return found


def merged(known: Properties, seen: Properties) -> dict[str, PropertyType]:
    """What is known once `seen` has been seen too. No known path is lost; new ones come in up to MAX_PATHS."""
    together = dict(known)
    for path, type_ in seen.items():
        if path in together:
            together[path] = _joined(together[path], type_)
        elif len(together) < MAX_PATHS:
            together[path] = type_
    return together


def _joined(one: PropertyType, other: PropertyType) -> PropertyType:
    if one is other or other is PropertyType.NULL:
        return one
    return other if one is PropertyType.NULL else PropertyType.MIXED


def _walk(document: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, PropertyType]]:
    for key, value in document.items():
        path = f"{prefix}{key}"
        if len(path) > LONGEST_PATH:
            continue
        yield path, _type_of(value)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from _walk(value, f"{path}.", depth + 1)


def _type_of(value: Any) -> PropertyType:
    if value is None:
        return PropertyType.NULL
    if isinstance(value, bool):
        return PropertyType.BOOLEAN
    if isinstance(value, int | float):
        return PropertyType.NUMBER
    if isinstance(value, str):
        return PropertyType.STRING
    return PropertyType.ARRAY if isinstance(value, list) else PropertyType.OBJECT
