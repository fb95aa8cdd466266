import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical_json import canonical_json, fingerprint

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def reversed_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [reversed_keys(item) for item in value]
    return value


@given(documents)
def test_the_order_of_keys_never_matters(document: object) -> None:
    assert canonical_json(reversed_keys(document)) == canonical_json(document)


@given(documents)
def test_the_canonical_text_is_json_of_the_same_value(document: object) -> None:
    text = canonical_json(document)
    assert json.loads(text) == document
    assert canonical_json(json.loads(text)) == text


@given(documents, documents)
def test_different_documents_have_different_texts(one: object, other: object) -> None:
    if canonical_json(one) == canonical_json(other):
        assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (0, -0.0), (-(2**63), -(2.0**63)), (10**16, 1e16), ({"a": [1]}, {"a": [1.0]}), (1.5, 1.50)],
)
def test_numbers_that_are_equal_have_one_text(one: object, other: object) -> None:
    assert canonical_json(one) == canonical_json(other)


def test_a_boolean_is_no_number_and_neither_is_text() -> None:
    assert len({canonical_json(value) for value in (1, True, "1", [1])}) == 4


def test_the_text_has_sorted_keys_no_blanks_and_plain_letters() -> None:
    assert canonical_json({"b": [1, None, True], "a": "Málaga ☕"}) == '{"a":"Málaga ☕","b":[1,null,true]}'


@pytest.mark.parametrize(
    ("document", "digest"),
    [
        ({}, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ({"b": 1, "a": [1, "é"]}, "8717ac25ea6b88548fae92fcf938c6f0764f85913ba025812e1859bf0166f5d8"),
    ],
)
def test_a_fingerprint_never_changes(document: object, digest: str) -> None:
    assert fingerprint(document) == digest


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_lacks_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"n": number})
