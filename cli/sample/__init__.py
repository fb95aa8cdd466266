"""The sample program: 3,000 invented people to try Carillon with."""

from importlib.resources import files
from pathlib import Path


def participants_csv() -> Path:
    """The sample participants, in the format of `carillon import participants`."""
    return Path(str(files("cli.sample") / "participants.csv"))


__all__ = ["participants_csv"]
