"""A provider of the tests' own, and the activities that hand messages to it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities import Resources
from activities.message_dispatch import MessageDispatchActivities
from activities.message_effect import MessageEffect
from channels.channel import Delivery, DeliveryProblem, DeliveryStatus, InDoubt, MessageChannel, Outgoing
from domain.actions import Channel, SendMessage
from domain.activity_contract import DeliveryRound, DispatchMessages
from domain.automation import Definition, Scope, TriggerType
from domain.contract import CohortInput
from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings
from store.database import Database
from store.tables import AutomationRun, Participant, RunParticipant
from tests.store.records import add_run

SENT = Delivery(DeliveryStatus.SENT)
REFUSED = Delivery(
    DeliveryStatus.FAILED, "recipient refused: 550 <who@example.com>", DeliveryProblem.RECIPIENT_REFUSED
)
AWAY = Delivery(DeliveryStatus.NOT_TRIED, "no connection", DeliveryProblem.NO_CONNECTION)
IN_DOUBT = Delivery(DeliveryStatus.UNKNOWN, "connection lost", DeliveryProblem.CONNECTION_LOST)


@dataclass
class Provider:
    """A channel that answers as told. While it is not `open`, what it was handed stays in its hands.

    `tell`: what it says when it is asked after a send; it can only be asked when there is one.
    """

    answer: Callable[[Outgoing], Delivery] = lambda message: SENT
    handed: list[Outgoing] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    policy: DeliveryPolicy = DeliveryPolicy.AT_MOST_ONCE
    tell: Callable[[InDoubt], Delivery | None] | None = None
    asked: list[InDoubt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open.set()

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        self.handed += messages
        await self.open.wait()
        return [self.answer(message) for message in messages]

    @property
    def can_tell(self) -> bool:
        return self.tell is not None

    async def look_up(self, sends: Sequence[InDoubt]) -> list[Delivery | None]:
        assert self.tell is not None
        self.asked += sends
        return [self.tell(send) for send in sends]

    async def close(self) -> None:
        self.open.set()

    async def was_handed(self, count: int) -> None:
        while len(self.handed) < count:
            await asyncio.sleep(0.01)


def resources_with(
    database: Database,
    provider: MessageChannel,
    policy: DeliveryPolicy = DeliveryPolicy.AT_MOST_ONCE,
    temporal: Any = None,
    **settings: Any,
) -> Resources:
    """Every channel leads to the provider."""
    url = database.engine.url.render_as_string(hide_password=False)
    if isinstance(provider, Provider):
        provider.policy = policy
    webhooks: Any = None
    channels = dict.fromkeys(Channel, provider)
    return Resources(Settings(database_url=url, **settings), database, temporal, channels, webhooks)


async def dispatch(
    database: Database,
    program_id: UUID,
    provider: MessageChannel,
    policy: DeliveryPolicy = DeliveryPolicy.AT_MOST_ONCE,
    environment: ActivityEnvironment | None = None,
) -> DeliveryRound:
    return await dispatch_with(resources_with(database, provider, policy), program_id, environment)


async def dispatch_with(
    resources: Resources, program_id: UUID, environment: ActivityEnvironment | None = None
) -> DeliveryRound:
    body = MessageDispatchActivities(resources).dispatch_messages
    done = await (environment or ActivityEnvironment()).run(body, DispatchMessages(program_id=program_id))
    assert isinstance(done, DeliveryRound)
    return done


async def add_mailable_run(database: Database, program_id: UUID) -> tuple[UUID, list[UUID]]:
    """A run of two people who may be written to, 0@example.com and 1@example.com, and who they are."""
    run_id = await add_run(database, program_id, people=2)
    async with database.transaction() as session:
        ledger = [await session.get_one(RunParticipant, (run_id, seq)) for seq in range(2)]
        for row in ledger:
            person = await session.get_one(Participant, row.participant_id)
            person.email, person.consent = f"{row.seq}@example.com", {"email": "subscribed"}
    return run_id, [row.participant_id for row in ledger]


HELLO = SendMessage(type="send_message", channel=Channel.EMAIL, subject="Hello", body="Hello")


async def mail_run(
    database: Database,
    run_id: UUID,
    provider: MessageChannel,
    policy: DeliveryPolicy = DeliveryPolicy.AT_MOST_ONCE,
    action: SendMessage = HELLO,
) -> None:
    """Send everybody of the run a mail."""
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
    definition = Definition(
        name="Hello",
        event_name="hello",
        scope=Scope.PARTICIPANTS,
        trigger_type=TriggerType.IMMEDIATE,
        action=action,
    )
    slice_ = CohortInput(
        run_id=run_id,
        automation_id=run.automation_id,
        program_id=run.program_id,
        cohort=0,
        first=0,
        last=run.total,
    )
    effect = MessageEffect(resources_with(database, provider, policy), run, definition, slice_)
    await ActivityEnvironment().run(effect.apply)
