"""`carillon attacks`: each attack ends in an answer, and what is dangerous is refused."""

import pytest
from typer.testing import CliRunner

from cli.attacks import ATTACKS, Attack, defend
from cli.main import app

ALLOWED = {
    "the same where types are not known": "false: a field is looked up in a value that has no fields",
    "two loops over the longest list": "false: the condition cannot be evaluated on these values",
    "a pattern that backtracks": "evaluated: false",
    "division by zero": "false: the condition cannot be evaluated on these values",
    "overflow": "false: the condition cannot be evaluated on these values",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.aim)
def test_an_attack_is_refused_or_comes_to_nothing(attack: Attack) -> None:
    defence = defend(attack)
    if attack.aim in ALLOWED:
        assert defence.answer == ALLOWED[attack.aim]
    else:
        assert defence.answer.startswith("refused: ")
    assert defence.mebibytes < 64


def test_the_command_shows_a_row_for_each_attack() -> None:
    result = CliRunner().invoke(app, ["attacks", "--repeat", "2"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    for attack in ATTACKS:
        assert attack.aim in result.output
