"""How workflows call activities: by name, typed, with a summary for the Web UI and retries until it works."""

from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TerminatedError

with workflow.unsafe.imports_passed_through():
    from domain.activity_contract import ActivityName

Result = TypeVar("Result")

# A part that is away is waited for; activities themselves decide which failures are final.
PATIENT = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=5)
)
QUICK = timedelta(seconds=30)
LONG = timedelta(hours=2)
HEARTBEAT = timedelta(seconds=10)


async def call(name: ActivityName, request: Any, result_type: type[Result], summary: str) -> Result:
    """A short activity: one transaction or one request."""
    answer: Result = await workflow.execute_activity(
        name.value,
        request,
        result_type=result_type,
        start_to_close_timeout=QUICK,
        retry_policy=PATIENT,
        summary=summary,
    )
    return answer


async def call_long(name: ActivityName, request: Any, result_type: type[Result], summary: str) -> Result:
    """A heartbeating activity that may take long; when its worker dies another takes over in seconds."""
    answer: Result = await workflow.execute_activity(
        name.value,
        request,
        result_type=result_type,
        start_to_close_timeout=LONG,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=PATIENT,
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=summary,
    )
    return answer


def as_application_error(error: ActivityError) -> ApplicationError:
    """The refusal that an activity raised, fit to be the answer of an update."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return ApplicationError(cause.message, *cause.details, type=cause.type, non_retryable=True)
    return ApplicationError(root_cause(error), type="internal", non_retryable=True)


def root_cause(error: BaseException) -> str:
    """What went wrong first, in words for an operator; never an argument or a row."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, TerminatedError):
        return "it was terminated in Temporal"
    return cause.message if isinstance(cause, ApplicationError) else type(cause).__name__
