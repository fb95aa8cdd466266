"""The names in the code, in the contract and in docs/temporal.md are the same names."""

from pathlib import Path

import pytest
from temporalio import workflow

from domain import search_attributes
from domain.contract import ErrorType, Query, Signal, Update, WorkflowType
from workflows.registry import WORKFLOWS

DOCUMENT = Path(__file__).parents[2] / "docs" / "temporal.md"
DEFINITIONS = [workflow._Definition.must_from_class(defined) for defined in WORKFLOWS]
DOCUMENTED = [
    *WorkflowType,
    *Update,
    *Signal,
    *Query,
    *ErrorType,
    *(key.name for key in search_attributes.ALL),
]


def the_definition_of(workflow_type: WorkflowType) -> workflow._Definition:
    (found,) = (definition for definition in DEFINITIONS if definition.name == workflow_type)
    return found


def test_the_worker_serves_exactly_the_workflow_types_of_the_contract() -> None:
    assert sorted(str(definition.name) for definition in DEFINITIONS) == sorted(WorkflowType)


def test_automations_take_exactly_the_updates_signals_and_queries_of_the_contract() -> None:
    automation = the_definition_of(WorkflowType.AUTOMATION)
    assert set(automation.updates) == set(Update)
    assert set(automation.signals) == set(Signal) - {
        Signal.DELIVERIES_DUE,
        Signal.MESSAGES_DUE,
        Signal.JOURNEY_CHANGED,
    }
    assert set(automation.queries) == {Query.STATE}


def test_runs_answer_progress_and_take_no_messages() -> None:
    run = the_definition_of(WorkflowType.RUN)
    assert set(run.queries) == {Query.PROGRESS}
    assert not run.updates
    assert not run.signals


@pytest.mark.parametrize(
    ("workflow_type", "signal"),
    [
        (WorkflowType.WEBHOOK_DELIVERY, Signal.DELIVERIES_DUE),
        (WorkflowType.MESSAGE_DISPATCH, Signal.MESSAGES_DUE),
        (WorkflowType.JOURNEY, Signal.JOURNEY_CHANGED),
    ],
)
def test_deliveries_take_one_signal(workflow_type: WorkflowType, signal: Signal) -> None:
    delivery = the_definition_of(workflow_type)
    assert set(delivery.signals) == {signal}
    assert not (delivery.updates or delivery.queries)


@pytest.mark.parametrize(
    "workflow_type", [WorkflowType.SCHEDULE_TICK, WorkflowType.COHORT, WorkflowType.UPKEEP]
)
def test_other_workflows_take_no_messages(workflow_type: WorkflowType) -> None:
    definition = the_definition_of(workflow_type)
    assert not (definition.updates or definition.signals or definition.queries)


def test_updates_that_may_be_refused_are_validated_before_they_are_accepted() -> None:
    updates = the_definition_of(WorkflowType.AUTOMATION).updates
    unvalidated = {name for name, update in updates.items() if update.validator is None}
    assert unvalidated == {Update.READY, Update.ARCHIVE}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_document_lists_the_name(name: str) -> None:
    assert f"`{name}`" in DOCUMENT.read_text(encoding="utf-8")
