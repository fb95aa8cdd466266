"""Segments, evaluated anew when their time has come or somebody asked for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from time import thread_time
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from temporalio import activity

from activities.failures import is_transient
from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from domain.expressions import ExpressionError, SlowConditionError, compile_condition, with_breaker
from store.segment_refresh import Evaluation, begin_evaluation, evaluate, give_up
from store.segments import due_segments

# Upkeep has other things to see to: segments that are still due then come first in its next pass.
SECONDS_A_PASS = 60.0
LONGEST_EVALUATION_SECONDS = 240.0


class SegmentActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._refresh_every = timedelta(seconds=resources.settings.segment_refresh_seconds)

    async def attend(self, now: datetime) -> int:
        """Evaluate the segments whose time has come by `now`, as many as a pass has time for; answers how many."""
        async with self._database.transaction() as session:
            due = await due_segments(session, now - self._refresh_every)
        until = asyncio.get_running_loop().time() + SECONDS_A_PASS
        refreshed = 0
        for segment_id in due:
            refreshed += await with_heartbeats(self._refresh(segment_id))
            if asyncio.get_running_loop().time() >= until:
                break
        return refreshed

    async def _refresh(self, segment_id: UUID) -> bool:
        """Whether its members are up to date now. What is wrong with the segment itself is recorded there."""
        evaluation: Evaluation | None = None
        try:
            async with asyncio.timeout(LONGEST_EVALUATION_SECONDS), self._database.transaction() as session:
                evaluation = await begin_evaluation(session, segment_id, datetime.now(UTC))
                if evaluation is None:
                    return False
                condition = with_breaker(compile_condition(evaluation.expression), thread_time)
                return await evaluate(session, evaluation, condition, activity.heartbeat)
        except (DBAPIError, TimeoutError, SlowConditionError, ExpressionError) as error:
            reason = _reason(error)
            if evaluation is None or reason is None:
                raise
        async with self._database.transaction() as session:
            await give_up(session, evaluation, reason)
        return False


def _reason(error: Exception) -> str | None:
    """What to tell of a segment that could not be evaluated; None when it is not the segment's fault."""
    if isinstance(error, SlowConditionError | ExpressionError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"evaluating the condition takes longer than {LONGEST_EVALUATION_SECONDS:.0f} s: use a simpler one"
    # The driver's own message may quote a row.
    return None if is_transient(error) else f"the database refused the condition ({type(error).__name__})"
