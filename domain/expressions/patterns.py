"""What a regular expression may cost: the engine compiles a pattern anew at every match."""

import re
from dataclasses import dataclass

from domain.json_limits import MAX_STRING_BYTES

_TOKEN = re.compile(
    r"""(?P<unicode> \\[pP](?:\{[^}]*\}|.) )
      | (?P<few> \\[dsw] ) | (?P<many> \\[DSWC] | \. )
      | (?P<literal> \\x\{[^}]*\} | \\. )
      | (?P<set> \[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\] )
      | (?P<flags> \(\?[a-zA-Z-]+\) )
      | (?P<open> \( ) | (?P<close> \) )
      | \{(?P<least>\d+)(?P<range>,(?P<most>\d*))?\}
      | (?P<other> . )""",
    re.VERBOSE | re.DOTALL,
)
_IGNORES_CASE = re.compile(r"\(\?[a-zA-Z]*i")
_UNICODE_CLASS = re.compile(r"\\[pP]")
_STEPS_PER_UNIT = 8


@dataclass(frozen=True, slots=True)
class PatternSize:
    """`compile`: units that one compilation takes. `states`: how many places of it can be tried per character."""

    compile: int = 0
    states: int = 0

    def __add__(self, other: "PatternSize") -> "PatternSize":
        return PatternSize(self.compile + other.compile, self.states + other.states)

    def __mul__(self, times: int) -> "PatternSize":
        return PatternSize(self.compile * times, self.states * times)

    @property
    def search(self) -> int:
        """Units that one search of the longest text can take."""
        return self.states * MAX_STRING_BYTES // _STEPS_PER_UNIT


_NOTHING = PatternSize()
_SMALL = PatternSize(4, 1)
_FEW = PatternSize(8, 2)
_MANY = PatternSize(20, 6)
_UNICODE = PatternSize(10_000, 300)


def pattern_size(pattern: str) -> PatternSize:
    """An upper bound, with counted repetitions written out as the engine does. Quoting with `\\Q` is not understood."""
    totals = [_NOTHING]
    last = _NOTHING
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "open":
                totals.append(_NOTHING)
                last = _NOTHING
            case "close" if len(totals) > 1:
                last = totals.pop()
                totals[-1] += last
            case "least" | "range":
                times = max(int(token["least"]) + 1, int(token["most"] or 0))
                totals[-1] += last * (times - 1) + _SMALL * times
                last = last * times + _SMALL * times
            case _:
                last = _atom(token)
                totals[-1] += last
    total = sum(totals, _NOTHING)
    return total * 3 if _IGNORES_CASE.search(pattern) else total


def _atom(token: re.Match[str]) -> PatternSize:
    text = token.group()
    match token.lastgroup:
        case "unicode":
            return _UNICODE
        case "few":
            return _FEW
        case "many":
            return _MANY
        case "set":
            classes = len(_UNICODE_CLASS.findall(text))
            is_wide = text.startswith("[^") or "\\x" in text or not text.isascii()
            return _UNICODE * classes + (_MANY + _FEW if is_wide else _SMALL) + PatternSize(len(text), 0)
        case _:
            return _SMALL if text.isascii() else _FEW
