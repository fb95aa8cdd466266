"""Where the expression engine finds its time zones."""

import os
from importlib.resources import files


def pin_engine_zones() -> None:
    """Take zones from the pinned `tzdata` package, as schedules do: the engine would take the machine's.

    To be called before the first expression that names a zone: the engine remembers what it found.
    """
    os.environ["TZDIR"] = str(files("tzdata").joinpath("zoneinfo"))
