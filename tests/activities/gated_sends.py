"""Programs with rules of sending, and runs of people who may be written to."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities.message_effect import MessageEffect
from activities.runs import RunActivities
from channels.channel import MessageChannel
from domain.actions import Channel, SendMessage
from domain.activity_contract import CancelRun, CloseRun
from domain.automation import Definition, Scope, TriggerType
from domain.contract import CohortInput, RunResult
from domain.occasions import OncePer
from domain.outcomes import RunCounts
from domain.send_policy import SendPolicy
from store.database import Database
from store.runs import counts_of
from store.tables import AutomationRun, Message, Participant, Program, RunParticipant
from tests.activities.message_provider import Provider, resources_with
from tests.store.records import add_run

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CAP = {"frequency_caps": [{"messages": 1, "hours": 24}]}


async def set_sending(database: Database, program_id: UUID, sending: dict[str, Any]) -> None:
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        program.settings = {"sending": sending}


def quiet_now(**fields: Any) -> dict[str, Any]:
    """An hour ago until in two hours, in UTC."""
    now = datetime.now(UTC)
    hours = {"start": f"{now - timedelta(hours=1):%H:%M}", "end": f"{now + timedelta(hours=2):%H:%M}"}
    return {"quiet_hours": hours | fields}


async def add_run_to(
    database: Database,
    people: Sequence[Participant],
    guard: str | None = None,
    channel: Channel = Channel.EMAIL,
    once_per: OncePer | None = None,
    earlier: UUID | None = None,
    **policy: Any,
) -> UUID:
    """A run that is to send each of them a message; of the automation of the run `earlier`, where there is one."""
    action = SendMessage(
        type="send_message",
        channel=channel,
        subject="Hello" if channel is Channel.EMAIL else "",
        body="Hello {{ participant.external_id }}",
        sending=SendPolicy(**policy),
        once_per=once_per,
    )
    definition = Definition(
        name="Hello",
        event_name="hello",
        scope=Scope.PARTICIPANTS,
        trigger_type=TriggerType.IMMEDIATE,
        guard_condition=guard,
        action=action,
    )
    of_same: dict[str, Any] = {}
    if earlier is not None:
        async with database.transaction() as session:
            before = await session.get_one(AutomationRun, earlier)
        of_same = {"automation_id": before.automation_id, "number": before.number + 1}
    run_id = await add_run(
        database,
        people[0].program_id,
        definition=definition.model_dump(mode="json"),
        started_at=NOW,
        **of_same,
    )
    async with database.transaction() as session:
        (await session.get_one(AutomationRun, run_id)).total = len(people)
        session.add_all(
            RunParticipant(run_id=run_id, seq=seq, participant_id=person.id)
            for seq, person in enumerate(people)
        )
    return run_id


async def carry_out(database: Database, run_id: UUID, provider: MessageChannel) -> int:
    """What a cohort of everybody does."""
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
    slice_ = CohortInput(
        run_id=run_id,
        automation_id=run.automation_id,
        program_id=run.program_id,
        cohort=0,
        first=0,
        last=run.total,
    )
    definition = Definition.model_validate(run.definition)
    effect = MessageEffect(resources_with(database, provider), run, definition, slice_)
    processed: int = await ActivityEnvironment().run(effect.apply)
    return processed


async def close(database: Database, run_id: UUID) -> RunResult:
    body = RunActivities(resources_with(database, Provider())).close_run
    result = await ActivityEnvironment().run(body, CloseRun(run_id=run_id, now=NOW))
    assert isinstance(result, RunResult)
    return result


async def cancel(database: Database, run_id: UUID) -> RunResult:
    body = RunActivities(resources_with(database, Provider())).cancel_run
    result = await ActivityEnvironment().run(body, CancelRun(run_id=run_id, actor="ana", now=NOW))
    assert isinstance(result, RunResult)
    return result


async def ledger(database: Database, run_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """Outcome, reason and error of each row."""
    async with database.transaction() as session:
        statement = select(RunParticipant).where(col(RunParticipant.run_id) == run_id)
        rows = (await session.exec(statement.order_by(col(RunParticipant.seq)))).all()
    return [(row.outcome, row.reason, row.error) for row in rows]


async def counts(database: Database, run_id: UUID) -> RunCounts:
    """As the API answers them."""
    async with database.transaction() as session:
        return await counts_of(session, await session.get_one(AutomationRun, run_id))


async def message_of_run(database: Database, run_id: UUID) -> Message:
    async with database.transaction() as session:
        return (await session.exec(select(Message).where(col(Message.run_id) == run_id))).one()


async def make_due(database: Database, message_id: UUID) -> None:
    """Let the time pass for which a message was to wait."""
    async with database.transaction() as session:
        (await session.get_one(Message, message_id)).available_at = NOW
