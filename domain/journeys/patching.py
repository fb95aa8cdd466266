"""Changing parts of a journey: each part that is sent replaces the one there is, blocks field by field."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from domain.condition_forms.errors import Place
from domain.journeys.blocks import ActionType, BlockType
from domain.journeys.definition import JourneyDefinition
from domain.journeys.normalising import definition_of_parts, stored_action
from domain.journeys.validation import (
    BlockIds,
    JourneyFault,
    Surroundings,
    WrittenBlocks,
    journey_faults,
)
from domain.journeys.validation.faults import duplicate, missing, not_allowed, read_only
from domain.journeys.validation.reading import Document, child, document, each, is_given, text
from domain.journeys.validation.size import branches_of

_STORED = WrittenBlocks(BlockIds.STORED)
# What a patch may change of a block that has branches.
_CHANGEABLE: Mapping[str, tuple[str, ...]] = {
    BlockType.SPLIT: ("filterGroup",),
    BlockType.AB_TESTING: ("aBlocksPercentage",),
    BlockType.WAIT: ("event", "origin", "filterGroups", "timeout"),
}
_WHOLE = (BlockType.DELAY, BlockType.GOAL, BlockType.HOLDOUT)


@dataclass(frozen=True, slots=True)
class Patched:
    """What a patch comes to, and the faults that keep it from being a definition."""

    merged: Document
    faults: Sequence[JourneyFault]

    def definition(self, around: Surroundings) -> JourneyDefinition:
        """To be asked when there are no faults, and none of the patch's shape either."""
        for block, _ in _all_blocks(self.merged["blocks"], Place()):
            if block["type"] == BlockType.ACTION:
                block["action"] = stored_action(block["action"], None)
        return definition_of_parts(self.merged, around)


def patched(definition: JourneyDefinition, patch: object, around: Surroundings) -> Patched:
    """Told are what is wrong with the patch, and what is wrong with the journey by it; not what was wrong before."""
    wanted = document(patch)
    stored = definition.stored()
    merged = deepcopy(stored)
    faults = [*_merge_blocks(merged, wanted), *_merge_parts(merged, wanted)]
    before = set(journey_faults(stored, around, _STORED))
    place = _renamed(merged, wanted)
    for fault in journey_faults(merged, around, _STORED):
        field = place(fault.field)
        touched = field != fault.field or fault.field.split(".")[0] in wanted
        if touched or fault not in before:
            faults.append(JourneyFault(field, fault.kind, fault.reason, fault.expected))
    return Patched(merged, faults)


def _merge_parts(merged: dict[str, Any], wanted: Document) -> Iterator[JourneyFault]:
    trigger = merged["trigger"]
    for name, value in child(wanted, "trigger").items():
        if value is not None:
            trigger[name] = value
        elif name == "condition":
            yield not_allowed(Place("trigger.condition"), "cannot be null", "a condition, or no such field")
        else:
            trigger.pop(name, None)
    if "exitConditions" in wanted:
        merged["exitConditions"] = wanted["exitConditions"] or []
    for name, value in child(wanted, "settings").items():
        if value is not None:
            merged["settings"][name] = value
        elif name == "sendingThresholds":
            yield not_allowed(
                Place("settings.sendingThresholds"), "cannot be null", "thresholds, or no such field"
            )
        else:
            merged["settings"].pop(name, None)


def _merge_blocks(merged: dict[str, Any], wanted: Document) -> Iterator[JourneyFault]:
    blocks = {block["id"]: block for block, _ in _all_blocks(merged["blocks"], Place("blocks"))}
    named: dict[str, Place] = {}
    for change, place in each(wanted, "blocks", Place()):
        block_id = text(change, "id")
        if block_id is None:
            continue
        if block_id in named:
            yield duplicate(place.of("id"), named[block_id])
            continue
        named[block_id] = place.of("id")
        if block_id not in blocks:
            yield missing(place.of("id"), "block", "automation")
            continue
        yield from _merge_block(blocks[block_id], change, place)


def _merge_block(block: dict[str, Any], change: Document, place: Place) -> Iterator[JourneyFault]:
    kind = BlockType(block["type"])
    if text(change, "type") not in (None, kind):
        yield not_allowed(place.of("type"), "a block keeps its type", kind)
        return
    for other in BlockType:
        if other is not kind and is_given(change, other):
            yield not_allowed(place.of(other), f"not for a block of type {kind}", kind)
    if not is_given(change, kind):
        return
    sent, inner, at = child(change, kind), block[kind], place.of(kind)
    if kind is BlockType.ACTION:
        yield from _merge_action(inner, sent, at)
    elif kind in _WHOLE:
        block[kind] = {name: value for name, value in sent.items() if value is not None}
    elif kind in _CHANGEABLE:
        for name in _CHANGEABLE[kind]:
            if sent.get(name) is not None:
                inner[name] = sent[name]
            elif name in sent:
                inner.pop(name, None)
    else:
        yield not_allowed(at, "its arms cannot be changed alone", "PUT of the blocks")


def _merge_action(action: dict[str, Any], sent: Document, place: Place) -> Iterator[JourneyFault]:
    kind = ActionType(action["type"])
    if text(sent, "type") not in (None, kind):
        yield not_allowed(place.of("type"), "an action keeps its type", kind)
        return
    for other in ActionType:
        if other is not kind and is_given(sent, other):
            yield not_allowed(place.of(other), f"not for an action of type {kind}", kind)
    inner = action[kind]
    for name, value in child(sent, kind).items():
        if name == "contentID" and value != inner.get(name):
            yield read_only(place.of(kind).of(name))
        elif value is None:
            inner.pop(name, None)
        else:
            inner[name] = value


def _all_blocks(blocks: Sequence[Any], place: Place) -> Iterator[tuple[dict[str, Any], Place]]:
    for index, block in enumerate(blocks):
        at = place.of(index)
        yield block, at
        for branch, where in branches_of(block, at):
            if isinstance(branch, list):
                yield from _all_blocks(branch, where)


def _renamed(merged: dict[str, Any], wanted: Document) -> Callable[[str], str]:
    """From a place in the journey to the place in the patch of the block that is there, if the patch has it."""
    sent: dict[str | None, Place] = {}
    for change, at in each(wanted, "blocks", Place()):
        sent.setdefault(text(change, "id"), at)
    places = {
        place.path: sent[block["id"]]
        for block, place in _all_blocks(merged["blocks"], Place("blocks"))
        if block["id"] in sent
    }

    def renamed(field: str) -> str:
        holders = [path for path in places if field == path or field.startswith(f"{path}.")]
        if not holders:
            return field
        holder = max(holders, key=len)
        return places[holder].path + field.removeprefix(holder)

    return renamed
