"""Choosing TCP ports, and saying which part wants a port that another program holds."""

import contextlib
import errno
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
_FREE_PORTS = range(20_000, 32_768)
_RANDOM = random.SystemRandom()


@dataclass(frozen=True)
class PortRequest:
    """The port a part wants (0: any free one) and the command line option that sets it."""

    part: str
    port: int
    option: str = ""


class PortsUnavailableError(Exception):
    """Ports that cannot be listened on; the message names each with its part and option."""

    def __init__(self, refusals: Sequence[tuple[PortRequest, str]]) -> None:
        self.requests = tuple(request for request, _ in refusals)
        super().__init__(
            "\n".join(
                f"Port {request.port} for {request.part} {reason}: "
                f"choose another with {request.option} PORT (0 picks a free one)"
                for request, reason in refusals
            )
        )


_REASONS = {errno.EADDRINUSE: "is already in use", errno.EACCES: "may not be opened by this user"}


def claim_ports(requests: Sequence[PortRequest]) -> tuple[int, ...]:
    """Check the wanted ports and fill in free ones, all different. Raises PortsUnavailableError naming every one."""
    chosen: dict[int, int] = {}
    refusals: list[tuple[PortRequest, str]] = []
    with contextlib.ExitStack() as held:
        for place, request in enumerate(requests):
            if request.port:
                try:
                    held.enter_context(_listen(request.port))
                    chosen[place] = request.port
                except OSError as error:
                    if error.errno not in _REASONS:
                        raise
                    refusals.append((request, _REASONS[error.errno]))
        if refusals:
            raise PortsUnavailableError(refusals)
        for place, request in enumerate(requests):
            if not request.port:
                listener = held.enter_context(_listen_on_any())
                chosen[place] = listener.getsockname()[1]
    return tuple(chosen[place] for place in range(len(requests)))


def free_port() -> int:
    """A port nothing listens on at this moment."""
    return claim_ports([PortRequest("any part", 0)])[0]


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener


def _listen_on_any() -> socket.socket:
    # Below the range that outgoing connections take their ports from: a part that is killed and
    # started again finds its port still free.
    while True:
        with contextlib.suppress(OSError):
            return _listen(_RANDOM.choice(_FREE_PORTS))
