"""How a field may be compared with a value."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Operator(StrEnum):
    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    NOT_CONTAINS = "notContains"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    EXISTS = "exists"
    NOT_EXISTS = "notExists"
    IN = "in"
    NOT_IN = "notIn"


PRESENCE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
EQUALITY = frozenset({Operator.EQ, Operator.NEQ})
ORDER = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
LISTED = frozenset({Operator.IN, Operator.NOT_IN})
SUBSTRING = frozenset({Operator.CONTAINS, Operator.NOT_CONTAINS})
TEXT_TESTS = SUBSTRING | {Operator.STARTS_WITH, Operator.ENDS_WITH}

# A negative operator holds exactly where its positive one does not: also without a value.
POSITIVE_OF: Mapping[Operator, Operator] = MappingProxyType(
    {
        Operator.NEQ: Operator.EQ,
        Operator.NOT_CONTAINS: Operator.CONTAINS,
        Operator.NOT_EXISTS: Operator.EXISTS,
        Operator.NOT_IN: Operator.IN,
    }
)
