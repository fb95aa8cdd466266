from hypothesis import given
from hypothesis import strategies as st

from domain.rules.gate_outcomes import gate_outcomes
from domain.rules.rule import Gate


def test_of_a_rule_that_acted_every_gate_was_open() -> None:
    assert gate_outcomes(None) == tuple((gate, True) for gate in Gate)


@given(st.sampled_from(Gate))
def test_the_gates_before_the_shut_one_were_open_and_those_after_it_were_not_asked(shut: Gate) -> None:
    outcomes = dict(gate_outcomes(shut))
    assert list(outcomes) == list(Gate)
    place = list(Gate).index(shut)
    assert list(outcomes.values()) == [True] * place + [False] + [None] * (len(Gate) - place - 1)


def test_only_the_gates_that_a_rule_has_are_told() -> None:
    gates = (Gate.CONDITIONS, Gate.ACTIONS)
    assert gate_outcomes(Gate.CONDITIONS, gates) == ((Gate.CONDITIONS, False), (Gate.ACTIONS, None))
