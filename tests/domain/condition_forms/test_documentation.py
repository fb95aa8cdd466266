"""What docs/expressions.md says of the forms."""

import re
from pathlib import Path

import pytest

from domain.condition_forms import Operator, RuleConditions, cel_of_conditions
from domain.condition_forms.contact_fields import ContactField
from domain.condition_forms.limits import (
    MAX_COMPARISONS,
    MAX_FIELD_STEPS,
    MAX_GROUP_DEPTH,
    MAX_HINTS,
    MAX_LISTED_VALUES,
    MAX_TEXT_CHARACTERS,
)
from domain.expressions import PARTICIPANT_EVENT

from .people import holds

TEXT = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text(encoding="utf-8")
FORMS = TEXT.partition("\n## Forms\n")[2].partition("\n## ")[0]
OPERATORS = FORMS.partition("### Operators")[2].partition("###")[0]
CONTACTS = FORMS.partition("### Fields of contacts")[2].partition("###")[0]
ROWS = re.findall(r"^\| (`.*`) \| (.*?) \| (.*) \| (yes|no) \|$", OPERATORS, re.MULTILINE)
WITHOUT_VALUE = [(operator, row[3]) for row in ROWS for operator in re.findall(r"`(\w+)`", row[0])]
DOCUMENTED = [
    (operator, expression.replace("\\|", "|"))
    for row in ROWS
    for operator, expression in zip(
        re.findall(r"`(\w+)`", row[0]), re.findall(r"`(.+?)`", row[2]), strict=True
    )
]
VALUES: dict[str, object] = {"in": ["v", "w"], "notIn": ["v", "w"], "exists": None, "notExists": None}


def translated(operator: str) -> str:
    value = 1 if operator in ("gt", "gte", "lt", "lte") else VALUES.get(operator, "v")
    form = {"field": "event.f", "operator": operator, "value": value}
    return cel_of_conditions(RuleConditions.model_validate({"all": [form]}), PARTICIPANT_EVENT)


def test_every_operator_is_documented_once() -> None:
    assert sorted(operator for operator, _ in DOCUMENTED) == sorted(Operator)


@pytest.mark.parametrize(("operator", "expression"), DOCUMENTED)
def test_each_operator_comes_to_the_expression_documented(operator: str, expression: str) -> None:
    written = re.sub(r"\bf\b", "event.f", expression)
    value = "1" if operator in ("gt", "gte", "lt", "lte") else '"v"'
    written = re.sub(r"\bw\b", '"w"', re.sub(r"\bv\b", value, written))
    assert translated(operator) == written


@pytest.mark.parametrize(("operator", "holds_without"), WITHOUT_VALUE)
def test_each_operator_holds_without_a_value_as_documented(operator: str, holds_without: str) -> None:
    assert holds(translated(operator), {"event": {}}) is (holds_without == "yes")


def test_every_field_of_contacts_is_documented() -> None:
    assert {name for name in ContactField if f"`{name}`" in CONTACTS} == set(ContactField)


def test_the_limits_are_those_in_force() -> None:
    told = re.findall(r"\d+", FORMS.partition("### Limits of forms")[2])
    assert [int(number) for number in told] == [
        *(MAX_COMPARISONS, MAX_LISTED_VALUES, MAX_HINTS, MAX_COMPARISONS),
        *(MAX_GROUP_DEPTH, MAX_FIELD_STEPS, MAX_TEXT_CHARACTERS),
    ]
