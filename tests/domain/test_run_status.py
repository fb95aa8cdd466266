import pytest

from domain.automation import IN_PROGRESS, ExecutionStatus
from domain.run_status import OPEN_RUNS, RunStatus, execution_status


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        (RunStatus.PENDING, ExecutionStatus.PENDING),
        (RunStatus.EXECUTING, ExecutionStatus.EXECUTING),
        (RunStatus.COMPLETED, ExecutionStatus.COMPLETED),
        (RunStatus.FAILED, ExecutionStatus.FAILED),
        (RunStatus.CANCELLED, ExecutionStatus.FAILED),
    ],
)
def test_the_execution_status_follows_the_run(run: RunStatus, shown: ExecutionStatus) -> None:
    assert execution_status(run) is shown


@pytest.mark.parametrize("run", RunStatus)
def test_an_automation_is_executing_exactly_while_its_run_is_open(run: RunStatus) -> None:
    assert (execution_status(run) in IN_PROGRESS) == (run in OPEN_RUNS)
