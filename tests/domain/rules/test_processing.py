from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.expressions import RULE, compile_condition, with_breaker
from domain.rules import processing
from domain.rules.processing import ProcessedEvent, Scene, process
from domain.rules.rule import Gate, Rule
from tests.domain.rules.samples import GOING, NOW, VIEWS, conversation, event, person, rule, scene


def through(rules: list[Rule], at: Scene, one: processing.EventFacts) -> ProcessedEvent:
    return process(one, rules, at, GOING, NOW, VIEWS)


def tagging(tag: str, **fields: Any) -> Rule:
    return rule({"type": "add_tag", "tag": tag}, **fields)


def test_a_rule_sees_what_the_rules_before_it_changed() -> None:
    someone = person()
    at = scene(someone)
    seeing = tagging("second", condition='"first" in participant.tags')
    done = through([tagging("first"), seeing], at, event(someone))
    assert [one.executed for one in done.outcomes] == [True, True]
    assert at.participants[someone["id"]]["tags"] == ["first", "second"]


def test_the_next_event_of_a_batch_sees_what_the_one_before_changed() -> None:
    someone = person()
    at = scene(someone)
    counting = rule({"type": "counter", "name": "n"}, condition='get(participant.counters, "n", 0) < 2')
    executed = [through([counting], at, event(someone)).outcomes[0].executed for _ in range(4)]
    assert executed == [True, True, False, False]


def test_an_executed_match_with_stop_on_match_is_the_last() -> None:
    someone = person()
    done = through([tagging("a", stop_on_match=True), tagging("b")], scene(someone), event(someone))
    assert len(done.outcomes) == 1


@pytest.mark.parametrize("held", [{"rollout_percentage": 0}, {"condition": "event.amount < 0"}])
def test_a_rule_that_did_not_act_does_not_stop_the_others(held: dict[str, Any]) -> None:
    someone = person()
    done = through([tagging("a", stop_on_match=True, **held), tagging("b")], scene(someone), event(someone))
    assert [one.executed for one in done.outcomes] == [False, True]


def test_a_cooldown_holds_within_a_batch_for_the_same_subject_only() -> None:
    ana, ben = person(), person()
    at = scene(ana, ben)
    cooling = tagging("a", cooldown=timedelta(minutes=1))
    stopped = [through([cooling], at, event(who)).outcomes[0].stopped_by for who in (ana, ben, ana)]
    assert stopped == [None, None, Gate.COOLDOWN]


def test_a_failing_rule_is_recorded_as_matched_and_the_others_go_on() -> None:
    someone = person()
    failing = rule({"type": "assign", "assignee": "x"})
    done = through([failing, tagging("b")], scene(someone), event(someone))
    failed, after = done.outcomes
    assert (failed.matched, failed.executed, failed.stopped_by) == (True, False, Gate.ACTIONS)
    assert failed.result["error"] == "assign: the event has no conversation"
    assert after.executed


def test_a_condition_that_turned_out_slow_is_not_evaluated_again_for_the_rest_of_a_batch() -> None:
    evaluated: list[None] = []

    def slow(clock: list[None]) -> float:
        clock.append(None)
        return 60.0 * len(clock)

    condition = with_breaker(compile_condition("event.amount > 5", RULE), lambda: slow(evaluated))
    someone = person()
    at, asked = scene(someone), replace(tagging("a"), condition=condition)
    outcomes = [through([asked, tagging("b")], at, event(someone)).outcomes for _ in range(5)]
    assert len(evaluated) == 2, "the clock is read before and after an evaluation"
    assert {(slow.stopped_by, fine.executed) for slow, fine in outcomes} == {(Gate.CONDITIONS, True)}
    assert {slow.result["error"] for slow, _ in outcomes} == set(at.too_slow.values())
    assert at.too_slow.keys() == {asked.id}


def test_conversations_change_beside_participants_and_who_changed_whom_is_told() -> None:
    someone, about = person(), conversation()
    at = scene(someone, conversations=(about,))
    assigning, tag = rule({"type": "assign", "assignee": "x"}), tagging("a")
    done = through([assigning, tag], at, event(someone, about))
    assert (done.conversation_rules, done.participant_rules) == ((assigning.id,), (tag.id,))
    assert at.conversations[about["id"]]["assignee"] == "x"


def test_an_event_that_breaks_in_the_middle_leaves_the_scene_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    someone = person()
    at = scene(someone)
    real, breaking = processing.decide, tagging("b")

    def decide(asked: Rule, *arguments: Any) -> Any:
        if asked is breaking:
            raise ZeroDivisionError
        return real(asked, *arguments)

    monkeypatch.setattr(processing, "decide", decide)
    with pytest.raises(ZeroDivisionError):
        through([tagging("a", cooldown=timedelta(days=1)), breaking], at, event(someone))
    assert at.participants[someone["id"]]["tags"] == [] and at.executed_at == {}


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 100)), max_size=8))
def test_outcomes_are_consistent_whatever_the_rules(settings: list[tuple[bool, bool, int]]) -> None:
    someone = person()
    rules = [
        replace(tagging(str(number)), is_active=active, stop_on_match=stop, rollout_percentage=rollout)
        for number, (active, stop, rollout) in enumerate(settings)
    ]
    at = scene(someone)
    done = through(rules, at, event(someone))
    for one in done.outcomes:
        assert one.executed == (one.stopped_by is None)
        assert one.matched or not one.executed
        assert one.held == (one.stopped_by is Gate.ROLLOUT)
    tags = [str(rules.index(one.rule)) for one in done.outcomes if one.executed]
    assert at.participants[someone["id"]]["tags"] == tags
    last = done.outcomes[-1] if done.outcomes else None
    assert len(done.outcomes) == len(rules) or (last and last.executed and last.rule.stop_on_match)
