"""Copies of journeys: the same blocks, under ids of their own."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.journeys.definition import JourneyDefinition
from domain.journeys.filters import SplitFilterType
from domain.journeys.normalising import blocks_by_id

COPY_OF = "Copy of: "


def name_of_copy(name: str, wanted: str | None, longest: int) -> str:
    """The name that was asked for, else one that tells what it is a copy of."""
    return wanted or f"{COPY_OF}{name}"[:longest]


def copied(
    definition: JourneyDefinition, new_id: Callable[[], str]
) -> tuple[JourneyDefinition, Mapping[str, str]]:
    """The copy, and the new id of each block by its old one."""
    ids = {old: new_id() for old in blocks_by_id(definition.blocks)}
    return JourneyDefinition.model_validate(_renamed(definition.stored(), ids)), ids


def _renamed(part: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(item, ids) for item in part]
    if not isinstance(part, dict):
        return part
    renamed = {key: _renamed(value, ids) for key, value in part.items()}
    for key in ("id", *(("value",) if part.get("type") == SplitFilterType.MESSAGE else ())):
        if isinstance(part.get(key), str) and part[key] in ids:
            renamed[key] = ids[part[key]]
    return renamed
