"""The language as its definition has it, area by area: the tables are in conformance/, one case a line.

A line is `outcome : condition`. `true` and `false` are verdicts without an error, `error` is a verdict of false with
one. `refused`, with words of the reason after a comma, is a text that is no condition: of the language it may be
one, but a checker that finds mistakes when a text is saved has to refuse some that could be evaluated.
"""

from pathlib import Path

import pytest

from domain.expressions import PARTICIPANT_EVENT, ExpressionError, compile_condition

from .values import values

TABLES = sorted((Path(__file__).parent / "conformance").glob("*.txt"))

EVENT = {
    "i": 3,
    "negative": -3,
    "zero": 0,
    "big": 2**63 - 1,
    "small": -(2**63),
    "d": 2.5,
    "whole": 3.0,
    "nan": float("nan"),
    "infinity": float("inf"),
    "s": "abc",
    "e": "",
    "digits": "42",
    "uni": "é😀",
    "when": "2026-05-11T12:00:00.000000Z",
    "t": True,
    "f": False,
    "n": None,
    "l": [1, 2, 3],
    "empty": [],
    "mixed": [1, "a", True, None],
    "m": {"a": 1, "b": "x"},
    "nested": {"deep": {"er": [{"k": "v"}]}},
    "people": [
        {"name": "Ada", "age": 36, "pets": ["cat"], "email": "ada@corp.example"},
        {"name": "Bob", "age": 20, "pets": []},
    ],
    "reserved": {"if": 1},
}


def cases() -> list[tuple[str, str, str]]:
    """Area, outcome and condition of every line that is not a remark."""
    found = []
    for table in TABLES:
        for line in table.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                outcome, _, text = line.partition(" : ")
                found.append((table.stem, outcome, text))
    return found


CASES = cases()


def outcome_of(text: str) -> tuple[str, str]:
    try:
        condition = compile_condition(text, PARTICIPANT_EVENT)
    except ExpressionError as error:
        return "refused", str(error)
    verdict = condition.evaluate({**values(), "event": EVENT})
    if verdict.error:
        return "error", verdict.error
    return str(verdict.matched).lower(), ""


@pytest.mark.parametrize(
    ("outcome", "text"), [case[1:] for case in CASES], ids=[f"{area}: {text}" for area, _, text in CASES]
)
def test_a_condition_means_what_the_language_says(outcome: str, text: str) -> None:
    expected, _, reason = outcome.partition(", ")
    found, words = outcome_of(text)
    assert found == expected, words
    assert reason in words


def test_the_tables_hold_no_case_twice_and_no_unknown_outcome() -> None:
    texts = [text for _, _, text in CASES]
    assert len(set(texts)) == len(texts)
    assert {outcome.partition(",")[0] for _, outcome, _ in CASES} == {"true", "false", "error", "refused"}
