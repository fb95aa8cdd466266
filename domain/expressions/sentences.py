"""What a part of a condition came to, in words."""

import json
from collections.abc import Sequence

from domain.expressions.ast import Call, Comprehension, Const, Expr, Presence, Select, StaticType
from domain.expressions.macros import MacroName, macro_of
from domain.expressions.probing import Finding, JsonValue, Kind
from domain.expressions.source_text import source_text

MAX_SENTENCE_CHARACTERS = 500

_ORDER = {"_<_": "less than", "_<=_": "at most", "_>_": "more than", "_>=_": "at least"}
_TIME_ORDER = {"_<_": "before", "_<=_": "no later than", "_>_": "after", "_>=_": "no earlier than"}
_MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_", "_!=_": "_!=_"}
_TEXT_TESTS = {
    "startsWith": ("starts with", "does not start with"),
    "endsWith": ("ends with", "does not end with"),
    "contains": ("contains", "does not contain"),
    "matches": ("matches the pattern", "does not match the pattern"),
}


def sentence_of(node: Expr, finding: Finding, operands: Sequence[Finding], is_decisive: bool) -> str:
    """`operands`: what the operands of a call are, or the parts of anything else. No full stop."""
    sentence = _sentence(node, finding, operands, is_decisive)
    if len(sentence) <= MAX_SENTENCE_CHARACTERS:
        return sentence
    return f"{sentence[: MAX_SENTENCE_CHARACTERS - 1]}…"


def _sentence(node: Expr, finding: Finding, operands: Sequence[Finding], is_decisive: bool) -> str:
    if finding.kind is not Kind.VALUE:
        return _without_value(node, finding, is_decisive)
    if not isinstance(finding.value, bool):
        return _named(node, finding)
    match node:
        case Call():
            return _call(node, finding.value, operands)
        case Presence():
            return f"{node.variable} {'has a value' if finding.value else 'is missing'}"
        case Select(test_only=True):
            path = source_text(node).removeprefix("has(").removesuffix(")")
            return f"{path} {'is there' if finding.value else 'is missing'}"
        case Comprehension():
            return _loop(node, finding.value)
        case _:
            return _named(node, finding)


def _call(node: Call, holds: bool, operands: Sequence[Finding]) -> str:
    match node:
        case Call(function="_&&_" | "_||_"):
            return _row(node.function == "_&&_", holds, operands)
        case Call(function="!_", args=(operand,)):
            return f"{source_text(operand)} is {_words(not holds)}, and the opposite is asked for"
        case Call(function="_?_:_", args=(asked, _, _)):
            return f"{_named(asked, operands[0])}, so what follows from that is asked"
        case Call(function=name) if name in _MIRRORED:
            return _comparison(node, holds, operands)
        case Call(function="@in", args=(item, container)):
            return _membership(item, container, holds, operands)
        case Call(function=name) if name in _TEXT_TESTS:
            text, sought = node.operands
            words = _TEXT_TESTS[name][0 if holds else 1]
            return f"{_named(text, operands[0])}, which {words} {_side(sought, operands[1])}"
        case Call(function="in_segment"):
            is_in = "is" if holds else "is not"
            return f"the participant {is_in} in the segment {_words(operands[0].value)}"
        case _:
            return f"{source_text(node)} is {_words(holds)}"


def _without_value(node: Expr, finding: Finding, is_decisive: bool) -> str:
    if finding.kind is Kind.NOT_EVALUATED:
        return f"{source_text(node)}: {finding.error}"
    so = "so the condition is false" if is_decisive else "so this part has no answer"
    if finding.kind is Kind.MISSING:
        return f"{finding.error}, {so}"
    return f"{source_text(node)} has no value: {finding.error}, {so}"


def _row(is_and: bool, holds: bool, parts: Sequence[Finding]) -> str:
    true = sum(part.value is True for part in parts)
    if is_and:
        return f"all {len(parts)} hold" if holds else f"{true} of {len(parts)} hold, and all must"
    if holds:
        return f"{true} of {len(parts)} hold, and one is enough"
    return f"none of {len(parts)} holds, and one must"


def _comparison(node: Call, holds: bool, operands: Sequence[Finding]) -> str:
    (left, right), (left_found, right_found) = node.args, operands
    function = node.function
    if isinstance(left, Const) and not isinstance(right, Const):
        left, right, left_found, right_found = right, left, right_found, left_found
        function = _MIRRORED[function]
    named, other = _named(left, left_found), _side(right, right_found)
    if function in ("_==_", "_!=_"):
        is_equal = holds is (function == "_==_")
        if isinstance(right, Const):
            return named if is_equal else f"{named}, not {other}"
        return f"{named}, which {'equals' if is_equal else 'does not equal'} {other}"
    is_time = StaticType.TIMESTAMP in (left.type, right.type)
    words = (_TIME_ORDER if is_time else _ORDER)[function]
    return f"{named}, which is {'' if holds else 'not '}{words} {other}"


def _membership(item: Expr, container: Expr, holds: bool, operands: Sequence[Finding]) -> str:
    if isinstance(item, Const):
        verb = "holds" if holds else "does not hold"
        return f"{source_text(container)} {verb} {_words(operands[0].value)}"
    words = "is" if holds else "is not"
    return f"{_named(item, operands[0])}, which {words} in {_side(container, operands[1])}"


def _loop(node: Comprehension, holds: bool) -> str:
    macro = macro_of(node)
    items, question = source_text(macro.range), source_text(macro.condition or macro.range)
    asked = f"{question} ({macro.variable} being the item)"
    match macro.name, holds:
        case MacroName.EXISTS, True:
            return f"at least one item of {items} has {asked}"
        case MacroName.EXISTS, False:
            return f"no item of {items} has {asked}"
        case MacroName.ALL, True:
            return f"every item of {items} has {asked}"
        case MacroName.ALL, False:
            return f"not every item of {items} has {asked}"
        case _, True:
            return f"exactly one item of {items} has {asked}"
        case _:
            return f"none or several items of {items} have {asked}"


def _named(node: Expr, found: Finding) -> str:
    return f"{source_text(node)} is {_words(found.value)}"


def _side(node: Expr, found: Finding) -> str:
    """What stands on the other side: a literal as it is, anything else with its value."""
    if isinstance(node, Const):
        return _words(found.value)
    text, value = source_text(node), _words(found.value)
    return text if text == value else f"{text} ({value})"


def _words(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
