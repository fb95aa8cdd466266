import asyncio

import pytest

from bench.clients import apply_load


async def test_each_item_is_called_once_by_so_many_clients_at_once() -> None:
    at_once: list[int] = []
    running = 0

    async def double(number: int) -> int:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0)
        running -= 1
        return 2 * number

    load = await apply_load(range(20), double, clients=4)
    assert sorted(load.answers) == list(range(0, 40, 2))
    assert len(load.latencies) == 20
    assert max(at_once) == 4


async def test_a_call_that_fails_is_not_passed_over() -> None:
    async def fail(_: int) -> None:
        raise ConnectionError

    with pytest.raises(ExceptionGroup) as failure:
        await apply_load(range(3), fail)
    assert failure.group_contains(ConnectionError)
