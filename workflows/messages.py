"""The queued messages of one program."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from domain.activity_contract import ActivityName, DeliveryRound, DispatchMessages
    from domain.contract import MessageDispatchInput, Signal, WorkflowType
    from workflows.calling import call_long
    from workflows.rounds import Rounds


@workflow.defn(name=WorkflowType.MESSAGE_DISPATCH.value)
class MessageDispatchWorkflow(Rounds):
    """Hands over what the program has queued."""

    give_way = timedelta(seconds=5)

    @workflow.init
    def __init__(self, start: MessageDispatchInput) -> None:
        super().__init__()
        self._program_id = start.program_id

    @workflow.run
    async def run(self, start: MessageDispatchInput) -> None:
        await self._go_round(start)

    @workflow.signal(name=Signal.MESSAGES_DUE.value)
    def messages_due(self) -> None:
        """Something has been queued."""
        self._told = True

    async def _do_round(self) -> DeliveryRound:
        request = DispatchMessages(program_id=self._program_id)
        return await call_long(
            ActivityName.DISPATCH_MESSAGES, request, DeliveryRound, "Hand over queued messages"
        )
