"""Hints mean that a participant has what they name."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.condition_forms import ConditionFormError, HintKind, cel_of_hints
from domain.condition_forms.limits import MAX_COMPARISONS, MAX_HINTS

from .people import TEXTS, holds, keys, people

HELD_IN = {
    "has_tag": "participant.tags",
    "has_attribute": "participant.attributes",
    "has_counter": "participant.counters",
}
known = st.builds(
    lambda kind, key: {"type": kind, "key": key},
    st.sampled_from(sorted(HELD_IN)),
    keys | st.sampled_from([text for text in TEXTS if text]),
)
unknown = st.sampled_from(
    [{}, {"type": "has_tier"}, {"type": None}, {"type": ["has_tag"]}, {"field": "tags"}]
)


@given(st.lists(known | unknown, max_size=5), people)
@settings(max_examples=300, deadline=None)
def test_all_that_the_hints_say_must_hold(hints: list[dict[str, Any]], person: dict[str, Any]) -> None:
    said = [hint for hint in hints if hint.get("type") in tuple(HELD_IN)]
    expected = all(hint["key"] in person[HELD_IN[hint["type"]]] for hint in said)
    assert holds(cel_of_hints(hints), person) is expected


def test_every_kind_is_tried() -> None:
    assert set(HELD_IN) == set(HintKind)


def test_the_expression_reads_as_if_written_by_hand() -> None:
    hints = [
        {"type": "has_tag", "key": "vip"},
        {"type": "has_attribute", "key": "plan"},
        {"type": "has_counter", "key": "first order"},
    ]
    assert cel_of_hints(hints) == (
        '"vip" in participant.tags && has(participant.attributes.plan) && "first order" in participant.counters'
    )


@pytest.mark.parametrize(
    ("hint", "path"),
    [
        ({"type": "has_tag"}, "1.key"),
        ({"type": "has_tag", "key": ""}, "1.key"),
        ({"type": "has_tag", "key": 1}, "1.key"),
        ({"type": "has_tag", "key": "\0"}, "1.key"),
        ({"type": "has_tag", "key": "a", "value": 1}, "1.value"),
    ],
)
def test_a_hint_of_a_known_kind_is_refused_by_its_path(hint: dict[str, Any], path: str) -> None:
    with pytest.raises(ConditionFormError) as caught:
        cel_of_hints([{}, hint])
    assert caught.value.path == path


def test_hints_that_say_nothing_hold_always_however_many() -> None:
    assert cel_of_hints([]) == cel_of_hints([{"a": 1}] * MAX_HINTS) == "true"
    with pytest.raises(ConditionFormError):
        cel_of_hints([{"type": "has_tag", "key": "a"}] * (MAX_COMPARISONS + 1))
