"""Reading documents that may be wrong anywhere: whatever is not of the kind asked for is as if it were not there.

That a part has the wrong JSON type is told where the shape of the whole is checked.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.condition_forms.errors import Place

Document = Mapping[str, Any]
_NOTHING: Document = {}


def document(value: object) -> Document:
    return value if isinstance(value, Mapping) else _NOTHING


def child(parent: Document, name: str) -> Document:
    return document(parent.get(name))


def text(parent: Document, name: str) -> str | None:
    value = parent.get(name)
    return value if isinstance(value, str) else None


def is_given(parent: Document, name: str) -> bool:
    """null is as good as nothing."""
    return parent.get(name) is not None


def each(parent: Document, name: str, place: Place) -> Iterator[tuple[Document, Place]]:
    """The objects of a list, each with its place."""
    items = parent.get(name)
    if isinstance(items, list | tuple):
        at = place.of(name)
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                yield item, at.of(index)


def whole_number(parent: Document, name: str) -> int | None:
    value = parent.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
