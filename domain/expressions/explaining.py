"""Why a condition holds for someone or does not: each part with its value, and a sentence about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.expressions.ast import (
    Call,
    Comprehension,
    Const,
    Expr,
    Ident,
    Position,
    Presence,
    Select,
    chain,
    children,
    transform,
    walk,
)
from domain.expressions.engine import Condition
from domain.expressions.macros import Macro, MacroName, macro_of
from domain.expressions.probing import Finding, JsonValue, Kind, Prober
from domain.expressions.sentences import sentence_of
from domain.expressions.source_text import source_text

MAX_PARTS = 100
MAX_TEXT_CHARACTERS = 300
_ROWS = ("_&&_", "_||_")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One part of a condition.

    `text`: the part in the language, cut when long. `position`: where it stands. `kind`: whether it has a value, and
    if not, why. `value`: bounded JSON. `sentence`: in words, without a full stop. `parts`: what it is made of, at
    most MAX_PARTS in all; a loop's are the items that decide it.
    """

    text: str
    position: Position
    kind: Kind
    value: JsonValue
    error: str | None
    sentence: str
    parts: tuple["Explanation", ...]

    @property
    def matched(self) -> bool:
        """Of the whole, what Condition.evaluate answers."""
        return self.value is True


def explain(condition: Condition, values: Mapping[str, object], now: datetime) -> Explanation:
    """The condition part by part, on `values` by dotted variable name, as of `now`.

    Costs up to a few times limits.COST_BUDGET plus a compilation a part: not for many people at once.
    """
    own = {**values, "now": now}
    verdict = condition.evaluate(own)
    explainer = _Explainer(Prober(condition, own))
    root = explainer.explain(condition.ast, is_decisive=verdict.error is not None)
    if verdict.error is None:
        return replace(root, kind=Kind.VALUE, value=verdict.matched, error=None)
    kind = Kind.ERROR if root.kind in (Kind.VALUE, Kind.NOT_EVALUATED) else root.kind
    return replace(root, kind=kind, value=None, error=verdict.error)


class _Explainer:
    def __init__(self, prober: Prober) -> None:
        self._prober = prober
        self._left = MAX_PARTS

    def explain(self, node: Expr, is_decisive: bool) -> Explanation:
        """`is_decisive`: an error here would be why the whole has no answer."""
        self._left -= 1
        finding = self._prober.probe(node)
        is_decisive = is_decisive and finding.kind is not Kind.VALUE
        parts = tuple(
            self.explain(part, is_decisive) for part in self._parts(node, finding) if self._left > 0
        )
        text = source_text(node)
        return Explanation(
            text=text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[: MAX_TEXT_CHARACTERS - 1]}…",
            position=node.position,
            kind=finding.kind,
            value=finding.value,
            error=finding.error,
            sentence=sentence_of(node, finding, self._operands(node, parts), is_decisive),
            parts=parts,
        )

    def _parts(self, node: Expr, finding: Finding) -> Iterator[Expr]:
        match node:
            case Comprehension():
                macro = macro_of(node)
                yield macro.range
                yield from self._deciding_items(macro, finding)
            case Call(function=function) if function in _ROWS:
                yield from chain(node, function)
            case Call(function="_?_:_", args=(asked, yes, no)):
                yield asked
                answer = self._prober.probe(asked).value
                if isinstance(answer, bool):
                    yield yes if answer else no
            case _ if not _is_path(node):
                for child in children(node):
                    if isinstance(child, Call) and child.function == "local":
                        yield from child.args
                    elif not isinstance(child, Const):
                        yield child

    def _deciding_items(self, macro: Macro, finding: Finding) -> Iterator[Expr]:
        """Of `exists` and `all`, the question asked of the item that decides, or of each when none does alone."""
        if macro.name not in (MacroName.EXISTS, MacroName.ALL) or macro.condition is None:
            return
        asked = []
        for index in self._prober.indexes(macro.range):
            item = self._prober.item(macro.range, index)
            question = _put(macro.condition, macro.variable, item)
            if question is None:
                return
            asked.append(question)
            if finding.kind is Kind.VALUE and self._prober.probe(question).value is (
                macro.name is MacroName.EXISTS
            ):
                yield question
                return
        yield from asked

    def _operands(self, node: Expr, parts: tuple[Explanation, ...]) -> tuple[Finding, ...]:
        """What a sentence about `node` speaks of: of a call, each operand, literal or not."""
        found = (Finding(part.kind, part.value, part.error) for part in parts)
        if not isinstance(node, Call) or node.function in _ROWS:
            return tuple(found)
        return tuple(
            self._prober.probe(operand)
            if isinstance(operand, Const) or _is_path(node)
            else next(found, Finding(Kind.NOT_EVALUATED))
            for operand in node.operands
        )


def _is_path(node: Expr) -> bool:
    """A name, or a plain way into one, that is shown as a whole."""
    match node:
        case Call(function="_[_]", args=(operand, Const())):
            return _is_path(operand)
        case Select(test_only=False):
            return _is_path(node.operand)
        case _:
            return isinstance(node, Ident | Presence)


def _put(node: Expr, variable: str, item: Expr) -> Expr | None:
    """`node` with `item` in the place of a loop's variable; None where an inner loop uses that name again."""
    if any(isinstance(inner, Comprehension) and inner.variable == variable for inner in walk(node)):
        return None
    return transform(
        node, lambda inner: item if isinstance(inner, Ident) and inner.name == variable else inner
    )
