"""What docs/expressions.md says of the functions and the limits."""

import re
from pathlib import Path

import pytest

from domain.expressions import PARTICIPANT_EVENT, compile_condition
from domain.expressions.functions import NAMES, TIME_PARTS
from domain.expressions.limits import (
    COST_BUDGET,
    MAX_MACRO_NESTING,
    MAX_NODES,
    MAX_PATTERN_CHARACTERS,
    MAX_TEXT_CHARACTERS,
)

from .test_conformance import CASES

TEXT = (Path(__file__).parents[3] / "docs" / "expressions.md").read_text(encoding="utf-8")
FUNCTIONS = TEXT.partition("## Functions")[2].partition("\n## ")[0]
EXAMPLES = re.findall(r": `([^`]+)`", FUNCTIONS)


def test_every_function_of_ours_is_documented_with_an_example() -> None:
    for name in NAMES:
        assert f"| `{name}(" in FUNCTIONS
        assert any(f"{name}(" in example for example in EXAMPLES) or f"part: `{name}(" in FUNCTIONS
    for part in TIME_PARTS:
        assert f"`{part}`" in FUNCTIONS


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_condition(example: str) -> None:
    compile_condition(example)


def test_every_variable_is_documented() -> None:
    for name in PARTICIPANT_EVENT.variables:
        root, _, field = name.partition(".")
        assert f"`{name}`" in TEXT or f"`.{field}`" in TEXT or f"`{root}`" in TEXT, name


@pytest.mark.parametrize(
    "limit",
    [MAX_TEXT_CHARACTERS, MAX_NODES, MAX_MACRO_NESTING, MAX_PATTERN_CHARACTERS, COST_BUDGET, len(CASES)],
)
def test_the_limits_and_the_number_of_cases_are_those_in_force(limit: int) -> None:
    assert f"{limit:,}" in TEXT
