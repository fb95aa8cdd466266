"""Names are resolved once, and what is connected to is what was checked."""

import pytest

from channels.destination_guard import DestinationGuard, system_resolver
from domain.destinations import DestinationError, DestinationRules

STRICT = DestinationRules()


class Names:
    """A resolver that gives each of its answers once, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_a_name_leads_to_its_public_addresses() -> None:
    names = Names(["93.184.216.34", "2606:4700::1111"])
    destination, addresses = await DestinationGuard(STRICT, names).admit("https://Hooks.example.:8443/x")
    assert (destination.host, destination.authority) == ("hooks.example", "hooks.example:8443")
    assert [str(address) for address in addresses] == ["93.184.216.34", "2606:4700::1111"]
    assert names.asked == [("hooks.example", 8443)]


@pytest.mark.parametrize(
    "private",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.1", "224.0.0.1", "100.64.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%2", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::1", "168.63.129.16"),
    ],
)
@pytest.mark.parametrize("others", [[], ["93.184.216.34"]], ids=["alone", "behind a public one"])
async def test_a_name_with_any_other_address_is_refused(private: str, others: list[str]) -> None:
    with pytest.raises(DestinationError):
        await DestinationGuard(STRICT, Names([*others, private])).admit("https://hooks.example/")


async def test_a_name_that_has_turned_private_is_refused_from_then_on() -> None:
    guard = DestinationGuard(STRICT, Names(["93.184.216.34"], ["127.0.0.1"]))
    await guard.admit("https://rebinding.example/")
    with pytest.raises(DestinationError):
        await guard.admit("https://rebinding.example/")


async def test_an_address_is_not_looked_up() -> None:
    names = Names(["127.0.0.1"])
    _, addresses = await DestinationGuard(STRICT, names).admit("https://93.184.216.34/")
    assert [str(address) for address in addresses] == ["93.184.216.34"]
    assert names.asked == []


async def test_a_name_without_addresses_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match="no address"):
        await DestinationGuard(STRICT, Names([])).admit("https://hooks.example/")


async def test_the_system_knows_this_machine_by_name() -> None:
    assert set(await system_resolver("localhost", 80)) & {"127.0.0.1", "::1"}


async def test_numbers_that_a_resolver_would_take_for_this_machine_never_reach_it() -> None:
    assert await system_resolver("2130706433", 80) == ["127.0.0.1"]
    for host in ("2130706433", "0x7f.1", "017700000001", "127.1"):
        with pytest.raises(DestinationError):
            await DestinationGuard(STRICT, system_resolver).admit(f"https://{host}/")
