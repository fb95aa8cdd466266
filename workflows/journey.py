"""The people inside one journey."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import asyncio
    from datetime import timedelta

    from domain.activity_contract import ActivityName, AdvanceJourney, DeliveryRound, JourneyRound
    from domain.contract import JourneyInput, Signal, WorkflowType
    from workflows.calling import call_long
    from workflows.rounds import Rounds

# Where one activity cannot keep up, so many go on beside each other, on all workers.
MOST_LANES = 4
# No timer is longer, however far away the next step is.
LOOKS_EVERY = timedelta(days=30)


@workflow.defn(name=WorkflowType.JOURNEY.value)
class JourneyWorkflow(Rounds):
    """Has everybody inside take their steps when they are due: one timer, for whoever is next.

    Who stands where is in the record, so it may end or be continued as new at any time, in the middle of a wait too.
    """

    give_way = timedelta(seconds=5)

    @workflow.init
    def __init__(self, start: JourneyInput) -> None:
        super().__init__()
        self._journey_id = start.journey_id
        self._lanes = 1

    @workflow.run
    async def run(self, start: JourneyInput) -> None:
        await self._go_round(start)

    @workflow.signal(name=Signal.JOURNEY_CHANGED.value)
    def journey_changed(self) -> None:
        """Somebody has entered or is to move on, or the journey has been enabled or disabled."""
        self._told = True

    async def _do_round(self) -> DeliveryRound:
        done = (await asyncio.gather(*(self._advance() for _ in range(self._lanes))))[-1]
        self._lanes = MOST_LANES if done.behind else 1
        workflow.set_current_details(_details(done))
        due_at = done.next_wake_at
        return DeliveryRound(
            next_due_at=None if due_at is None else min(due_at, workflow.now() + LOOKS_EVERY)
        )

    async def _advance(self) -> JourneyRound:
        request = AdvanceJourney(journey_id=self._journey_id, now=workflow.now(), lanes=self._lanes)
        return await call_long(
            ActivityName.ADVANCE_JOURNEY, request, JourneyRound, "Have whoever is due take their steps"
        )


def _details(done: JourneyRound) -> str:
    inside = (
        "nobody is"
        if done.inside == 0
        else "1 person is"
        if done.inside == 1
        else f"{done.inside:,} people are"
    )
    lines = [f"- {inside} inside"]
    if done.next_wake_at is not None:
        lines.append(f"- next step due at {done.next_wake_at:%Y-%m-%d %H:%M:%S} UTC")
    elif done.inside:
        lines.append("- the journey stands still: it is disabled with a resume policy")
    return "\n".join(lines)
