"""How often Python looks for garbage."""

import gc

# By default a batch of a thousand rows, which makes tens of thousands of containers, is looked through dozens of times.
YOUNG, MIDDLE, OLD = 10_000, 20, 50


def collect_rarely() -> None:
    """To be called once a process is ready: what is there then stays, and is not looked at again.

    Almost everything is freed as soon as nobody refers to it, without this; only cycles wait for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
