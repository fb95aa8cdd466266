"""A condition tells why it holds or does not: with values, and in words."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.expressions import PARTICIPANT_EVENT, Explanation, compile_condition, explain
from domain.expressions.explaining import MAX_PARTS, MAX_TEXT_CHARACTERS
from domain.expressions.probing import MAX_SHOWN_CHARACTERS, MAX_SHOWN_ITEMS, Kind
from domain.expressions.sentences import MAX_SENTENCE_CHARACTERS
from domain.json_limits import MAX_ITEMS, MAX_STRING_BYTES, check_json_limits

from .test_conformance import CASES, EVENT, outcome_of
from .test_hostile_values import CONDITIONS, hostile_maps
from .test_second_opinion import conditions
from .values import NOW, values


def explanation(text: str, **changes: object) -> Explanation:
    return explain(compile_condition(text, PARTICIPANT_EVENT), {**values(**changes), "event": EVENT}, NOW)


def walk(part: Explanation) -> Iterator[Explanation]:
    yield part
    for inner in part.parts:
        yield from walk(inner)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "participant.counters.points >= 2000",
            "participant.counters.points is 1200, which is not at least 2000",
        ),
        ("participant.counters.points > 5", "participant.counters.points is 1200, which is more than 5"),
        (
            "2000 <= participant.counters.points",
            "participant.counters.points is 1200, which is not at least 2000",
        ),
        ('participant.tiers.loyalty == "gold"', 'participant.tiers.loyalty is "gold"'),
        ('participant.tiers.loyalty == "silver"', 'participant.tiers.loyalty is "gold", not "silver"'),
        ('participant.tiers.loyalty != "silver"', 'participant.tiers.loyalty is "gold", not "silver"'),
        (
            'participant.attributes.none == "x"',
            "participant.attributes.none is missing, so the condition is false",
        ),
        (
            "participant.attributes.plan > 3",
            "participant.attributes.plan > 3 has no value: a value is of a type that the operation on it "
            "does not take, so the condition is false",
        ),
        ('"vip" in participant.tags', 'participant.tags holds "vip"'),
        ('"gone" in participant.tags', 'participant.tags does not hold "gone"'),
        (
            'participant.attributes.plan in ["free", "team"]',
            'participant.attributes.plan is "pro", which is not in ["free", "team"]',
        ),
        (
            'participant.email.endsWith("@corp.example")',
            'participant.email is "ada@corp.example", which ends with "@corp.example"',
        ),
        ("has(participant.phone)", "participant.phone is missing"),
        ("has(participant.email)", "participant.email has a value"),
        ("has(participant.attributes.none)", "participant.attributes.none is missing"),
        ("participant.has_email", "participant.has_email is true"),
        ('in_segment("s-9")', 'the participant is not in the segment "s-9"'),
        (
            "participant.created_at > now",
            'participant.created_at is "2026-05-01T12:00:00Z", which is not after now ("2026-05-11T12:00:00Z")',
        ),
        (
            "days_since(participant.created_at) < 7",
            "days_since(participant.created_at) is 10, which is not less than 7",
        ),
        ("local(now).getHours() >= 14", "local(now).getHours() is 13, which is not at least 14"),
        ("!participant.has_phone", "participant.has_phone is false, and the opposite is asked for"),
        ("participant.has_email && participant.has_phone", "1 of 2 hold, and all must"),
        ("participant.has_phone || participant.has_email", "1 of 2 hold, and one is enough"),
        (
            'participant.tags.exists(t, t.startsWith("beta"))',
            'at least one item of participant.tags has t.startsWith("beta") (t being the item)',
        ),
    ],
)
def test_a_sentence_says_it_in_words(text: str, sentence: str) -> None:
    assert explanation(text).sentence == sentence


def test_the_parts_have_their_text_their_place_and_their_value() -> None:
    whole = explanation(
        'participant.counters.points >= 10\n && "vip" in participant.tags && now > participant.created_at'
    )
    assert [part.text for part in whole.parts] == [
        "participant.counters.points >= 10",
        '"vip" in participant.tags',
        "now > participant.created_at",
    ]
    points, tags, _ = whole.parts
    assert (points.parts[0].text, points.parts[0].value) == ("participant.counters.points", 1200)
    assert (tags.parts[0].value, tags.parts[0].position.line) == (["vip", "beta-2"], 2)


def test_a_missing_field_that_decides_nothing_is_told_as_such() -> None:
    whole = explanation("participant.attributes.none == 1 || participant.has_email")
    assert whole.matched
    missing = whole.parts[0]
    assert (missing.kind, missing.value) == (Kind.MISSING, None)
    assert missing.sentence == "participant.attributes.none is missing, so this part has no answer"


def test_a_loop_shows_the_item_that_decides() -> None:
    whole = explanation('participant.tags.exists(t, t == "beta-2")')
    tags, item = whole.parts
    assert tags.value == ["vip", "beta-2"]
    assert (item.text, item.value) == ('participant.tags[1] == "beta-2"', True)
    every = explanation('participant.tags.exists(t, t == "none")').parts[1:]
    assert [part.sentence for part in every] == [
        'participant.tags[0] is "vip", not "none"',
        'participant.tags[1] is "beta-2", not "none"',
    ]


def test_a_choice_shows_the_branch_that_was_taken() -> None:
    whole = explanation("participant.has_email ? participant.counters.points == 1 : participant.has_phone")
    assert [part.text for part in whole.parts] == [
        "participant.has_email",
        "participant.counters.points == 1",
    ]


@pytest.mark.parametrize("text", [text for _, outcome, text in CASES if not outcome.startswith("refused")])
def test_every_condition_of_the_language_can_be_explained(text: str) -> None:
    whole = explanation(text)
    assert whole.matched is (outcome_of(text)[0] == "true")
    assert (whole.error or "") == outcome_of(text)[1]
    assert_bounded(whole)


@given(conditions)
@settings(max_examples=100, deadline=None)
def test_the_whole_says_what_evaluation_says(text: str) -> None:
    assert_faithful(text, {"event": EVENT})


@given(st.sampled_from(CONDITIONS), hostile_maps, hostile_maps)
@settings(max_examples=100, deadline=None)
def test_whatever_the_data_hold(text: str, attributes: Any, counters: Any) -> None:
    assert_faithful(text, values(attributes=attributes, counters=counters))


def assert_faithful(text: str, own: dict[str, object]) -> None:
    condition = compile_condition(text, PARTICIPANT_EVENT)
    verdict = condition.evaluate({**own, "now": NOW})
    whole = explain(condition, own, NOW)
    assert (whole.matched, whole.error) == (verdict.matched, verdict.error)
    assert_bounded(whole)


def assert_bounded(whole: Explanation) -> None:
    parts = list(walk(whole))
    assert len(parts) <= MAX_PARTS
    for part in parts:
        assert len(part.text) <= MAX_TEXT_CHARACTERS
        assert 0 < len(part.sentence) <= MAX_SENTENCE_CHARACTERS
        assert not check_json_limits(part.value)
        assert (part.kind is Kind.VALUE) is (part.error is None)


def test_large_values_are_cut() -> None:
    whole = explanation(
        'participant.attributes.x == "" || participant.tags == []',
        attributes={"x": "y" * MAX_STRING_BYTES},
        tags=["z" * 50] * MAX_ITEMS,
    )
    text, tags = whole.parts[0].parts[0].value, whole.parts[1].parts[0].value
    assert isinstance(text, str)
    assert isinstance(tags, list)
    assert (len(text), len(tags)) == (MAX_SHOWN_CHARACTERS, MAX_SHOWN_ITEMS)


def test_what_is_costly_is_explained_as_far_as_the_budget_goes() -> None:
    text = "participant.attributes.a == participant.attributes.b"
    rows = " || ".join([f"participant.tags.exists(t, participant.attributes[t] == {n})" for n in range(12)])
    for condition in (rows, " || ".join([text] * 5)):
        whole = explanation(condition, attributes={"a": [[1] * 1000] * 16, "b": [[1] * 1000] * 15 + [[2]]})
        assert not whole.matched
        assert_bounded(whole)
