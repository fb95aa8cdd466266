"""`carillon attacks`: what texts made to hold a server up, to fill its memory or to reach past the language come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated

import psutil
import typer

from domain.expressions import ExpressionError, compile_condition
from domain.expressions.limits import MAX_ITERATIONS
from domain.json_limits import MAX_ITEMS, MAX_STRING_BYTES

_TAGS = "participant.tags"
_BIO = "participant.attributes.bio"
_LITERALS = "[0,1,2,3,4,5,6,7,8,9]"
_SHOWN_ANSWER = 90
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attack:
    """`aim`: what it would do to an engine without limits."""

    aim: str
    text: str


@dataclass(frozen=True, slots=True)
class Defence:
    """`answer`: the refusal, or what evaluation on the largest data came to. Memory is what the process grew by."""

    answer: str
    milliseconds: float
    mebibytes: float


def _nested_all(levels: int) -> str:
    return "".join(f"{_LITERALS}.all(x{level}, " for level in range(levels)) + "true" + ")" * levels


ATTACKS = (
    Attack("30 to 100 parentheses: recursion without end", "(" * 100 + "true" + ")" * 100),
    Attack("100,000 parentheses: 7.5 s, 745 MB", "(" * 100_000 + "true" + ")" * 100_000),
    Attack("a chain of 400 operators: recursion without end", "+".join(["1"] * 400) + " == 400"),
    Attack("a literal of 1 MB: 9 s, 2.5 GB", "[" + ",".join(["1"] * 500_000) + "] == []"),
    Attack("a loop whose body fails: doubles with each item", f"{_TAGS}.exists(t, t.qty == 1)"),
    Attack("the same where types are not known", "participant.attributes.items.exists(i, i.qty == 1)"),
    Attack("five loops in one another: 16 s", _nested_all(5)),
    Attack("eight loops in one another: never ends", _nested_all(8)),
    Attack("two loops over the longest list", f'{_TAGS}.all(a, {_TAGS}.all(b, a != "" && b != ""))'),
    Attack("lists added up in a loop: 52 s, 21.5 GB", f"{_TAGS}.map(t, {_TAGS} + {_TAGS}).size() == 1"),
    Attack("texts added up in a loop", f"{_TAGS}.map(t, {_BIO} + {_BIO} + {_BIO}).size() == 1"),
    Attack("lists built inside lists", f"{_TAGS}.map(t, {_TAGS}.map(s, s + t)).size() == 1"),
    Attack(
        "documents compared in a loop", f"{_TAGS}.exists(t, participant.attributes == participant.counters)"
    ),
    Attack("a pattern that backtracks", f'{_BIO}.matches("(a+)+b$")'),
    Attack("a pattern that grows when compiled", f'{_BIO}.matches("((a{{0,100}}){{0,100}}){{0,100}}")'),
    Attack("a pattern from the data", f"{_BIO}.matches(participant.attributes.pattern)"),
    Attack("a pattern in a loop", f'{_TAGS}.exists(t, {_BIO}.matches("[a-z]+x"))'),
    Attack("zones from the data: 7 MiB lost each time", f"{_TAGS}.exists(t, now.getHours(t) == 25)"),
    Attack("null looped over: a bare TypeError", "null.exists(x, true)"),
    Attack("null given back: the process aborts", "participant.attributes.none"),
    Attack("Python's own names", "__dict__"),
    Attack("Python's setters", '[__setattr__].map(f, .f("package", "evil")) == []'),
    Attack("Python's pickles", "[__reduce_ex__].map(f, .f(2)) == []"),
    Attack("protocol messages", "google.protobuf.Value{} == 1"),
    Attack("division by zero", "1 / (participant.counters.points - 1200) == 1"),
    Attack("overflow", "participant.counters.points * 9223372036854775807 == 1"),
    Attack("half a surrogate pair", '"\ud800" == ""'),
)


def defend(attack: Attack) -> Defence:
    """Compile the attack, and evaluate it on the largest data there can be if that is allowed."""
    process = psutil.Process()
    memory, started = process.memory_info().rss, perf_counter()
    answer = _answer(attack.text)
    took = perf_counter() - started
    return Defence(answer, took * 1_000, max(0, process.memory_info().rss - memory) / _MIB)


def attacks(
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, help="Run them all so often; the worst is shown.")
    ] = 1,
) -> None:
    """Try to bring the expression engine down, and show how each attempt ends.

    Each text is compiled as a client's would be and, where it may be saved,
    evaluated on the largest values that can be stored. Times are those of
    this machine. Nothing is stored, and no service is needed.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    compile_condition("participant.tags.size() == 1 && days_since(now) == 0").evaluate(_largest_values())
    table = Table("Attack", "Answer")
    table.add_column("ms", justify="right")
    table.add_column("MiB", justify="right")
    for attack in ATTACKS:
        found = [defend(attack) for _ in range(repeat)]
        milliseconds = max(defence.milliseconds for defence in found)
        mebibytes = max(defence.mebibytes for defence in found)
        table.add_row(
            attack.aim, Text(found[0].answer[:_SHOWN_ANSWER]), f"{milliseconds:.1f}", f"{mebibytes:.1f}"
        )
    console = Console()
    console.print(table)
    console.print(f"One evaluation loops at most {MAX_ITERATIONS:,} times.")


def _answer(text: str) -> str:
    try:
        # Past the cache, so that a repeated attack is a new one.
        condition = compile_condition.__wrapped__(text)
    except ExpressionError as error:
        return f"refused: {error}"
    verdict = condition.evaluate(_largest_values())
    return f"false: {verdict.error}" if verdict.error else f"evaluated: {str(verdict.matched).lower()}"


def _largest_values() -> Mapping[str, object]:
    """As much as one participant can hold, and hard to tell apart."""
    return {
        "participant.tags": ["a" * 59 + "b"] * MAX_ITEMS,
        "participant.attributes": {
            "bio": "a" * (MAX_STRING_BYTES - 1) + "c",
            "items": ["a"] * MAX_ITEMS,
            "pattern": "(a+)+b",
            "none": None,
        },
        "participant.counters": {"points": 1200},
        "now": datetime(2026, 5, 11, 12, tzinfo=UTC),
    }
