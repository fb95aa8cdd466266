"""Texts written to hold a worker up, to fill its memory or to reach past the language: all are refused or bounded."""

import pytest

from domain.expressions import Condition, ExpressionError, compile_condition
from domain.expressions.limits import COST_BUDGET, MAX_NODES, MAX_PATTERN_CHARACTERS, MAX_TEXT_CHARACTERS
from domain.json_limits import MAX_ITEMS, MAX_STRING_BYTES

from .values import values

TAGS = "participant.tags"
BIO = "participant.attributes.bio"
LITERALS = "[0,1,2,3,4,5,6,7,8,9]"


def refusal(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        compile_condition(text)
    return str(caught.value)


def nested_all(over: str, levels: int) -> str:
    return "".join(f"{over}.all(x{level}, " for level in range(levels)) + "true" + ")" * levels


def bounded(text: str) -> Condition:
    condition = compile_condition(text)
    assert condition.cost <= COST_BUDGET
    return condition


@pytest.mark.parametrize("levels", [3, 5, 8])
def test_loops_nest_two_deep_at_most(levels: int) -> None:
    assert "nest too deeply" in refusal(nested_all(LITERALS, levels))


def test_loops_beyond_the_steps_of_the_engine_end_as_false() -> None:
    condition = bounded(f'{TAGS}.all(a, {TAGS}.all(b, a != "" && b != ""))')
    verdict = condition.evaluate(values(tags=["x"] * MAX_ITEMS))
    assert not verdict.matched
    assert verdict.error


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "true" + ")" * 100_000,
        "[" + ",".join(["1"] * 500_000) + "] == []",
        "true" + " " * MAX_TEXT_CHARACTERS,
    ],
)
def test_long_texts_are_not_parsed(text: str) -> None:
    assert f"has {len(text)} characters" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 900 + "true" + ")" * 900,
        "participant.attributes" + ".a" * 500 + " == 1",
        "participant.attributes" + "[0]" * 500 + " == 1",
        "+".join(["1"] * 500) + " == 1",
        TAGS + ".filter(t, true)" * 100 + " == []",
        "[" * 200 + "]" * 200 + " == []",
    ],
)
def test_deep_texts_are_refused_by_the_parser(text: str) -> None:
    assert "recursion" in refusal(text)


@pytest.mark.parametrize("text", ["||".join(["true"] * 300), f"1 in [{','.join(['1'] * 400)}]"])
def test_wide_texts_are_refused_by_their_size(text: str) -> None:
    assert "parts (names, values and operations)" in refusal(text)
    with pytest.raises(ExpressionError) as caught:
        compile_condition(text)
    assert caught.value.problems[0].expected == f"at most {MAX_NODES}"


@pytest.mark.parametrize(
    "text",
    [
        f"{TAGS}.map(t, {TAGS} + {TAGS} + {TAGS}).size() == 1",
        f"({'+'.join([TAGS] * 12)}).map(t, t).size() == 1",
        f"[{TAGS} + {TAGS}].exists(l, l.map(x, x).size() == 1)",
        f"{TAGS}.map(t, {TAGS}.filter(s, s == t).size()).exists(n, n == 99)",
        f"{TAGS}.map(t, {TAGS}.map(s, s + t)).size() == 1",
        f"{TAGS}.map(t, {BIO} + {BIO} + {BIO} + {BIO}).size() == 1",
        f"{TAGS}.exists(t, participant.attributes.a == participant.attributes.b)",
        "participant.attributes.a.exists(x, x in participant.attributes.b)",
        f"{TAGS}.map(t, {TAGS}).exists(l, l == participant.segments)",
        f'{TAGS}.exists(t, {BIO}.contains("aaaaaaaaab"))',
        f"{TAGS}.exists(t, {BIO}.contains(t))",
        f'{TAGS}.exists(t, {BIO}.matches("aab"))',
        f'{TAGS}.exists(t, t.matches("[\\\\pL]+"))',
        f'{TAGS}.all(a, {TAGS}.all(b, a.matches("ab")))',
        "&&".join([f'{BIO}.matches("a[ab]{{60}}c")'] * 8),
    ],
)
def test_what_could_run_long_is_refused_before_it_runs(text: str) -> None:
    assert "could take too long (cost " in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{TAGS}.exists(t, participant.attributes[t] == 1)",
        f'{TAGS}.filter(t, t != "q").map(t, t.size()).exists(x, x == 3)',
        f'{TAGS}.exists(t, t.matches("^beta-[0-9]+$"))',
        f"{TAGS}.exists(t, t in participant.segments)",
        f'{BIO}.matches("(a+)+b$")',
        f'{BIO}.matches("(a|aa)+b")',
        "participant.attributes.a == participant.attributes.b",
    ],
)
def test_what_is_within_the_budget_ends_on_the_largest_data(text: str) -> None:
    attributes = {"bio": "a" * MAX_STRING_BYTES, "a": [[1] * 1000] * 16, "b": [[1] * 1000] * 15 + [[2]]}
    tags = ["a" * 59 + "b"] * MAX_ITEMS
    segments = ["a" * 59 + "c"] * MAX_ITEMS
    verdict = bounded(text).evaluate(values(attributes=attributes, tags=tags, segments=segments))
    assert not verdict.matched


@pytest.mark.parametrize(
    "pattern",
    ["((a{0,10}){0,10}){0,10}x", "(a?){900}", r"(\\pL{100}|\\pN{100}){2}", ".{1000}", "a{1000}{1000}"],
)
def test_patterns_that_grow_when_compiled_are_refused(pattern: str) -> None:
    assert "the pattern could take too long to match" in refusal(f'{BIO}.matches("{pattern}")')


@pytest.mark.parametrize("pattern", ["(", "[a", "a**b{2", r"(?<=a)b", r"(a)\\1", "(?P<x"])
def test_patterns_are_those_of_re2(pattern: str) -> None:
    assert "not a regular expression" in refusal(f'{BIO}.matches("{pattern}")')


def test_patterns_are_literals_of_limited_length_without_quoting() -> None:
    assert "not a literal" in refusal(f"{BIO}.matches(participant.email)")
    assert "not a literal" in refusal(f"matches({BIO}, participant.email)")
    assert "characters" in refusal(f'{BIO}.matches("{"a" * (MAX_PATTERN_CHARACTERS + 1)}")')
    assert r"\Q" in refusal(BIO + r'.matches("\\Q[\\E\\pL{100}")')
    bounded(f'{BIO}.matches("{"a" * 100}")')


@pytest.mark.parametrize(
    "text",
    [
        "__dict__",
        "functions",
        '[__setattr__].map(f, .f("package","evil")) == []',
        "[__reduce_ex__].map(f, .f(2)) == []",
        "participant.__class__ == 1",
        "participant.tags.__class__ == 1",
        '"".__class__ == 1',
        "google.protobuf.Value{} == 1",
        'google.protobuf.Struct{fields: {"a": google.protobuf.Value{}}} == {}',
        "cel.bind(x, 1, x == 1)",
        "math.round(1.5) == 2.0",
        "optional.of(1) == optional.none()",
        "participant.attributes.?plan.orValue(1) == 1",
        'participant.attributes[?"plan"].orValue(1) == 1',
        "@result",
        "now() == now",
    ],
)
def test_nothing_beyond_the_language_can_be_reached(text: str) -> None:
    refusal(text)


def test_fields_with_names_of_python_are_just_fields() -> None:
    condition = bounded("participant.attributes.__class__ == 1")
    assert condition.evaluate(values()).error == "participant.attributes.__class__ is missing"


@pytest.mark.parametrize("character", ["\0", "\ud800", "\udfff"])
def test_text_that_no_store_keeps_is_refused_where_it_stands(character: str) -> None:
    assert refusal(f'\n "{character}" == "a"').startswith("2:3: the expression holds ")


def test_helpers_do_not_multiply_what_they_are_given() -> None:
    text = "participant.attributes"
    for level in range(8):
        text = f'get({text}, "k{level}", {{}})'
    assert bounded(f"{text} == 1").cost < 100_000
