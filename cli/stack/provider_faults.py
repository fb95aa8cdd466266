"""What a stand-in of a provider does wrong: now, next, or now and then."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any


class Fault(StrEnum):
    """`*_after`: the message has been taken before. `hold*` answers nothing until it is released."""

    SLOW = "slow"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"
    BROKEN_AFTER = "broken_after"
    CUT = "cut"
    CUT_AFTER = "cut_after"
    HOLD = "hold"
    HOLD_AFTER = "hold_after"


AFTER = frozenset({Fault.BROKEN_AFTER, Fault.CUT_AFTER, Fault.HOLD_AFTER, Fault.SLOW})


@dataclass
class Faults:
    """`next_ones` befall the next requests, in order (None spares one); then each is struck by its `shares`."""

    next_ones: deque[Fault | None] = field(default_factory=deque)
    shares: Mapping[Fault, float] = field(default_factory=dict)
    slow_seconds: float = 1.0
    retry_after_seconds: int = 1
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311
    waiting: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, wanted: Mapping[str, Any]) -> None:
        """By their names, those that are named; `released` lets go of what is held."""
        if "next" in wanted:
            self.next_ones = deque(None if one is None else Fault(one) for one in wanted["next"])
        if "shares" in wanted:
            self.shares = {Fault(name): share for name, share in wanted["shares"].items()}
        self.slow_seconds = wanted.get("slow_seconds", self.slow_seconds)
        self.retry_after_seconds = wanted.get("retry_after_seconds", self.retry_after_seconds)
        if wanted.get("released"):
            self.released.set()
            self.released = asyncio.Event()

    def draw(self) -> Fault | None:
        if self.next_ones:
            return self.next_ones.popleft()
        left = self.random.random()
        for fault, share in self.shares.items():
            left -= share
            if left < 0:
                return fault
        return None

    async def hold(self) -> None:
        """Wait until what is held is released. Whoever hangs up meanwhile ends the wait."""
        self.waiting += 1
        try:
            await self.released.wait()
        finally:
            self.waiting -= 1
