"""One cohort: guard, effect and ledger for a slice of a run's participants."""

from temporalio import activity

from activities.event_effect import generate_events
from activities.journey_effect import enroll_people
from activities.message_effect import MessageEffect
from activities.resources import Resources
from domain.actions import EnrollJourney
from domain.activity_contract import ActivityName, SettleCohort
from domain.automation import Definition
from domain.contract import CohortInput, CohortResult
from domain.outcomes import Outcome, SkipReason
from store.ledger import settle_unfinished
from store.runs import lock_run
from store.tables import AutomationRun


class CohortActivities:
    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._database = resources.database

    @activity.defn(name=ActivityName.PROCESS_COHORT)
    async def process_cohort(self, request: CohortInput) -> CohortResult:
        """Carry every row of the slice that has no outcome yet to one, unless the run is held meanwhile.

        Safe to repeat and to interrupt.
        """
        async with self._database.transaction() as session:
            run = await session.get_one(AutomationRun, request.run_id)
        definition = Definition.model_validate(run.definition)
        if definition.action is None:
            processed = await generate_events(self._database, run, definition, request)
            return CohortResult(processed=processed)
        if isinstance(definition.action, EnrollJourney):
            processed = await enroll_people(self._database, run, definition, definition.action, request)
            return CohortResult(processed=processed)
        effect = MessageEffect(self._resources, run, definition, request)
        processed = await effect.apply()
        return CohortResult(processed=processed, held=effect.held)

    @activity.defn(name=ActivityName.SETTLE_COHORT)
    async def settle_cohort(self, request: SettleCohort) -> None:
        """Close a slice whose child workflow ended without doing so."""
        async with self._database.transaction() as session:
            await lock_run(session, request.run_id)
            outcome, reason, error = (
                (Outcome.SKIPPED, SkipReason.CANCELLED.value, None)
                if request.cancelled
                else (Outcome.FAILED, None, request.error)
            )
            await settle_unfinished(
                session, request.run_id, outcome, reason, error, first=request.first, last=request.last
            )
