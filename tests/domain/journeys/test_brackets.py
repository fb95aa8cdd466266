"""Placeholders of the seed: Liquid in texts, values in JSON that stays JSON."""

import json

import pytest

from domain.journeys.brackets import as_liquid, fill_json
from domain.templates import parse_template

ANA = {"contact": {"first_name": 'Ana "A"', "email": "ana@example.com", "tags": ["vip"], "age": 30}}


def test_placeholders_of_a_text_are_liquid() -> None:
    text = as_liquid(
        "Hello [[contact.first_name]], [[ contact.email ]]! {{ contact.age | plus: 1 }} [not one]"
    )
    assert parse_template(text).render(ANA) == 'Hello Ana "A", ana@example.com! 31 [not one]'


def test_the_place_for_the_unsubscribe_link_stays() -> None:
    assert as_liquid("Bye: [[unsubscribe_link]]") == "Bye: [[unsubscribe_link]]"


def test_a_value_within_a_string_of_json_stays_within_it() -> None:
    source = '{"to": "[[contact.first_name]] <[[contact.email]]>", "none": "[[contact.nothing]]"}'
    assert json.loads(fill_json(source, ANA)) == {"to": 'Ana "A" <ana@example.com>', "none": ""}


def test_a_value_on_its_own_is_json() -> None:
    source = '{"age": [[contact.age]], "tags": [[contact.tags]], "none": [[contact.nothing]], "lists": [[1]]}'
    assert json.loads(fill_json(source, ANA)) == {"age": 30, "tags": ["vip"], "none": None, "lists": [[1]]}


def test_what_does_not_come_out_as_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        fill_json('{"a": }', ANA)
