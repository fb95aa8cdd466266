import pytest

from domain.operator_pause import OperatorPause, operator_pause


@pytest.mark.parametrize(
    ("paused", "note", "expected"),
    [
        (True, "stock-taking", OperatorPause("stock-taking")),
        (True, None, OperatorPause(None)),
        (True, "", OperatorPause(None)),
        (True, "carillon: the automation is paused", None),
        (False, "stock-taking", None),
        (False, None, None),
    ],
)
def test_a_pause_is_an_operators_unless_carillon_signed_it(
    paused: bool, note: str | None, expected: OperatorPause | None
) -> None:
    assert operator_pause(paused, note) == expected
