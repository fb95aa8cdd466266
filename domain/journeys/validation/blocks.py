"""The tree of blocks: what each block has, what may follow what, and which ids there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.condition_forms.errors import Place
from domain.journeys.blocks import ActionType, BlockType
from domain.journeys.validation.actions import SENDS, action_faults
from domain.journeys.validation.delays import delay_faults, duration_faults
from domain.journeys.validation.faults import (
    JourneyFault,
    duplicate,
    missing,
    not_allowed,
    read_only,
    required,
)
from domain.journeys.validation.filters import split_faults
from domain.journeys.validation.reading import Document, child, document, each, is_given, text
from domain.journeys.validation.size import BRANCHES, branches_of
from domain.journeys.validation.surroundings import KnownEvent, Surroundings
from domain.journeys.validation.triggers import awaited_faults

Sent = Mapping[str, str | None]


class BlockIds(StrEnum):
    """How blocks are named: new ones by a temporaryID; in a replacement, those that stay by their id; and as they
    are stored, all by their id."""

    NEW = "new"
    REPLACEMENT = "replacement"
    STORED = "stored"


@dataclass(frozen=True, slots=True)
class WrittenBlocks:
    """How the blocks of a document are named, and of those that there were before: their types by id, and the contentID
    of each that sends a mail."""

    ids: BlockIds = BlockIds.NEW
    existing: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Walk:
    """`event`: what starts the journey. `named`: where each id of the document was first seen."""

    around: Surroundings
    written: WrittenBlocks
    event: KnownEvent
    named: dict[str, Place] = field(default_factory=dict)

    def sequence(self, blocks: object, place: Place, above: Sent, *, goes_on: bool) -> Iterator[JourneyFault]:
        """`goes_on`: whether blocks follow those of this sequence."""
        listed = list(blocks) if isinstance(blocks, list | tuple) else []
        above = dict(above)
        for index, item in enumerate(listed):
            block, at = document(item), place.of(index)
            follows = index + 1 < len(listed)
            yield from self._names(block, at)
            yield from self._content(block, at)
            yield from self._parts(block, at)
            yield from self._inner(block, at, above)
            if not follows and not goes_on:
                yield from _ending_faults(block, at)
            for branch, where in branches_of(block, at):
                yield from self.sequence(branch, where, above, goes_on=follows)
            above |= sends_of([block])

    def _names(self, block: Document, place: Place) -> Iterator[JourneyFault]:
        if not block or self.written.ids is BlockIds.STORED:
            return
        own, new = text(block, "id"), text(block, "temporaryID")
        if self.written.ids is BlockIds.REPLACEMENT:
            if is_given(block, "id") and is_given(block, "temporaryID"):
                yield not_allowed(place.of("temporaryID"), "beside an id", "either of the two")
            elif not is_given(block, "id") and not is_given(block, "temporaryID"):
                yield required(
                    place.of("temporaryID"), "a temporaryID of a new block, or the id of one there is"
                )
            if own is not None and own not in self.written.existing:
                yield missing(place.of("id"), "block", "automation")
            elif own is not None and text(block, "type") not in (None, self.written.existing[own]):
                yield not_allowed(place.of("type"), "a block keeps its type", self.written.existing[own])
        for name, given in (("id", own), ("temporaryID", new)):
            if given is not None and given in self.named:
                yield duplicate(place.of(name), self.named[given])
            elif given is not None:
                self.named[given] = place.of(name)

    def _content(self, block: Document, place: Place) -> Iterator[JourneyFault]:
        email = child(child(block, "action"), ActionType.SEND_EMAIL)
        if not email:
            return
        own, at = text(block, "id"), place.of("action").of(ActionType.SEND_EMAIL)
        if self.written.ids is BlockIds.STORED:
            if text(email, "contentID") not in self.around.templates:
                yield missing(at.of("contentID"), "template")
            return
        kept = self.written.contents.get(own or "")
        if is_given(email, "contentID") and email["contentID"] != kept:
            yield read_only(at.of("contentID"))
        if own is not None and own not in self.written.existing:
            return
        if kept is None and not is_given(email, "templateID"):
            yield required(at.of("templateID"), "a template, as the block has sent no mail so far")
        elif kept is not None and is_given(email, "templateID"):
            yield not_allowed(
                at.of("templateID"), "a block keeps its content", "no such field, or a new block"
            )

    def _parts(self, block: Document, place: Place) -> Iterator[JourneyFault]:
        kind = text(block, "type")
        if kind not in tuple(BlockType):
            return
        for other in BlockType:
            if other != kind and is_given(block, other):
                yield not_allowed(place.of(other), f"not for a block of type {kind}", kind)
        if not is_given(block, kind):
            yield required(place.of(kind), f"the fields of {kind}, nested under this key")

    def _inner(self, block: Document, place: Place, above: Sent) -> Iterator[JourneyFault]:
        kind = text(block, "type")
        if kind is None or not is_given(block, kind):
            return
        inner, at = child(block, kind), place.of(kind)
        if kind == BlockType.DELAY:
            yield from delay_faults(inner, at)
        elif kind == BlockType.ACTION:
            yield from action_faults(inner, self.around, at)
        elif kind == BlockType.SPLIT:
            group, where = child(inner, "filterGroup"), at.of("filterGroup")
            yield from split_faults(group, self.event, self.around, above, where)
        elif kind in (BlockType.WAIT, BlockType.GOAL):
            yield from awaited_faults(inner, self.around, at)
            yield from duration_faults(child(inner, "timeout"), at.of("timeout"))
        if kind in (BlockType.SPLIT, BlockType.AB_TESTING) and not any(_branches(inner, kind)):
            names = " or ".join(BRANCHES[kind])
            yield required(at, f"at least one block in {names}")
        if kind == BlockType.RANDOM_SPLIT:
            yield from _arm_faults(inner, at)


def tree_faults(
    blocks: object, trigger: Document, around: Surroundings, written: WrittenBlocks, place: Place
) -> Iterator[JourneyFault]:
    """Of blocks whose size has been checked, in a journey that starts by this trigger."""
    event = around.event(text(child(trigger, "condition"), "event"))
    yield from _Walk(around, written, event).sequence(blocks, place, {}, goes_on=False)


def sends_of(blocks: Sequence[object]) -> dict[str, str | None]:
    """The send blocks among these and below them: what each sends, by each of its ids."""
    found: dict[str, str | None] = {}
    for item in blocks:
        block = document(item)
        kind = text(child(block, "action"), "type")
        if kind in SENDS:
            found |= {name: kind for key in ("id", "temporaryID") if (name := text(block, key)) is not None}
        for branch, _ in branches_of(block, Place()):
            found |= sends_of(branch if isinstance(branch, list | tuple) else [])
    return found


def _branches(inner: Document, kind: str) -> Iterator[Any]:
    return (inner.get(name) for name in BRANCHES[kind])


def _arm_faults(inner: Document, place: Place) -> Iterator[JourneyFault]:
    arms = [arm for arm, _ in each(inner, "arms", place)]
    if arms and not any(arm.get("blocks") for arm in arms):
        yield required(place, "at least one block in an arm")
    if arms and all(arm.get("weight") == 0 for arm in arms):
        yield required(place, "an arm with a weight above 0")


def _ending_faults(block: Document, place: Place) -> Iterator[JourneyFault]:
    """Nobody waits for nothing."""
    kind = text(block, "type")
    if kind == BlockType.DELAY:
        yield not_allowed(place, "a delay is the last block of its sequence", "an action after it")
    elif kind == BlockType.WAIT and not any(_branches(child(block, kind), kind)):
        yield not_allowed(place, "a wait is the last block of its sequence", "a block in it, or after it")
