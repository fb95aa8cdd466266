"""Which failures are worth retrying for ever, and which end after a few tries."""

import traceback
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.expressions import SlowConditionError

MAX_ATTEMPTS_OF_A_BUG = 5

TRANSIENT = (OSError, TimeoutError, PoolTimeout, RPCError, psycopg.OperationalError, psycopg.InterfaceError)


def is_transient(error: BaseException) -> bool:
    """True for a part that is away: the database, Temporal or a server. It is retried until it is back."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(
            error.orig, psycopg.OperationalError | psycopg.InterfaceError
        )
    return isinstance(error, TRANSIENT)


class _GiveUpOnBugs(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except (ApplicationError, CancelledError):
            raise
        except SlowConditionError as error:
            # Trying again would be as slow.
            raise ApplicationError(str(error), type="slow_condition", non_retryable=True) from None
        except Exception as error:
            if is_transient(error):
                # Driver messages may quote rows; the type is what an operator needs in the history.
                raise ApplicationError(
                    f"{type(error).__name__}: a part is unavailable", type="unavailable"
                ) from None
            # The driver's own message may quote a row, so only the kind and the place are logged.
            place = "".join(traceback.format_tb(error.__traceback__))
            activity.logger.error("activity failed: %s\n%s", type(error).__name__, place)
            raise ApplicationError(
                f"{type(error).__name__} in {activity.info().activity_type}; see the worker's log",
                type="internal",
                non_retryable=activity.info().attempt >= MAX_ATTEMPTS_OF_A_BUG,
            ) from None


class FailurePolicy(Interceptor):
    """Keeps people's data out of recorded failures, and bugs from being retried for ever."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _GiveUpOnBugs(next)
