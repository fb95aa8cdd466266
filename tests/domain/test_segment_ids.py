from uuid import UUID

import pytest

from domain.segment_ids import hex_id, hex_text, id_of_hex, id_text, segment_id_of


def test_the_digits_of_a_segment_tell_its_id() -> None:
    random = UUID("0f6c5c0e-9d0a-4b7e-8f9a-2f1d3c4b5a69")
    segment_id = segment_id_of(random)
    assert id_of_hex(hex_id(segment_id)) == segment_id
    assert len(hex_id(segment_id)) == 24
    assert segment_id == UUID("0f6c5c0e-9d0a-4b7e-8f9a-2f1d00000000")


def test_conditions_know_a_segment_by_its_id_whichever_name_it_was_given() -> None:
    assert id_text("000000000000000000000001") == "00000000-0000-0000-0000-000100000000"
    same = "0a000000-0000-0000-0000-000100000000"
    for written in (same, same.upper(), UUID(same).hex, UUID(same).urn):
        assert id_text(written) == same


def test_events_name_a_segment_by_its_digits_whichever_name_it_was_given() -> None:
    same = UUID("0a000000-0000-0000-0000-000100000000")
    for written in (str(same), str(same).upper(), same.hex, same.urn):
        assert hex_text(written) == "0a0000000000000000000001"
    assert hex_text("000000000000000000000001") == "000000000000000000000001"
    another = "00000000-0000-0000-0000-000100000002"
    assert hex_text(another) == another


@pytest.mark.parametrize("text", ["", "1", "0" * 23, "0" * 25, "G" * 24, "A" * 24])
def test_anything_else_is_no_name_of_a_segment(text: str) -> None:
    assert id_of_hex(text) is None
    assert id_text(text) == text
    assert hex_text(text) == text
