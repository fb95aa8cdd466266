"""Workflow code still reproduces every history that was recorded of it."""

import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer

from cli.histories import build_replayer, read_history
from domain.contract import CohortInput, CohortResult, WorkflowType
from tests.replay.anonymous import WORKER, texts
from tests.replay.corpus import DEMANDED, FOLDER, committed
from tests.replay.scenarios import CHILDREN_PER_EXECUTION
from workflows.cohort import CohortWorkflow
from workflows.registry import WORKFLOWS

MACHINE = re.compile(r"\d+@[\w.-]+|/(?:home|root|Users|tmp|work)/|\.py\b")

# What each recording is for; without it the case would be there in name only.
EVIDENCE = {
    "AutomationWorkflow/cancelled_by_operator": ("WORKFLOW_EXECUTION_CANCELED", "cancel_run"),
    "AutomationWorkflow/cancelled_in_mid_fan_out": ("CHILD_WORKFLOW_EXECUTION_CANCELED", "cancel_execution"),
    "AutomationWorkflow/continued_as_new_after": ("ACTIVITY_TASK_COMPLETED", "watch_run"),
    "AutomationWorkflow/continued_as_new_before": ("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", "begin_run"),
    "AutomationWorkflow/cron_program_fires": ("WORKFLOW_EXECUTION_SIGNALED", "begin_run"),
    "AutomationWorkflow/name_taken": ("WORKFLOW_EXECUTION_FAILED", "name_taken"),
    "AutomationWorkflow/one_time_fires": ("WORKFLOW_EXECUTION_SIGNALED", "begin_run"),
    "AutomationWorkflow/one_time_fires_at_short_notice": ("TIMER_FIRED", "begin_run"),
    "AutomationWorkflow/run_terminated": ("CHILD_WORKFLOW_EXECUTION_TERMINATED", "close_run"),
    "CohortWorkflow/cancelled": ("ACTIVITY_TASK_CANCELED", "process_cohort"),
    "MessageDispatchWorkflow/continued_as_new_before": (
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
        "messages_due",
    ),
    "MessageDispatchWorkflow/gives_way": ("TIMER_FIRED", "dispatch_messages"),
    "RunWorkflow/cancelled": ("CHILD_WORKFLOW_EXECUTION_CANCELED", "cancel_run"),
    "RunWorkflow/cohort_terminated": ("CHILD_WORKFLOW_EXECUTION_TERMINATED", "settle_cohort"),
    "RunWorkflow/continued_as_new_after": ("WORKFLOW_EXECUTION_COMPLETED", "close_run"),
    "RunWorkflow/continued_as_new_before": ("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", "open_run"),
    "ScheduleTickWorkflow/nobody_listening": ("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", "fire"),
    "WebhookDeliveryWorkflow/continued_as_new_before": (
        "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
        "deliveries_due",
    ),
    "WebhookDeliveryWorkflow/retries": ("TIMER_FIRED", "deliver_webhooks"),
}


def name_of(file: Path) -> str:
    return str(file.relative_to(FOLDER).with_suffix(""))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return build_replayer()


@pytest.mark.parametrize("file", committed(), ids=name_of)
async def test_the_code_reproduces(file: Path, replayer: Replayer) -> None:
    await replayer.replay_workflow(read_history(file))


@pytest.mark.parametrize("workflow_class", WORKFLOWS, ids=lambda kind: kind.__name__)
def test_every_case_that_matters_is_recorded(workflow_class: type) -> None:
    recorded = {file.stem for file in committed() if file.parent.name == workflow_class.__name__}
    assert recorded == DEMANDED[workflow_class.__name__]


@pytest.mark.parametrize(("case", "evidence"), EVIDENCE.items(), ids=EVIDENCE)
def test_a_recording_holds_what_it_is_named_after(case: str, evidence: tuple[str, str]) -> None:
    event_type, name = evidence
    recorded = set(texts(json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))))
    assert {f"EVENT_TYPE_{event_type}", name} <= recorded


def test_the_run_was_cancelled_while_cohorts_were_done_in_flight_and_not_begun() -> None:
    events = read_history(FOLDER / "RunWorkflow" / "cancelled.json").events
    ends = Counter(EventType.Name(event.event_type) for event in events)
    assert ends["EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED"] >= 1
    assert ends["EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED"] >= 1
    assert ends["EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED"] == CHILDREN_PER_EXECUTION


@workflow.defn(name=WorkflowType.COHORT.value, sandboxed=False)
class CohortWorkflowThatAsksForMore(CohortWorkflow):
    @workflow.run
    async def run(self, cohort: CohortInput) -> CohortResult:
        await workflow.execute_activity("greet", start_to_close_timeout=timedelta(seconds=1))
        return await super().run(cohort)


async def test_code_that_asks_for_something_else_does_not_reproduce_a_history() -> None:
    changed = build_replayer([CohortWorkflowThatAsksForMore])
    with pytest.raises(workflow.NondeterminismError, match="greet"):
        await changed.replay_workflow(read_history(FOLDER / "CohortWorkflow" / "happy_path.json"))


@pytest.mark.parametrize("file", committed(), ids=name_of)
def test_a_committed_history_does_not_tell_on_which_machine_it_was_recorded(file: Path) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    assert not [text for text in texts(document) if MACHINE.search(text)]
    assert set(re.findall(r'"identity": "([^"]*)"', json.dumps(document))) == {WORKER}
