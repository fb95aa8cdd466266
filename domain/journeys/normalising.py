"""From a journey as clients write it to the one that is stored: ids of its own, and one way to say each thing.

What is written has been checked: these functions rely on it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from domain.contact_tags import contact_tag
from domain.journeys.blocks import ActionType, Block, BlockType
from domain.journeys.definition import FrequencyLimiter, JourneyDefinition, LimiterDuration, LimiterUnit
from domain.journeys.filters import SplitFilterType
from domain.journeys.validation.size import ARMS, BRANCHES
from domain.journeys.validation.surroundings import Surroundings

Written = Mapping[str, Any]
_HOURS = {LimiterUnit.WEEKS: 168, LimiterUnit.DAYS: 24, LimiterUnit.HOURS: 1}
_TAGGING = (ActionType.ADD_TAG, ActionType.REMOVE_TAG)
_CONDITIONS = (BlockType.WAIT, BlockType.GOAL)


def stored_journey(written: Written, around: Surroundings, new_id: Callable[[], str]) -> JourneyDefinition:
    """The definition that a written journey comes to, all of whose blocks are new."""
    return definition_of_parts(
        {
            "trigger": written["trigger"],
            "blocks": stored_blocks(written["blocks"], around, ids_of_new(written["blocks"], new_id), {}),
            "exitConditions": written.get("exitConditions") or [],
            "settings": written.get("settings") or {},
        },
        around,
    )


def definition_of_parts(parts: Written, around: Surroundings) -> JourneyDefinition:
    """The definition of parts whose blocks are as they are stored."""
    trigger = _present(parts["trigger"])
    trigger["condition"] = _with_origin(trigger["condition"], around)
    return JourneyDefinition.model_validate(
        {
            "trigger": trigger,
            "blocks": parts["blocks"],
            "exitConditions": [_with_origin(each, around) for each in parts["exitConditions"]],
            "settings": _normal_settings(parts["settings"]),
        }
    )


def ids_of_new(written: Sequence[Written], new_id: Callable[[], str]) -> dict[str, str]:
    """An id for each new block, by its temporaryID."""
    return {block["temporaryID"]: new_id() for block in _all(written) if block.get("temporaryID") is not None}


def stored_blocks(
    written: Sequence[Written],
    around: Surroundings,
    ids: Mapping[str, str],
    contents: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Each new block under its own of the `ids`, which message filters name instead of its temporaryID. `contents`:
    the contentID of each email block that stays."""
    return [_stored_block(block, around, ids, contents) for block in written]


def normal_limiter(limiter: FrequencyLimiter) -> FrequencyLimiter:
    """The same limit, its duration in the largest unit that divides it."""
    if limiter.duration is None:
        return limiter
    hours = limiter.duration.amount * _HOURS[limiter.duration.units]
    unit = next(unit for unit, each in _HOURS.items() if hours % each == 0)
    duration = LimiterDuration(amount=hours // _HOURS[unit], units=unit)
    return limiter.model_copy(update={"duration": duration})


def blocks_by_id(blocks: Sequence[Block]) -> dict[str, Block]:
    """All blocks of a definition, nested ones too, in their order."""
    found: dict[str, Block] = {}
    for block in blocks:
        found[block.id] = block
        for branch in branches_of_block(block):
            found |= blocks_by_id(branch)
    return found


def branches_of_block(block: Block) -> Iterator[tuple[Block, ...]]:
    """The sequences that a block holds, in their order."""
    if block.split is not None:
        yield from (block.split.true_blocks, block.split.false_blocks)
    if block.ab_testing is not None:
        yield from (block.ab_testing.a_blocks, block.ab_testing.b_blocks)
    if block.wait is not None:
        yield from (block.wait.event_blocks, block.wait.timeout_blocks)
    if block.random_split is not None:
        yield from (arm.blocks for arm in block.random_split.arms)


def _all(blocks: Sequence[Written]) -> Iterator[Written]:
    for block in blocks:
        yield block
        inner = block[block["type"]]
        for name in BRANCHES.get(block["type"], ()):
            yield from _all(inner.get(name) or ())
        if block["type"] == ARMS:
            for arm in inner["arms"]:
                yield from _all(arm.get("blocks") or ())


def _stored_block(
    block: Written, around: Surroundings, ids: Mapping[str, str], contents: Mapping[str, str]
) -> dict[str, Any]:
    kind = BlockType(block["type"])
    block_id = block["id"] if block.get("id") is not None else ids[block["temporaryID"]]
    inner = _present(block[kind])

    def below(branch: Sequence[Written]) -> list[dict[str, Any]]:
        return [_stored_block(each, around, ids, contents) for each in branch]

    for name in BRANCHES.get(kind, ()):
        if name in inner:
            inner[name] = below(inner[name])
    match kind:
        case BlockType.ACTION:
            inner = stored_action(inner, contents.get(block_id))
        case BlockType.SPLIT:
            inner["filterGroup"] = _naming(inner["filterGroup"], ids)
        case BlockType.WAIT | BlockType.GOAL:
            inner = _with_origin(inner, around)
        case BlockType.RANDOM_SPLIT:
            inner["arms"] = [
                _present(arm) | {"blocks": below(arm.get("blocks") or ())} for arm in inner["arms"]
            ]
    return {"id": block_id, "type": kind.value, kind.value: inner}


def stored_action(action: Written, content: str | None) -> dict[str, Any]:
    """`content`: the contentID of an email block that stays; a new one has its template's."""
    kind = ActionType(action["type"])
    inner = _present(action[kind])
    if kind is ActionType.SEND_EMAIL:
        inner["contentID"] = inner.pop("templateID", None) or inner.get("contentID") or content
    elif kind in _TAGGING:
        inner["value"] = contact_tag(inner["value"])
    return {"type": kind.value, kind.value: _unless_empty(inner)}


def _naming(group: Written, ids: Mapping[str, str]) -> dict[str, Any]:
    """The group with the ids of blocks instead of their temporary ones."""
    filters = [
        {**each, "value": ids.get(each["value"], each["value"])}
        if each["type"] == SplitFilterType.MESSAGE
        else each
        for each in map(_present, group["filters"])
    ]
    return {**group, "filters": filters}


def _with_origin(condition: Written, around: Surroundings) -> dict[str, Any]:
    found = _present(condition)
    origin = around.origin_of(found["event"], found.pop("origin", None) or None)
    return found if origin is None else found | {"origin": origin}


def _normal_settings(settings: Written) -> dict[str, Any]:
    found = _present(settings)
    limiter = found.get("frequencyLimiter")
    if limiter is not None:
        plain = normal_limiter(FrequencyLimiter.model_validate(_present(limiter)))
        found["frequencyLimiter"] = plain.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found


def _present(given: Written) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


# Optional texts that an empty text clears.
_CLEARABLE = frozenset({"replyToEmail", "senderEmail", "imageID", "iconID"})


def _unless_empty(inner: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inner.items() if not (name in _CLEARABLE and value == "")}
