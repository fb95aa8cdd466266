"""From a URL to addresses that may be connected to: resolved once, checked, and used as they are."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from domain.destinations import Destination, DestinationRules, IPAddress, check_address, parse_destination

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a name, in the system's order of preference. Raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class DestinationGuard:
    """Whoever connects to the addresses answered here, and resolves nothing again, cannot be led elsewhere."""

    def __init__(self, rules: DestinationRules, resolve: Resolver = system_resolver) -> None:
        self._rules = rules
        self._resolve = resolve

    async def admit(self, url: str) -> tuple[Destination, list[IPAddress]]:
        """The destination and its addresses. Raises DestinationError when any of them is refused,
        OSError when the name has none."""
        destination = parse_destination(url, self._rules)
        if destination.address is not None:
            return destination, [destination.address]
        found = await self._resolve(destination.host, destination.port)
        addresses = [ip_address(text) for text in found]
        if not addresses:
            raise OSError(errno.EADDRNOTAVAIL, "the name has no address")
        for address in addresses:
            check_address(address, self._rules)
        return destination, addresses
