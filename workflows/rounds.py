"""What workflows have in common that do whatever is due, round after round."""

from abc import ABC, abstractmethod

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta
    from typing import Any, ClassVar

    from domain.activity_contract import DeliveryRound

# It stays for what comes next, so that steady traffic is one execution and not one each.
LINGER = timedelta(minutes=1)


class Rounds(ABC):
    """Does what is due, sleeps until something is again or it is told so, and ends when nothing is left.

    `give_way`: how long a round that asks for it makes way for others.
    """

    give_way: ClassVar[timedelta]

    def __init__(self) -> None:
        self._told = False

    @abstractmethod
    async def _do_round(self) -> DeliveryRound: ...

    async def _go_round(self, start: Any) -> None:
        """`start`: the workflow's own input, to be continued with."""
        while True:
            self._told = False
            done = await self._do_round()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            if done.give_way:
                await workflow.sleep(self.give_way)
            elif not await self._told_within(_wait(done)) and done.next_due_at is None:
                return

    async def _told_within(self, wait: timedelta) -> bool:
        try:
            await workflow.wait_condition(lambda: self._told, timeout=wait)
        except TimeoutError:
            return False
        return True


def _wait(done: DeliveryRound) -> timedelta:
    if done.next_due_at is None:
        return LINGER
    return max(timedelta(0), done.next_due_at - workflow.now())
