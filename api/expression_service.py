"""What the expression routes do: say what is wrong with one, and why it holds for someone or does not."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from time import thread_time
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from api.asked_expressions import ExpressionAsked, condition_asked, expression_asked
from api.documents import refuse_beyond_limits
from api.errors import invalid
from api.participant_service import participant_named
from api.schemas.expression import (
    AudiencePreviewOut,
    ExplainExpression,
    ExplanationOut,
    ExpressionExplained,
    ExpressionProblemOut,
    ExpressionValidity,
    PreviewExpression,
    ValidateExpression,
)
from domain.expressions import (
    PARTICIPANT,
    PARTICIPANT_EVENT,
    Condition,
    Environment,
    ExpressionError,
    SlowConditionError,
    check_condition,
    compile_condition,
    explain,
    with_breaker,
)
from domain.expressions.limits import COST_BUDGET
from domain.program_settings import attribute_types
from store.audience_preview import preview_audience
from store.participant_values import ParticipantValues
from store.segment_members import with_segments
from store.tables import Participant, Program

LONGEST_PREVIEW_SECONDS = 60.0


class ExpressionService:
    """One per request, about the people of one program. Stores nothing."""

    def __init__(self, program: Program) -> None:
        self._program = program

    async def validate(self, request: ValidateExpression) -> ExpressionValidity:
        types = {**attribute_types(self._program.settings), **request.attribute_types}
        environment = PARTICIPANT_EVENT if request.with_event else PARTICIPANT
        text = (await expression_asked(request, environment)).text
        try:
            condition = await asyncio.to_thread(check_condition, text, environment, types)
        except ExpressionError as error:
            problems = [ExpressionProblemOut.model_validate(problem) for problem in error.problems]
            return ExpressionValidity(
                expression=text, valid=False, problems=problems, cost_budget=COST_BUDGET
            )
        return ExpressionValidity(
            expression=text,
            valid=True,
            problems=[],
            variables=sorted(condition.variables),
            cost=condition.cost,
            cost_budget=COST_BUDGET,
        )

    async def explain(self, session: AsyncSession, request: ExplainExpression) -> ExpressionExplained:
        refuse_beyond_limits(event=request.event)
        environment = PARTICIPANT if request.event is None else PARTICIPANT_EVENT
        condition = await self._compile(await expression_asked(request, environment), environment)
        participant = await self._participant(session, request)
        now = datetime.now(UTC)
        return await self._explain(session, condition, participant.model_dump(), now, request.event)

    async def explain_saved(
        self, session: AsyncSession, expression: str | None, participant: Mapping[str, Any], at: datetime
    ) -> ExpressionExplained | None:
        """As `explain`, of a filter or guard that was accepted when it was saved; None without one.

        `participant`: their columns, as of `at`.
        """
        if expression is None:
            return None
        condition = await asyncio.to_thread(compile_condition, expression)
        return await self._explain(session, condition, participant, at, None)

    async def preview(self, session: AsyncSession, request: PreviewExpression) -> AudiencePreviewOut:
        asked = await expression_asked(request, PARTICIPANT)
        condition = with_breaker(await self._compile(asked, PARTICIPANT), thread_time)
        try:
            async with asyncio.timeout(LONGEST_PREVIEW_SECONDS):
                found = await preview_audience(
                    session, self._program, condition, datetime.now(UTC), request.sample
                )
        except SlowConditionError as error:
            raise invalid(asked.field, str(error), "a simpler expression") from None
        except TimeoutError:
            reason = f"counting its participants takes longer than {LONGEST_PREVIEW_SECONDS:.0f} s"
            raise invalid(asked.field, reason, "a simpler expression") from None
        return AudiencePreviewOut(
            expression=asked.text,
            count=found.count,
            sample=found.sample,
            exact=found.exact,
            rechecked=found.rechecked,
            plan_cost=found.plan_cost,
        )

    async def _compile(self, asked: ExpressionAsked, environment: Environment) -> Condition:
        """The condition, checked as one of an automation would be. Raises a Refusal that names the place."""
        types = attribute_types(self._program.settings)
        return await condition_asked(asked, lambda text: check_condition(text, environment, types))

    async def _explain(
        self,
        session: AsyncSession,
        condition: Condition,
        participant: Mapping[str, Any],
        now: datetime,
        event: dict[str, Any] | None,
    ) -> ExpressionExplained:
        (row,) = await with_segments(session, [participant])
        values = ParticipantValues(condition, self._program, now).of(row)
        if event is not None:
            values["event"] = event
        explanation = await asyncio.to_thread(explain, condition, values, now)
        return ExpressionExplained(
            expression=condition.text,
            matched=explanation.matched,
            explanation=ExplanationOut.model_validate(explanation),
        )

    async def _participant(self, session: AsyncSession, request: ExplainExpression) -> Participant:
        participant = await participant_named(
            session, self._program.id, request.participant_id, request.external_id
        )
        if participant is None:
            raise invalid("participant_id", "required", "participant_id or external_id")
        return participant
