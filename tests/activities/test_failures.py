"""What a failed activity leaves in a history: its kind, never a person's data."""

import dataclasses
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.failures import MAX_ATTEMPTS_OF_A_BUG, FailurePolicy, is_transient
from domain.expressions import SlowConditionError
from store.database import Database

PERSON = "ana.nunez@example.org"


class _Body(ActivityInboundInterceptor):
    """The end of the chain: runs the activity's body."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        return await input.fn(*input.args)


async def run(body: Callable[[], Awaitable[Any]], attempt: int = 1) -> Any:
    """Run an activity under the policy, as a worker does."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt, activity_type="send_things")
    guarded = FailurePolicy().intercept_activity(_Body())
    given = ExecuteActivityInput(fn=body, args=[], executor=None, headers={})
    return await environment.run(guarded.execute_activity, given)


async def failure_of(body: Callable[[], Awaitable[Any]], attempt: int = 1) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised:
        await run(body, attempt)
    return raised.value


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def body() -> None:
        raise error

    return body


async def recorded(error: BaseException) -> str:
    """All that a history would hold of the error, stack trace and causes included."""
    failure = Failure()
    await DataConverter.default.encode_failure(error, failure)
    return json.dumps(MessageToDict(failure))


def driver_error(cause: BaseException, invalidated: bool = False) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, cause, connection_invalidated=invalidated)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        ConnectionResetError(),
        TimeoutError(),
        OSError(28, "No space left on device"),
        PoolTimeout(),
        RPCError("gone", RPCStatusCode.UNAVAILABLE, b""),
        psycopg.OperationalError(),
        psycopg.InterfaceError(),
        OperationalError("SELECT 1", {}, psycopg.OperationalError()),
        driver_error(psycopg.errors.AdminShutdown()),
        driver_error(psycopg.errors.SerializationFailure()),
        driver_error(psycopg.errors.DeadlockDetected()),
        driver_error(psycopg.DataError(), invalidated=True),
    ],
    ids=lambda error: type(getattr(error, "orig", None) or error).__name__,
)
def test_a_part_that_is_away_is_waited_for(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        KeyError(),
        AssertionError(),
        TypeError(),
        IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation()),
        driver_error(psycopg.DataError()),
        driver_error(psycopg.ProgrammingError()),
        psycopg.DataError(),
        httpx.InvalidURL("x"),
    ],
    ids=lambda error: type(getattr(error, "orig", None) or error).__name__,
)
def test_a_bug_is_not_waited_for(error: Exception) -> None:
    assert not is_transient(error)


@pytest.mark.parametrize("attempt", [1, MAX_ATTEMPTS_OF_A_BUG, 10_000])
async def test_an_outage_is_retried_for_ever(attempt: int) -> None:
    failure = await failure_of(raising(ConnectionRefusedError(PERSON)), attempt)
    assert (failure.type, failure.non_retryable) == ("unavailable", False)
    assert failure.message == "ConnectionRefusedError: a part is unavailable"


@pytest.mark.parametrize(
    ("attempt", "last"),
    [(1, False), (MAX_ATTEMPTS_OF_A_BUG - 1, False), (MAX_ATTEMPTS_OF_A_BUG, True), (99, True)],
)
async def test_a_bug_is_given_up_after_a_few_attempts(attempt: int, last: bool) -> None:
    failure = await failure_of(raising(KeyError(PERSON)), attempt)
    assert (failure.type, failure.non_retryable) == ("internal", last)
    assert failure.message == "KeyError in send_things; see the worker's log"


@pytest.mark.parametrize(
    "error", [ApplicationError("no", type="invalid", non_retryable=True), CancelledError("stop")]
)
async def test_an_answer_meant_for_the_workflow_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        await run(raising(error))
    assert raised.value is error


async def test_a_result_passes_as_it_is() -> None:
    async def body() -> str:
        return "done"

    assert await run(body) == "done"


@pytest.mark.parametrize("error", [ValueError(PERSON), OSError(PERSON), psycopg.OperationalError(PERSON)])
async def test_no_message_of_an_error_is_recorded(error: Exception) -> None:
    assert PERSON not in await recorded(await failure_of(raising(error)))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:person AS int)",
        "INSERT INTO api_key (id, name, prefix, key_hash, role, scopes) VALUES "
        "(gen_random_uuid(), :person, '', :person, '', '{}'), (gen_random_uuid(), :person, '', :person, '', '{}')",
        "SELECT nothing FROM nowhere WHERE email = :person",
    ],
)
async def test_a_row_that_the_driver_quotes_is_not_recorded(database: Database, statement: str) -> None:
    async def body() -> None:
        async with database.transaction() as session:
            await session.execute(text(statement), {"person": PERSON})

    failure = await failure_of(body)
    assert failure.type == "internal"
    assert PERSON not in await recorded(failure)


async def test_the_values_of_a_failed_statement_are_not_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        async with database.transaction() as session:
            await session.execute(
                text("SELECT nothing FROM nowhere WHERE email = :person"), {"person": PERSON}
            )

    with caplog.at_level(logging.DEBUG):
        await failure_of(body)
    assert "ProgrammingError" in caplog.text
    assert "test_failures.py" in caplog.text, "the place is not logged"
    assert PERSON not in caplog.text


async def test_a_drivers_message_that_quotes_a_value_is_not_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def body() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT CAST(:person AS integer)"), {"person": PERSON})

    with caplog.at_level(logging.DEBUG):
        await failure_of(body)
    assert "DataError" in caplog.text
    assert PERSON not in caplog.text


async def test_an_outage_of_a_real_database_is_waited_for() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/x", pool_size=2)

    async def body() -> None:
        async with away.transaction() as session:
            await session.execute(text("SELECT 1"))

    failure = await failure_of(body)
    await away.close()
    assert failure.type == "unavailable"


async def test_a_slow_condition_is_not_tried_again_and_says_why() -> None:
    failure = await failure_of(raising(SlowConditionError("takes 31.0 ms a participant")))
    assert (failure.type, failure.message, failure.non_retryable) == (
        "slow_condition",
        "takes 31.0 ms a participant",
        True,
    )
