"""Expressions know the zones of the pinned package, whatever the machine has."""

import os
import subprocess
import sys

import pytest

from domain.expressions import Verdict

CODE = """
from datetime import UTC, datetime
from domain.expressions import compile_condition
from runtime.settings import Settings
{start}
condition = compile_condition('now.getHours("Europe/Oslo") == 14')
print(condition.evaluate({{"now": datetime(2026, 5, 11, 12, tzinfo=UTC)}}))
"""
THE_API = "from api.app import create_app\ncreate_app(Settings(database_url='postgresql://nobody@localhost/nothing'))"
THE_FUNCTION = "from runtime.engine_zones import pin_engine_zones\npin_engine_zones()"


def answer_of(start: str) -> str:
    environment = {**os.environ, "TZDIR": "/nonexistent"}
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(start=start)], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("start", [THE_FUNCTION, THE_API])
def test_zones_come_with_the_program(start: str) -> None:
    assert answer_of(start) == str(Verdict(True))


def test_without_it_a_machine_without_zones_knows_none() -> None:
    assert answer_of("") != str(Verdict(True))
