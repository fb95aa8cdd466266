"""From what clients write to what is stored, and back: nothing is lost, and nothing is told twice in two ways."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition_forms.errors import Place
from domain.journeys.copying import copied
from domain.journeys.definition import FrequencyLimiter, JourneyDefinition, LimiterUnit
from domain.journeys.normalising import blocks_by_id, normal_limiter, stored_blocks, stored_journey
from domain.journeys.patching import patched
from domain.journeys.plan import compile_plan
from domain.journeys.validation import BlockIds, WrittenBlocks, block_faults, journey_faults, size_faults
from domain.journeys.validation.surroundings import references_of
from tests.domain.journeys.written import GARBAGE, JOURNEYS, LIMITER_DURATIONS, NOTHING_KNOWN

STORED = WrittenBlocks(BlockIds.STORED)
HOURS = {LimiterUnit.HOURS: 1, LimiterUnit.DAYS: 24, LimiterUnit.WEEKS: 168}


class Ids:
    """New ones, in order."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._number = 0

    def __call__(self) -> str:
        self._number += 1
        return f"{self._prefix}{self._number:024x}"


def stored(written: dict[str, Any]) -> JourneyDefinition:
    return stored_journey(written, NOTHING_KNOWN, Ids())


def without_ids(part: Any) -> Any:
    if isinstance(part, list):
        return [without_ids(item) for item in part]
    if isinstance(part, dict):
        return {key: without_ids(value) for key, value in part.items() if key not in ("id", "temporaryID")}
    return part


@settings(max_examples=60)
@given(JOURNEYS)
def test_a_journey_that_breaks_no_rule_is_stored_and_breaks_none_then(written: dict[str, Any]) -> None:
    assert journey_faults(written, NOTHING_KNOWN) == []
    definition = stored(written)
    assert journey_faults(definition.stored(), NOTHING_KNOWN, STORED) == []
    assert JourneyDefinition.model_validate(definition.stored()) == definition
    assert len(compile_plan(definition).nodes) == len(blocks_by_id(definition.blocks))


@settings(max_examples=60)
@given(JOURNEYS)
def test_the_blocks_that_are_stored_can_be_put_back(written: dict[str, Any]) -> None:
    definition = stored(written)
    blocks = definition.stored()["blocks"]
    existing = {name: block.type.value for name, block in blocks_by_id(definition.blocks).items()}
    ids = WrittenBlocks(BlockIds.REPLACEMENT, existing)
    assert block_faults(blocks, definition.stored()["trigger"], NOTHING_KNOWN, ids) == []
    again = stored_blocks(blocks, NOTHING_KNOWN, {}, {})
    assert JourneyDefinition.model_validate(definition.stored() | {"blocks": again}) == definition


@settings(max_examples=60)
@given(JOURNEYS)
def test_a_patch_with_what_is_there_changes_nothing(written: dict[str, Any]) -> None:
    definition = stored(written)
    shown = definition.stored()
    patch = {name: shown[name] for name in ("trigger", "exitConditions", "settings")}
    for change in ({}, patch):
        made = patched(definition, change, NOTHING_KNOWN)
        assert made.faults == []
        assert made.definition(NOTHING_KNOWN) == definition


@settings(max_examples=40)
@given(JOURNEYS, JOURNEYS)
def test_a_patch_of_parts_is_those_parts_and_the_blocks_there_were(
    written: dict[str, Any], other: dict[str, Any]
) -> None:
    definition, wanted = stored(written), stored(other)
    made = patched(definition, {name: other[name] for name in ("trigger", "exitConditions")}, NOTHING_KNOWN)
    assert made.faults == []
    assert made.definition(NOTHING_KNOWN) == definition.model_copy(
        update={"trigger": wanted.trigger, "exit_conditions": wanted.exit_conditions}
    )


@settings(max_examples=40)
@given(JOURNEYS)
def test_a_copy_has_the_same_blocks_under_other_ids(written: dict[str, Any]) -> None:
    definition = stored(written)
    copy, ids = copied(definition, Ids("c"))
    assert without_ids(copy.stored()) == without_ids(definition.stored())
    assert list(blocks_by_id(copy.blocks)) == list(ids.values())
    assert set(ids) == set(blocks_by_id(definition.blocks))
    assert set(ids).isdisjoint(ids.values())


@given(LIMITER_DURATIONS)
def test_a_limit_in_its_largest_unit_is_the_same_limit(duration: dict[str, Any]) -> None:
    limiter = FrequencyLimiter.model_validate({"mode": "interval", "duration": duration})
    normal = normal_limiter(limiter)
    assert normal_limiter(normal) == normal
    assert limiter.duration is not None and normal.duration is not None
    hours = limiter.duration.amount * HOURS[limiter.duration.units]
    assert normal.duration.amount * HOURS[normal.duration.units] == hours
    larger = [unit for unit, each in HOURS.items() if each > HOURS[normal.duration.units]]
    assert all(hours % HOURS[unit] for unit in larger)


@settings(max_examples=300)
@given(GARBAGE, st.sampled_from(list(BlockIds)))
def test_no_document_is_too_wrong_to_be_read(document: Any, ids: BlockIds) -> None:
    references_of(document)
    list(size_faults(document, Place("blocks")))
    journey_faults(document, NOTHING_KNOWN, WrittenBlocks(ids))
    whole = dict.fromkeys(("trigger", "blocks", "exitConditions", "settings"), document)
    for fault in journey_faults(whole, NOTHING_KNOWN, WrittenBlocks(ids)):
        assert fault.field and fault.reason


@settings(max_examples=150)
@given(JOURNEYS, GARBAGE)
def test_no_patch_is_too_wrong_to_be_read(written: dict[str, Any], garbage: Any) -> None:
    definition = stored(written)
    patched(definition, garbage, NOTHING_KNOWN)
    first = definition.blocks[0]
    named = {"id": first.id, "type": first.type.value, first.type.value: garbage}
    whole = {"trigger": garbage, "settings": garbage, "exitConditions": garbage, "blocks": [named, garbage]}
    patched(definition, whole, NOTHING_KNOWN)


def test_a_mail_keeps_its_content_though_the_template_is_gone() -> None:
    mail = {"contentID": "gone", "subject": "Hi", "preheader": "", "senderName": "Ana", "language": "en_US"}
    block = {"id": "a", "type": "action", "action": {"type": "sendEmail", "sendEmail": mail}}
    as_shown = WrittenBlocks(BlockIds.REPLACEMENT, {"a": "action"}, {"a": "gone"})
    assert block_faults([block], {}, NOTHING_KNOWN, as_shown) == []
    (fault,) = block_faults([block], {}, NOTHING_KNOWN, STORED)
    assert (fault.field, fault.reason) == ("blocks.0.action.sendEmail.contentID", "no such template")
