from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from domain.automation import Definition, Scope, TriggerType
from domain.definition_rules import DefinitionError, check_definition
from domain.triggering import VALID_PAIRS
from tests.domain.definitions import MAIL, NOON, cron, immediate, one_time, watching

SOMEONE = "5f2b1c8e-0d3a-4b7e-9c41-8a6f0e2d7b13"


def refusal_of(definition: Definition) -> DefinitionError:
    with pytest.raises(DefinitionError) as refused:
        check_definition(definition)
    return refused.value


def sent(channel: str = "email", **sending: object) -> dict[str, Any]:
    return MAIL | {"channel": channel, "sending": sending}


@pytest.mark.parametrize(
    "definition",
    [
        cron(),
        cron(scope="program", payload={"a": 1}, timezone="America/New_York"),
        one_time(),
        one_time(scope="program", participant_id=SOMEONE),
        immediate(),
        watching(),
        immediate(action=MAIL, participant_filter="true", guard_condition="true", filter_hints=[{"a": 1}]),
        one_time(trigger_at=datetime(2000, 1, 1, tzinfo=UTC)),
        one_time(trigger_at=datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_right_definition_is_accepted(definition: Definition) -> None:
    check_definition(definition)


@pytest.mark.parametrize(("trigger", "scope"), list(product(TriggerType, Scope)))
def test_a_trigger_has_only_the_scopes_it_can_have(trigger: TriggerType, scope: Scope) -> None:
    definition = Definition(
        name="n",
        event_name="e",
        scope=scope,
        trigger_type=trigger,
        cron_expression="0 9 * * *",
        trigger_at=NOON,
        schedule_type="THRESHOLD",
        schedule_config={"counter": "spend", "value": 100},
    )
    if (trigger, scope) in VALID_PAIRS:
        check_definition(definition)
    else:
        refusal = refusal_of(definition)
        assert refusal.field == "scope"
        assert trigger.value in refusal.reason
        assert scope.value in refusal.reason
        assert refusal.expected


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        (cron(cron_expression=None), "cron_expression"),
        (cron(cron_expression="61 * * * *"), "cron_expression"),
        (cron(cron_expression="0 0 31 2 *"), "cron_expression"),
        (cron(timezone="europe/madrid"), "timezone"),
        (immediate(timezone="Mars/Olympus"), "timezone"),
        (one_time(trigger_at=None), "trigger_at"),
        (watching(schedule_type=None), "schedule_type"),
        (watching(schedule_config=None), "schedule_config"),
        (
            watching(schedule_config={"attribute": "birthday", "offset_days": 367}),
            "schedule_config.offset_days",
        ),
        (watching(schedule_config={"counter": "spend", "value": 1}), "schedule_config.attribute"),
        (
            watching(schedule_type="CRON", schedule_config={"cron_expression": "61 * * * *"}),
            "schedule_config.cron_expression",
        ),
        (one_time(trigger_at=datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)), "trigger_at"),
        (one_time(trigger_at=datetime(2101, 1, 1, tzinfo=UTC)), "trigger_at"),
        (cron(scope="program", participant_filter="true"), "participant_filter"),
        (cron(scope="program", guard_condition="true"), "guard_condition"),
        (cron(scope="program", action=MAIL), "action"),
        (one_time(participant_id=SOMEONE), "participant_id"),
        (cron(scope="program", participant_id=SOMEONE), "participant_id"),
        (cron(participant_filter="tags =="), "participant_filter"),
        (cron(guard_condition=")"), "guard_condition"),
        (cron(action=MAIL | {"subject": "{{ a"}), "action.subject"),
        (cron(action=MAIL | {"body": "{% shout %}"}), "action.body"),
        (cron(action=MAIL | {"body": "{{ 'a' | shout }}"}), "action.body"),
        (cron(action=MAIL | {"body": "{% for i in (1..100000) %}{% endfor %}"}), "action.body"),
        (
            cron(action=sent(transactional=True, recently_contacted={"hours": 1})),
            "action.sending.recently_contacted",
        ),
        (
            cron(action=sent(transactional=True, holdout_percentage=5)),
            "action.sending.holdout_percentage",
        ),
        (
            cron(action=sent("webhook", recently_contacted={"hours": 1})),
            "action.sending.recently_contacted",
        ),
        (cron(payload={"deep": [[[[[[[[[[[[]]]]]]]]]]]]}), "payload"),
        (cron(payload={"a": float("nan")}), "payload"),
        (cron(filter_hints=[{"a": "x" * 100_000}]), "filter_hints"),
    ],
)
def test_a_wrong_field_is_named_with_the_reason(definition: Definition, field: str) -> None:
    refusal = refusal_of(definition)
    assert refusal.field == field or refusal.field.startswith(f"{field}.")
    assert refusal.reason
    assert str(refusal) == f"{refusal.field}: {refusal.reason}"


def test_a_refusal_passes_through_a_context_manager_as_itself() -> None:
    @contextmanager
    def block() -> Iterator[None]:
        yield

    with pytest.raises(DefinitionError), block():
        check_definition(cron(timezone="Mars/Olympus"))


def test_a_suggestion_is_passed_on() -> None:
    assert "Europe/Madrid" in str(refusal_of(cron(timezone="europe/madrid")).expected)


def test_an_instant_is_judged_wherever_its_offset_puts_it() -> None:
    edge = datetime(2101, 1, 1, tzinfo=UTC) - timedelta(seconds=1)
    check_definition(one_time(trigger_at=edge.isoformat()))
    refusal_of(one_time(trigger_at="2100-12-31T23:59:59-01:00"))
    refusal_of(one_time(trigger_at="2000-01-01T00:00:00+01:00"))
