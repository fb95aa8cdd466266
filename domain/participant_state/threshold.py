"""Whether a participant's counter satisfies a threshold."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.participant_state.schedule_config import Operator, ThresholdConfig

_NUMBER = re.compile(r"[+-]?[0-9]{1,64}(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?")


def is_satisfied(config: ThresholdConfig, counters: Mapping[str, Any]) -> bool:
    """False without the counter, and for one that is neither a number nor the text of one."""
    level = _number(counters.get(config.counter))
    if level is None:
        return False
    limit = Decimal(str(config.value))
    match config.operator:
        case Operator.AT_LEAST:
            return level >= limit
        case Operator.ABOVE:
            return level > limit
        case Operator.AT_MOST:
            return level <= limit
        case Operator.BELOW:
            return level < limit


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = Decimal(str(value))
        return number if number.is_finite() else None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None
