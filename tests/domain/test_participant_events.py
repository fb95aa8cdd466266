from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.participant_events import LONGEST_KEY, MOST_KEYS, participant_event_data

ANA: dict[str, Any] = {
    "id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7",
    "external_id": "ana",
    "email": "ana@example.org",
    "phone": None,
    "first_name": "Ana",
    "last_name": None,
    "display_name": None,
    "locale": None,
    "timezone": "Europe/Madrid",
    "status": "ACTIVE",
    "tags": ["vip"],
    "consent": {"email": "subscribed"},
    "attributes": {"city": "Lugo", "size": 1},
    "counters": {"orders": 3},
    "tiers": {},
    "updated_at": 1,
}


def changed(**fields: Any) -> list[str]:
    data = participant_event_data(ANA, ANA | fields, "api")
    assert data is not None
    assert (data["type"], data["source"]) == ("participant.updated", "api")
    names: list[str] = data["changed"]
    return names


def test_an_update_names_the_fields_that_changed() -> None:
    assert changed(email=None, first_name="Anna", tags=[]) == ["email", "first_name", "tags"]


def test_of_documents_it_names_the_keys_that_changed_came_or_went() -> None:
    assert changed(attributes={"city": "Vigo", "plan": "pro"}, tiers={"loyalty": "gold"}) == [
        "attributes.city",
        "attributes.plan",
        "attributes.size",
        "tiers.loyalty",
    ]


def test_true_is_not_1_and_1_is_1_point_0() -> None:
    assert changed(attributes={"city": "Lugo", "size": True}) == ["attributes.size"]
    assert participant_event_data(ANA, ANA | {"attributes": {"city": "Lugo", "size": 1.0}}, "api") is None


def test_a_null_is_not_the_absence_of_a_key() -> None:
    assert changed(counters={"orders": 3, "visits": None}) == ["counters.visits"]


def test_what_changed_nothing_is_no_event() -> None:
    assert participant_event_data(ANA, ANA | {"updated_at": 2}, "api") is None


@pytest.mark.parametrize(
    "keys",
    [[str(number) for number in range(MOST_KEYS + 1)], ["k" * (LONGEST_KEY + 1)]],
    ids=["many", "long"],
)
def test_a_document_with_too_many_changes_or_too_long_keys_is_named_alone(keys: list[str]) -> None:
    assert changed(counters={"orders": 3} | dict.fromkeys(keys, 1)) == ["counters"]


def test_a_new_participant_is_told_with_the_fields_they_came_with() -> None:
    bare = dict.fromkeys(ANA) | {"status": "ACTIVE", "tags": [], "consent": {}}
    bare |= {"attributes": {}, "counters": {}, "tiers": {}}
    created = {"type": "participant.created", "source": "import"}
    assert participant_event_data(None, bare, "import") == created | {"changed": []}
    told = participant_event_data(
        None, bare | {"email": "a@example.org", "counters": {"orders": 1}}, "import"
    )
    assert told == created | {"changed": ["counters.orders", "email"]}


@given(st.text(min_size=12), st.dictionaries(st.sampled_from("abc"), st.text(min_size=12), min_size=1))
def test_no_value_is_ever_told(secret: str, attributes: dict[str, str]) -> None:
    after = ANA | {"email": secret, "last_name": secret, "tags": [secret], "attributes": attributes}
    for before in (ANA, None):
        data = participant_event_data(before, after, "api")
        assert data is not None
        known = {"type", "source", "api", *ANA, *(f"attributes.{key}" for key in "abc")}
        known |= {"attributes.city", "attributes.size", "counters.orders", "consent"}
        assert set(data["changed"]) <= known
