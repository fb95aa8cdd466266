"""Handing over queued messages: claim, send, settle, a few at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.begun_sends import (
    STATUS_OF,
    hand_over,
    is_sent_again,
    note_answers,
    remember_opt_outs,
    repeats_abandoned,
    settle_patiently,
)
from activities.heartbeats import to_its_end
from activities.message_linking import MessageLinking
from activities.pacing import Pace
from activities.resources import Resources
from activities.send_gating import gate_sends
from channels.channel import Delivery, DeliveryStatus, InDoubt, MessageChannel, Outgoing
from domain.actions import Channel
from domain.activity_contract import ActivityName, DeliveryRound, DispatchMessages
from domain.messages import MessageStatus, retry_at
from domain.outcomes import SkipReason
from domain.run_status import RunStatus
from domain.send_gates import OPEN, Candidate, Decision
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import wake
from store.abandoned_messages import (
    abandoned_messages,
    channels_with_abandoned_messages,
    resolve_abandoned_messages,
)
from store.deferred_messages import (
    follow_messages,
    recount,
    runs_to_recount,
    share_runs,
    withdraw_messages,
)
from store.message_dispatch import (
    DueMessage,
    MessageSettlement,
    channels_with_due_messages,
    claim_messages,
    defer_messages,
    due_messages,
    next_message_due_at,
    programs_with_unattended_messages,
    settle_claimed,
    skip_messages,
)
from store.message_events import SettledMessage, emit_settled_messages
from store.programs import get_program

BATCH = 64
# After so long a program makes room for others that wait for a worker.
ROUND = timedelta(seconds=30)
LEFT_TO_ITS_WORKFLOW = timedelta(seconds=20)
TOLD_A_PASS = 1_000
# The messages of a run that is held; resuming it brings them forward.
HELD_RUN_IS_ASKED_AGAIN = timedelta(minutes=5)
WITHDRAWN_WITH = (RunStatus.CANCELLED, RunStatus.FAILED)
WAITED_FOR_HERE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Batch:
    """`away`: none of its messages could be handed over, because nobody was there to take them.

    `wait`: how long the channel has to wait before it may go on; then nothing was looked at.
    """

    looked_at: int
    away: bool = False
    wait: timedelta = timedelta(0)


class MessageDispatchActivities:
    """A message is claimed in the database before it leaves, and settled after.

    A crash in between leaves the claim; the next attempt resolves it by the channel's declared policy.
    """

    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._channels = resources.channels
        self._settings = resources.settings
        self._linking = MessageLinking(resources.database, resources.settings.message_links)
        self._pace = Pace(resources.settings, resources.database)

    @activity.defn(name=ActivityName.DISPATCH_MESSAGES)
    async def dispatch_messages(self, request: DispatchMessages) -> DeliveryRound:
        """Hand over what the program has queued and is due, for half a minute or so."""
        claim_id = uuid4()
        linking = await self._linking.for_program(request.program_id)
        await self._resolve_abandoned(request.program_id, claim_id, linking)
        until = datetime.now(UTC) + ROUND
        looked_at = 0
        while True:
            done = await to_its_end(self._process_batches(request.program_id, claim_id, linking), looked_at)
            looked_at += sum(batch.looked_at for batch in done.values())
            over = datetime.now(UTC) >= until or activity.is_worker_shutdown()
            waits = {channel: batch.wait for channel, batch in done.items() if batch.wait}
            idle = not any(batch.looked_at for batch in done.values())
            if over or any(batch.away for batch in done.values()) or (idle and not _short(waits)):
                return await self._round(request.program_id, done, waits)
            if idle:
                await to_its_end(asyncio.sleep(min(waits.values()).total_seconds()), looked_at)

    async def _round(
        self, program_id: UUID, done: Mapping[Channel, _Batch], waits: Mapping[Channel, timedelta]
    ) -> DeliveryRound:
        """When there is something to do again: not before, where a channel has to wait."""
        await self._recount_runs(program_id)
        async with self._database.transaction() as session:
            due = await next_message_due_at(session, program_id, but=waits)
        now = datetime.now(UTC)
        dues = [now + wait for wait in waits.values()] + ([] if due is None else [due])
        away = any(batch.away for batch in done.values())
        return DeliveryRound(next_due_at=min(dues, default=None), give_way=away and due is not None)

    async def _recount_runs(self, program_id: UUID) -> None:
        """Write down the counts of runs that ended before all their messages; until then their ledgers are counted."""
        async with self._database.transaction() as session:
            runs = await runs_to_recount(session, program_id)
        for run_id in runs:
            async with self._database.transaction() as session:
                await recount(session, run_id)

    async def attend(self, now: datetime) -> int:
        """Tell the workflows of programs whose messages wait for nobody; answers how many."""
        async with self._database.transaction() as session:
            programs = await programs_with_unattended_messages(
                session, now - LEFT_TO_ITS_WORKFLOW, TOLD_A_PASS
            )
        for program_id in programs:
            activity.heartbeat()
            wake_up = WakeUp(Sleeper.MESSAGES, program_id)
            await wake(self._temporal, self._settings.temporal_task_queue, wake_up)
        return len(programs)

    async def _resolve_abandoned(self, program_id: UUID, claim_id: UUID, linking: MessageLinking) -> None:
        async with self._database.transaction() as session:
            names = await channels_with_abandoned_messages(session, program_id, claim_id)
        for name in names:
            channel = self._channels[name]
            if channel.can_tell:
                await self._ask_after_abandoned(program_id, name, channel, claim_id, linking)
            async with self._database.transaction() as session:
                resolved = await resolve_abandoned_messages(
                    session, program_id, name, claim_id, datetime.now(UTC), repeat=repeats_abandoned(channel)
                )
                await follow_messages(session, dict.fromkeys(resolved))

    async def _ask_after_abandoned(
        self,
        program_id: UUID,
        name: Channel,
        channel: MessageChannel,
        claim_id: UUID,
        linking: MessageLinking,
    ) -> None:
        """Settle those that the provider says it has taken."""
        async with self._database.transaction() as session:
            abandoned = await abandoned_messages(session, program_id, name, claim_id)
        if not abandoned:
            return
        outgoing = await _outgoing(linking, name, [one.message for one in abandoned])
        asked = [InDoubt(sent, one.due_at) for sent, one in zip(outgoing, abandoned, strict=True)]
        answers = await to_its_end(channel.look_up(asked))
        taken: dict[UUID, list[tuple[DueMessage, Delivery]]] = {}
        for one, answer in zip(abandoned, answers, strict=True):
            if answer is not None:
                taken.setdefault(one.claim, []).append((one.message, answer))
        for claim, settled in taken.items():
            messages, deliveries = [one for one, _ in settled], [answer for _, answer in settled]
            await self._settle(program_id, claim, messages, deliveries)

    async def _process_batches(
        self, program_id: UUID, claim_id: UUID, linking: MessageLinking
    ) -> dict[Channel, _Batch]:
        """One batch of each channel that has something due, all at once."""
        async with self._database.transaction() as session:
            channels = await channels_with_due_messages(session, program_id)
        batches = await asyncio.gather(
            *(self._process_batch(program_id, claim_id, channel, linking) for channel in channels)
        )
        return dict(zip(channels, batches, strict=True))

    async def _process_batch(
        self, program_id: UUID, claim_id: UUID, channel: Channel, linking: MessageLinking
    ) -> _Batch:
        grant = await self._pace.take(channel, BATCH)
        if grant.messages == 0:
            return _Batch(0, wait=grant.wait)
        looked_at, messages = await self._claim_batch(program_id, claim_id, channel, grant.messages)
        await self._pace.give_back(channel, grant.messages - len(messages))
        if not messages:
            return _Batch(looked_at)
        outgoing = await _outgoing(linking, channel, messages)
        deliveries = await hand_over(self._channels[channel], outgoing)
        await settle_patiently(lambda: self._settle(program_id, claim_id, messages, deliveries))
        await self._pace.heed(channel, deliveries)
        return _Batch(looked_at, all(answer.status is DeliveryStatus.NOT_TRIED for answer in deliveries))

    async def _claim_batch(
        self, program_id: UUID, claim_id: UUID, channel: Channel, limit: int
    ) -> tuple[int, list[DueMessage]]:
        async with self._database.transaction() as session:
            due = await due_messages(session, program_id, channel, limit)
            if not due:
                return 0, []
            held, waiting = await self._with_their_runs(session, due)
            decisions = await _gate(session, program_id, waiting)
            deferred = held | {id_: decision for id_, decision in decisions.items() if decision.is_deferred}
            skipped = {id_: one for id_, one in decisions.items() if id_ not in deferred and not one.is_open}
            await defer_messages(session, deferred)
            await skip_messages(session, skipped, datetime.now(UTC))
            await follow_messages(session, dict.fromkeys(skipped))
            claimed = [message for message in waiting if decisions.get(message.id, OPEN).is_open]
            if claimed:
                await claim_messages(session, [message.id for message in claimed], claim_id)
            return len(due), claimed

    async def _with_their_runs(
        self, session: AsyncSession, messages: Sequence[DueMessage]
    ) -> tuple[dict[UUID, Decision], list[DueMessage]]:
        """Withdraw messages of runs that were cancelled, which the cancellation left to whoever holds them.

        Answers those of runs that are held, which wait, and those that nothing about their run keeps.
        """
        statuses = await share_runs(session, {one.run_id for one in messages if one.run_id is not None})
        of_runs = [(one, statuses.get(one.run_id)) for one in messages if one.run_id is not None]
        withdrawn = [one.id for one, status in of_runs if status in WITHDRAWN_WITH]
        await withdraw_messages(session, withdrawn)
        until = datetime.now(UTC) + HELD_RUN_IS_ASKED_AGAIN
        held = {
            one.id: Decision(SkipReason.RUN_HELD, until)
            for one, status in of_runs
            if status is RunStatus.HELD
        }
        stopped = held.keys() | set(withdrawn)
        return held, [one for one in messages if one.id not in stopped]

    async def _settle(
        self,
        program_id: UUID,
        claim_id: UUID,
        messages: Sequence[DueMessage],
        deliveries: Sequence[Delivery],
    ) -> None:
        told = [(one.id, one.recipient, answer) for one, answer in zip(messages, deliveries, strict=True)]
        await remember_opt_outs(self._database, told, datetime.now(UTC))
        async with self._database.transaction() as session:
            now = datetime.now(UTC)
            # Whether what is left may still be sent is asked below; whoever locks people, too, locks runs before.
            await share_runs(session, self._runs_left(messages, deliveries))
            people = [message.participant_id for message in messages]
            errors = await note_answers(session, list(zip(people, deliveries, strict=True)), now)
            answered = zip(messages, deliveries, errors, strict=True)
            settlements = [self._settlement(*answer, now) for answer in answered]
            final = await settle_claimed(session, claim_id, settlements, now)
            await self._follow(session, messages, deliveries, final)
            settled = [
                SettledMessage(
                    id=message.id,
                    channel=message.channel,
                    participant_id=message.participant_id,
                    status=final[message.id],
                    problem=delivery.problem,
                    rule_id=message.rule_id,
                    event_id=message.event_id,
                    journey_id=message.journey_id,
                )
                for message, delivery in zip(messages, deliveries, strict=True)
                if message.id in final and message.participant_id is not None
            ]
            await emit_settled_messages(session, program_id, settled)

    async def _follow(
        self,
        session: AsyncSession,
        messages: Sequence[DueMessage],
        deliveries: Sequence[Delivery],
        final: Mapping[UUID, MessageStatus],
    ) -> None:
        """Messages of runs: their ledgers follow, and what is left to send of a cancelled one is withdrawn."""
        again = [one for one in messages if one.run_id and final.get(one.id) is MessageStatus.QUEUED]
        await self._with_their_runs(session, again)
        reasons = {
            one.id: answer.problem if final[one.id] is MessageStatus.FAILED else None
            for one, answer in zip(messages, deliveries, strict=True)
            if one.run_id is not None and one.id in final
        }
        await follow_messages(session, reasons)

    def _runs_left(self, messages: Sequence[DueMessage], deliveries: Sequence[Delivery]) -> set[UUID]:
        """The runs of those that are to be sent again."""
        return {
            message.run_id
            for message, answer in zip(messages, deliveries, strict=True)
            if message.run_id is not None and is_sent_again(self._channels[message.channel], answer)
        }

    def _settlement(
        self, message: DueMessage, delivery: Delivery, error: str | None, now: datetime
    ) -> MessageSettlement:
        status = STATUS_OF[delivery.status]
        if is_sent_again(self._channels[message.channel], delivery):
            due = retry_at(message.attempts + 1, message.queued_at, now, delivery.retry_after)
            if due is not None:
                return MessageSettlement(message.id, MessageStatus.QUEUED, error, due)
            status = MessageStatus.FAILED if status is MessageStatus.NOT_TRIED else status
        return MessageSettlement(message.id, status, error, provider_id=delivery.provider_id)


def _short(waits: Mapping[Channel, timedelta]) -> bool:
    """Whether a channel may go on so soon that it is waited for here."""
    return bool(waits) and min(waits.values()) <= WAITED_FOR_HERE


async def _gate(
    session: AsyncSession, program_id: UUID, messages: Sequence[DueMessage]
) -> dict[UUID, Decision]:
    """A message may have waited for long: its participant may not be there, or not want it, any more.

    Nothing is decided for those to nobody on record.
    """
    candidates = [
        Candidate(
            id=one.id,
            participant_id=one.participant_id,
            channel=one.channel,
            address=one.recipient,
            policy=one.sending,
            source=one.automation_id or one.rule_id,
        )
        for one in messages
        if one.participant_id is not None
    ]
    program = await get_program(session, program_id)
    if program is None or not candidates:
        return {}
    return await gate_sends(session, program, candidates, datetime.now(UTC))


async def _outgoing(
    linking: MessageLinking, channel: Channel, messages: Sequence[DueMessage]
) -> list[Outgoing]:
    plain = [Outgoing(one.id, one.recipient, one.subject, one.body, one.options) for one in messages]
    return await linking.linked(channel, plain, [one.participant_id for one in messages])
