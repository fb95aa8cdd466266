"""The deliveries of one webhook endpoint."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from datetime import timedelta

    from domain.activity_contract import ActivityName, DeliverWebhooks, DeliveryRound
    from domain.contract import Signal, WebhookDeliveryInput, WorkflowType, webhook_task_queue
    from workflows.calling import HEARTBEAT, PATIENT

ROUND_AT_MOST = timedelta(minutes=10)
GIVE_WAY = timedelta(seconds=30)
# It stays for what comes next, so that steady traffic is one execution and not one each.
LINGER = timedelta(minutes=1)


@workflow.defn(name=WorkflowType.WEBHOOK_DELIVERY.value)
class WebhookDeliveryWorkflow:
    """Sends what is due, sleeps until the next attempt is, and ends when nothing is left."""

    @workflow.init
    def __init__(self, start: WebhookDeliveryInput) -> None:
        self._endpoint_id = start.endpoint_id
        self._told = False

    @workflow.run
    async def run(self, start: WebhookDeliveryInput) -> None:
        while True:
            self._told = False
            done = await self._deliver()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start)
            if done.give_way:
                await workflow.sleep(GIVE_WAY)
            elif not await self._told_within(_wait(done)) and done.next_due_at is None:
                return

    @workflow.signal(name=Signal.DELIVERIES_DUE.value)
    def deliveries_due(self) -> None:
        """Something has been announced to the endpoint, or is to be sent again."""
        self._told = True

    async def _deliver(self) -> DeliveryRound:
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

    async def _told_within(self, wait: timedelta) -> bool:
        try:
            await workflow.wait_condition(lambda: self._told, timeout=wait)
        except TimeoutError:
            return False
        return True


def _wait(done: DeliveryRound) -> timedelta:
    if done.next_due_at is None:
        return LINGER
    return max(timedelta(0), done.next_due_at - workflow.now())
