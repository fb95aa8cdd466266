"""The deliveries of one webhook endpoint."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from domain.activity_contract import ActivityName, DeliverWebhooks, DeliveryRound
    from domain.contract import Signal, WebhookDeliveryInput, WorkflowType, webhook_task_queue
    from workflows.calling import HEARTBEAT, PATIENT
    from workflows.rounds import Rounds

ROUND_AT_MOST = timedelta(minutes=10)


@workflow.defn(name=WorkflowType.WEBHOOK_DELIVERY.value)
class WebhookDeliveryWorkflow(Rounds):
    """Sends what is due at the endpoint."""

    give_way = timedelta(seconds=30)

    @workflow.init
    def __init__(self, start: WebhookDeliveryInput) -> None:
        super().__init__()
        self._endpoint_id = start.endpoint_id

    @workflow.run
    async def run(self, start: WebhookDeliveryInput) -> None:
        await self._go_round(start)

    @workflow.signal(name=Signal.DELIVERIES_DUE.value)
    def deliveries_due(self) -> None:
        """Something has been announced to the endpoint, or is to be sent again."""
        self._told = True

    async def _do_round(self) -> DeliveryRound:
        done: DeliveryRound = await workflow.execute_activity(
            ActivityName.DELIVER_WEBHOOKS.value,
            DeliverWebhooks(endpoint_id=self._endpoint_id),
            result_type=DeliveryRound,
            task_queue=webhook_task_queue(workflow.info().task_queue),
            start_to_close_timeout=ROUND_AT_MOST,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="Send what is due",
        )
        return done
