import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.canonical_json import canonical_json, fingerprint
from domain.events import payload_hash_of, request_hash_of
from domain.program_settings import UnknownParticipant, on_unknown_participant

SOMEBODY = UUID("6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7")
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
BASE: dict[str, Any] = {
    "data": {"type": "purchase", "amount": 12},
    "external_id": "ana",
    "participant_id": None,
    "event_timestamp": NINE,
}


def request_hash(**fields: Any) -> str:
    return request_hash_of(**BASE | fields)


@pytest.mark.parametrize(
    "said",
    [
        {"data": {"amount": 12.0, "type": "purchase"}},
        {"event_timestamp": NINE.astimezone(timezone(timedelta(hours=5, minutes=30)))},
    ],
    ids=["numbers and order", "offset"],
)
def test_what_says_the_same_has_the_same_hash(said: dict[str, Any]) -> None:
    assert request_hash(**said) == request_hash()


@pytest.mark.parametrize(
    "said",
    [
        {"data": {"type": "purchase", "amount": "12"}},
        {"data": {"type": "purchase", "amount": 12, "note": None}},
        {"external_id": None},
        {"external_id": None, "participant_id": SOMEBODY},
        {"event_timestamp": None},
        {"event_timestamp": NINE + timedelta(microseconds=1)},
        {"conversation_id": SOMEBODY},
        {"channel_source": "whatsapp"},
    ],
    ids=str,
)
def test_what_says_something_else_has_another_hash(said: dict[str, Any]) -> None:
    assert request_hash(**said) != request_hash()


@given(st.integers(-(2**53), 2**53))
def test_a_whole_number_may_be_written_either_way(number: int) -> None:
    either, other = {"n": [number]}, {"n": [float(number)]}
    assert payload_hash_of(either) == payload_hash_of(other)
    assert request_hash(data=either) == request_hash(data=other)


def test_the_hash_of_a_request_stays_what_it_was_before_there_were_conversations() -> None:
    said = {
        "event_data": {"type": "purchase", "amount": 12},
        "external_id": "ana",
        "participant_id": None,
        "event_timestamp": "2026-12-01T09:00:00.000000Z",
    }
    assert request_hash() == fingerprint(said)


def test_the_hash_of_a_payload_is_the_sha_256_of_its_canonical_json() -> None:
    data = {"type": "purchase", "lines": [{"sku": "ä", "count": 2.0}], "amount": "42.50"}
    written = '{"amount":"42.50","lines":[{"count":2,"sku":"ä"}],"type":"purchase"}'
    assert canonical_json(data) == written
    assert payload_hash_of(data) == hashlib.sha256(written.encode()).hexdigest()


def test_unknown_participants_are_created_unless_a_program_rejects_them() -> None:
    assert on_unknown_participant({"colour": "red"}) is UnknownParticipant.CREATE
    assert on_unknown_participant({"on_unknown_participant": "CREATE"}) is UnknownParticipant.CREATE
    assert on_unknown_participant({"on_unknown_participant": "REJECT"}) is UnknownParticipant.REJECT


@pytest.mark.parametrize("value", ["reject", None, 0, {}, []])
def test_any_other_rule_for_them_is_an_error(value: object) -> None:
    with pytest.raises(ValueError, match="on_unknown_participant"):
        on_unknown_participant({"on_unknown_participant": value})
