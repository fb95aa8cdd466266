"""Ending work in order when the user or the system says so."""

import asyncio
from collections.abc import Callable
from signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, getsignal
from typing import Any


def cancel_on_signal(running: asyncio.Task[Any], is_ending: Callable[[], bool]) -> None:
    """Cancel `running` at Ctrl-C, SIGTERM or the end of the terminal, unless it is ending already.

    The orderly end, once begun, is not interrupted: not by a second Ctrl-C, not after a crash.
    """

    def end() -> None:
        if not is_ending() and not running.cancelling():
            running.cancel()

    # What was started with `nohup` is to survive the end of its terminal.
    hang_up = () if getsignal(SIGHUP) is SIG_IGN else (SIGHUP,)
    for signal in (SIGINT, SIGTERM, *hang_up):
        asyncio.get_running_loop().add_signal_handler(signal, end)
