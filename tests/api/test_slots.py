"""What takes long goes on only so many times at once."""

from collections.abc import Callable

import pytest

from api.errors import Refusal
from api.slots import Slots


@pytest.mark.parametrize("fails", [False, True])
async def test_a_slot_is_free_again_however_its_work_ends(fails: bool) -> None:
    slots = Slots(1, "exports")

    async def use(inside: Callable[[], None]) -> None:
        async with slots.one():
            inside()
            if fails:
                raise ConnectionError

    for _ in range(2):
        try:
            await use(lambda: None)
        except ConnectionError:
            assert fails
    async with slots.one():
        with pytest.raises(Refusal) as refused:
            await use(lambda: pytest.fail("there was no slot left"))
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "5"}
