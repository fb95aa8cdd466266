"""What SQL can tell of a truth value: rows where it certainly is true or false, and rows where it may be."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.expression_sql.fragments import FALSE, MAX_FRAGMENT, TRUE, Sql, all_true, any_true, not_true


@dataclass(frozen=True, slots=True)
class Bounds:
    """`t_lo` holds only where the language says true, `t_hi` wherever it does; `f_lo` and `f_hi` likewise of false.

    An error is neither true nor false. NULL counts as not holding, so the four may be joined by AND and OR, never
    by NOT. `is_exact`: lower and upper bound differ at most on data that no client can store.
    """

    t_lo: Sql
    t_hi: Sql
    f_lo: Sql
    f_hi: Sql
    is_exact: bool = True

    @property
    def uncertain(self) -> Sql:
        """Where SQL does not know whether this is true, false or an error."""
        if self.t_lo == self.t_hi and self.f_lo == self.f_hi:
            return FALSE
        return all_true(any_true(self.t_hi, self.f_hi), not_true(any_true(self.t_lo, self.f_lo)))

    @property
    def size(self) -> int:
        return len(self.t_lo) + len(self.t_hi) + len(self.f_lo) + len(self.f_hi)


UNKNOWN = Bounds(FALSE, TRUE, FALSE, TRUE, is_exact=False)
ALWAYS = Bounds(TRUE, TRUE, FALSE, FALSE)
NEVER = Bounds(FALSE, FALSE, TRUE, TRUE)


def exactly(true: Sql, false: Sql) -> Bounds:
    return Bounds(true, true, false, false)


def known_but(true: Sql, false: Sql, unknown: Sql, *, is_exact: bool) -> Bounds:
    """`true` and `false` as they are, except where `unknown` holds: there it may be either."""
    return Bounds(true, any_true(true, unknown), false, any_true(false, unknown), is_exact)


def negation(part: Bounds) -> Bounds:
    return Bounds(part.f_lo, part.f_hi, part.t_lo, part.t_hi, part.is_exact)


def conjunction(parts: Sequence[Bounds]) -> Bounds:
    """An error next to a false is absorbed, as in the language."""
    return Bounds(
        all_true(*(part.t_lo for part in parts)),
        all_true(*(part.t_hi for part in parts)),
        any_true(*(part.f_lo for part in parts)),
        any_true(*(part.f_hi for part in parts)),
        all(part.is_exact for part in parts),
    )


def disjunction(parts: Sequence[Bounds]) -> Bounds:
    return negation(conjunction([negation(part) for part in parts]))


def choice(test: Bounds, then: Bounds, otherwise: Bounds) -> Bounds:
    def joined(if_true: Sql, one: Sql, if_false: Sql, other: Sql) -> Sql:
        return any_true(all_true(if_true, one), all_true(if_false, other))

    return Bounds(
        joined(test.t_lo, then.t_lo, test.f_lo, otherwise.t_lo),
        joined(test.t_hi, then.t_hi, test.f_hi, otherwise.t_hi),
        joined(test.t_lo, then.f_lo, test.f_lo, otherwise.f_lo),
        joined(test.t_hi, then.f_hi, test.f_hi, otherwise.f_hi),
        test.is_exact and then.is_exact and otherwise.is_exact,
    )


def within_size(part: Bounds) -> Bounds:
    """Nested choices repeat their tests; what would grow without bound is left to the engine."""
    return part if part.size <= 4 * MAX_FRAGMENT else UNKNOWN
