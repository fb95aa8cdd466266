from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain.rules.control import ControlState
from domain.rules.gating import MAX_CHAIN, Decision, decide
from domain.rules.rule import Gate
from domain.rules.schedule_settings import ScheduleSettings
from tests.domain.rules.samples import NOW, circumstances, rule

CLOSED = ScheduleSettings.model_validate({"end_at": "2020-01-01T00:00:00Z"})
PAUSED = ControlState(is_paused=True, paused_until=None)


def test_a_rule_without_conditions_matches_every_event_and_acts() -> None:
    assert decide(rule(), circumstances()) == Decision(True, None)


def test_gates_are_asked_in_their_order_and_the_first_shut_one_is_named() -> None:
    shut = rule(
        condition="event.amount > 100",
        is_active=False,
        snoozed_until=NOW + timedelta(hours=1),
        schedule=CLOSED,
        rollout_percentage=0,
    )
    at = circumstances(pause=PAUSED, chain=(shut.id,), values={"event": {"amount": 5}})
    opened = {
        Gate.ACTIVE: {"is_active": True},
        Gate.SNOOZE: {"snoozed_until": NOW},
        Gate.PAUSE: {},
        Gate.SCHEDULE: {"schedule": None},
    }
    for gate, fields in opened.items():
        assert decide(shut, at) == Decision(False, gate)
        shut = replace(shut, **fields)
        if gate is Gate.PAUSE:
            at = replace(at, pause=ControlState(is_paused=True, paused_until=NOW))
    assert decide(shut, at) == Decision(False, Gate.LOOP)
    at = replace(at, chain=())
    assert decide(shut, at) == Decision(False, Gate.CONDITIONS)
    at = replace(at, values={"event": {"amount": 500}})
    assert decide(shut, at) == Decision(True, Gate.ROLLOUT)


@pytest.mark.parametrize(("seconds", "gate"), [(59, Gate.COOLDOWN), (60, None)])
def test_a_rule_acts_again_for_a_subject_once_its_cooldown_is_over(seconds: int, gate: Gate | None) -> None:
    cooling = rule(cooldown=timedelta(seconds=60))
    last = NOW - timedelta(seconds=seconds)
    assert decide(cooling, circumstances(), last) == Decision(True, gate)


def test_a_missing_field_keeps_a_rule_from_matching_and_is_named() -> None:
    decision = decide(rule(condition="event.amount > 100"), circumstances(values={"event": {}}))
    assert decision == Decision(False, Gate.CONDITIONS, "event.amount is missing")


def test_a_chain_of_rules_ends_at_its_longest_whichever_rules_they_are() -> None:
    others = tuple(uuid4() for _ in range(MAX_CHAIN))
    assert decide(rule(), circumstances(chain=others)).stopped_by is Gate.LOOP
    assert decide(rule(), circumstances(chain=others[1:])).stopped_by is None
