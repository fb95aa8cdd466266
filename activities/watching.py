"""Waiting for a run whose parent was continued as new and so lost its child handle."""

from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from domain.activity_contract import ActivityName, WatchRun
from domain.contract import RunResult, run_workflow_id


class WatchingActivities:
    def __init__(self, resources: Resources) -> None:
        self._temporal = resources.temporal

    @activity.defn(name=ActivityName.WATCH_RUN)
    async def watch_run(self, request: WatchRun) -> RunResult:
        """The run's result. Raises ApplicationError `run_ended` when the run did not end by itself."""
        handle = self._temporal.get_workflow_handle(
            run_workflow_id(request.automation_id, request.number), result_type=RunResult
        )
        try:
            result: RunResult = await with_heartbeats(handle.result())
            return result
        except WorkflowFailureError as failure:
            raise ApplicationError(
                f"run ended: {type(failure.cause).__name__}", type="run_ended", non_retryable=True
            ) from None
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise ApplicationError(
                "the run was never started", type="run_ended", non_retryable=True
            ) from None
