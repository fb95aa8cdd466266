"""The message effect: claim, send, settle, a few participants at a time."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.exceptions import ApplicationError

from activities.begun_sends import (
    STATUS_OF,
    hand_over,
    is_sent_again,
    note_answers,
    remember_opt_outs,
    repeats_abandoned,
    settle_patiently,
)
from activities.guards import guard_of
from activities.heartbeats import to_its_end
from activities.message_linking import MessageLinking
from activities.pacing import Pace
from activities.resources import Resources
from activities.run_holding import hold_if_failing
from activities.send_gating import candidate_of, gate_sends
from channels.channel import Delivery, DeliveryStatus, InDoubt, Outgoing
from domain.actions import SendMessage
from domain.addresses import address_of
from domain.automation import Definition
from domain.contract import CohortInput
from domain.message_content import MessageContents, contents_of, message_for
from domain.messages import MessageStatus
from domain.occasions import occasion_of
from domain.outcomes import Outcome, SkipReason
from domain.program_settings import readable_rules
from domain.run_status import OPEN_RUNS, RunStatus
from domain.send_gates import Decision
from domain.send_policy import HoldAfterFailures
from domain.templates import TemplateError
from store.deferred_messages import Deferred, defer_drafts
from store.ledger import Settlement, abandoned_rows, claim, pending_rows, resolve_abandoned_claims, settle
from store.message_events import SettledMessage, emit_settled_messages
from store.message_templates import template_in_version
from store.messages import (
    Draft,
    first_begun_at,
    message_id_of,
    record_drafts,
    settle_abandoned_messages,
    settle_messages,
)
from store.participant_values import TEMPLATE_COLUMNS, template_values
from store.programs import get_program
from store.run_addresses import claim_addresses
from store.runs import lock_run, recount_closed_run, share_run
from store.tables import AutomationRun

CHUNK = 64
WAITED_FOR_HERE = timedelta(seconds=2)

OUTCOME_OF = {
    DeliveryStatus.SENT: Outcome.SENT,
    DeliveryStatus.FAILED: Outcome.FAILED,
    DeliveryStatus.UNKNOWN: Outcome.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class _Chunk:
    looked_at: int
    drafts: list[Draft]
    messages: list[Outgoing]


@dataclass(frozen=True, slots=True)
class _Gated:
    """Rows whose message may leave, those whose waits, and what became of the others."""

    open: list[RowMapping]
    deferred: list[tuple[RowMapping, Decision]]
    skipped: list[Settlement]


class MessageEffect:
    """Sends one message per participant of a slice.

    A row is claimed in the database before its message leaves, and settled after. A crash in between
    leaves the claim; the next attempt resolves it by the channel's declared policy. `held`: whether it ended early,
    because its run is held.
    """

    def __init__(
        self, resources: Resources, run: AutomationRun, definition: Definition, slice_: CohortInput
    ) -> None:
        assert isinstance(definition.action, SendMessage)
        self._action = definition.action
        self._database = resources.database
        self._channel = resources.channels[self._action.channel]
        self._pace = Pace(resources.settings, resources.database)
        self._run = run
        self._definition = definition
        self._slice = slice_
        self._claim = uuid4()
        self._hold_after: HoldAfterFailures | None = None
        self.held = False
        self._contents: MessageContents
        self._linking = MessageLinking(resources.database, resources.settings.message_links)

    async def apply(self) -> int:
        """Answers how many rows got an outcome. Raises ApplicationError `unavailable` while the server is away."""
        self._contents = await self._read_contents()
        self._linking = await self._linking.for_program(self._run.program_id)
        await self._resolve_abandoned()
        processed = 0
        while True:
            looked_at = await to_its_end(self._process_chunk(), processed)
            if looked_at == 0:
                return processed
            processed += looked_at

    async def _resolve_abandoned(self) -> None:
        if self._channel.can_tell:
            await self._ask_after_abandoned()
        repeat = repeats_abandoned(self._channel)
        async with self._database.transaction() as session:
            people = await resolve_abandoned_claims(
                session,
                self._run.id,
                self._slice.first,
                self._slice.last,
                Outcome.PENDING if repeat else Outcome.UNKNOWN,
                self._claim,
            )
            if people:
                await settle_abandoned_messages(session, self._run.id, people, "unknown", datetime.now(UTC))

    async def _ask_after_abandoned(self) -> None:
        """Settle those that the provider says it has taken, by the text that they would be sent today."""
        async with self._database.transaction() as session:
            columns = sorted(TEMPLATE_COLUMNS)
            rows = await abandoned_rows(
                session, self._run.id, self._slice.first, self._slice.last, self._claim, columns
            )
            drafts, messages, _ = await asyncio.to_thread(self._compose, rows)
            begun = await first_begun_at(session, [draft.message_id for draft in drafts])
        linked = await self._linked(drafts, messages)
        asked = [InDoubt(message, begun[message.message_id]) for message in linked]
        answers = await to_its_end(self._channel.look_up(asked)) if asked else []
        taken = [(draft, answer) for draft, answer in zip(drafts, answers, strict=True) if answer is not None]
        if taken:
            await self._settle([draft for draft, _ in taken], [answer for _, answer in taken])

    async def _read_contents(self) -> MessageContents:
        template_id, version = self._action.template_id, self._run.template_version
        if template_id is None:
            return contents_of(self._action, None)
        assert version is not None
        async with self._database.transaction() as session:
            return contents_of(self._action, await template_in_version(session, template_id, version))

    async def _process_chunk(self) -> int:
        channel = self._action.channel
        grant = await self._granted()
        chunk = await self._claim_chunk(grant)
        await self._pace.give_back(channel, grant - len(chunk.messages))
        if chunk.messages:
            linked = await self._linked(chunk.drafts, chunk.messages)
            deliveries = await hand_over(self._channel, linked)
            try:
                await settle_patiently(lambda: self._settle(chunk.drafts, deliveries))
            finally:
                await self._pace.heed(channel, deliveries)
        return chunk.looked_at

    async def _granted(self) -> int:
        """How many may be sent now. Raises ApplicationError `unavailable` where that takes a while."""
        while True:
            grant = await self._pace.take(self._action.channel, CHUNK)
            if grant.messages:
                return grant.messages
            if grant.wait > WAITED_FOR_HERE:
                raise self._unavailable(grant.wait)
            await asyncio.sleep(grant.wait.total_seconds())

    def _unavailable(self, pause: timedelta | None) -> ApplicationError:
        said = f"the provider of {self._action.channel} messages takes none now"
        return ApplicationError(said, type="unavailable", next_retry_delay=pause)

    async def _claim_chunk(self, limit: int) -> _Chunk:
        now = datetime.now(UTC)
        async with self._database.transaction() as session:
            if not await self._is_executing(session):
                return _Chunk(0, [], [])
            guard = await guard_of(session, self._run, self._definition, now)
            columns = sorted({*guard.columns, *TEMPLATE_COLUMNS})
            rows = await pending_rows(
                session, self._run.id, self._slice.first, self._slice.last, columns, limit
            )
            passed, settlements = await guard.divide(rows)
            gated = await self._gate(session, passed, now)
            drafts, messages, refused = await asyncio.to_thread(self._compose, gated.open)
            waiting, later, unfit = await asyncio.to_thread(self._compose, [row for row, _ in gated.deferred])
            doubled = await self._doubled(session, [*drafts, *waiting])
            drafts, messages = _without(doubled, drafts, messages)
            waiting, later = _without(doubled, waiting, later)
            again = [Settlement(seq, Outcome.SKIPPED, SkipReason.DUPLICATE_ADDRESS) for seq in doubled]
            await settle(session, self._run.id, [*settlements, *gated.skipped, *refused, *unfit, *again])
            if drafts:
                await claim(session, self._run.id, [draft.seq for draft in drafts], self._claim)
                await record_drafts(session, self._run, self._action, drafts, now)
            await self._defer(session, gated, waiting, later)
            return _Chunk(len(rows), drafts, messages)

    async def _is_executing(self, session: AsyncSession) -> bool:
        status = await share_run(session, self._run.id)
        self.held = status is RunStatus.HELD
        return status is RunStatus.EXECUTING

    async def _gate(self, session: AsyncSession, rows: Sequence[RowMapping], now: datetime) -> _Gated:
        program = await get_program(session, self._run.program_id)
        assert program is not None
        candidates = [candidate_of(self._run, self._action, row) for row in rows]
        decisions = await gate_sends(session, program, candidates, now)
        self._hold_after = (
            self._action.sending.hold_after_failures or readable_rules(program.settings).hold_after_failures
        )
        gated = _Gated([], [], [])
        for row, candidate in zip(rows, candidates, strict=True):
            decision = decisions[candidate.id]
            if decision.is_deferred:
                gated.deferred.append((row, decision))
            elif decision.reason is None:
                gated.open.append(row)
            else:
                error = None if decision.winner is None else f"gave way to message {decision.winner}"
                gated.skipped.append(Settlement(row["seq"], Outcome.SKIPPED, decision.reason.value, error))
        return gated

    async def _doubled(self, session: AsyncSession, drafts: Sequence[Draft]) -> set[int]:
        """Rows of those whose address the run has written to already, where it does so once."""
        if not self._action.sending.once_per_address or not drafts:
            return set()
        return await claim_addresses(session, self._run, self._action.channel, drafts)

    async def _defer(
        self, session: AsyncSession, gated: _Gated, drafts: Sequence[Draft], messages: Sequence[Outgoing]
    ) -> None:
        """Leave messages to the queue, which hands them over when they may go; the run does not wait for it."""
        decisions = {row["seq"]: decision for row, decision in gated.deferred}
        deferred = []
        for draft, message in zip(drafts, messages, strict=True):
            decision = decisions[draft.seq]
            assert decision.until is not None
            assert decision.reason is not None
            deferred.append(Deferred(draft, message.body, message.options, decision.until, decision.reason))
        await defer_drafts(session, self._run, self._action, deferred)

    def _compose(self, rows: Sequence[RowMapping]) -> tuple[list[Draft], list[Outgoing], list[Settlement]]:
        drafts: list[Draft] = []
        messages: list[Outgoing] = []
        refused: list[Settlement] = []
        for row in rows:
            address = address_of(self._action.channel, row)
            if not address:
                # Of somebody who had one when their message was begun.
                continue
            values = {"participant": template_values(row), "payload": self._definition.payload}
            try:
                message = message_for(self._action.channel, self._contents.for_locale(row["locale"]), values)
            except TemplateError as error:
                refused.append(Settlement(row["seq"], Outcome.FAILED, "template_error", str(error)))
                continue
            message_id = message_id_of(self._run.id, row["participant_id"])
            occasion = occasion_of(row["attributes"], self._action.once_per)
            key = None if occasion is None else occasion.key
            drafts.append(Draft(message_id, row["seq"], row["participant_id"], address, message.subject, key))
            messages.append(Outgoing(message_id, address, message.subject, message.body, message.options))
        return drafts, messages, refused

    async def _linked(self, drafts: Sequence[Draft], messages: Sequence[Outgoing]) -> list[Outgoing]:
        people = [draft.participant_id for draft in drafts]
        return await self._linking.linked(self._action.channel, messages, people)

    async def _settle(self, drafts: Sequence[Draft], deliveries: Sequence[Delivery]) -> None:
        """Record what the provider answered, even when the run was ended meanwhile: its counts follow."""
        answered = zip(drafts, deliveries, strict=True)
        told = [(draft.message_id, draft.recipient, answer) for draft, answer in answered]
        await remember_opt_outs(self._database, told, datetime.now(UTC))
        async with self._database.transaction() as session:
            in_time = (await share_run(session, self._run.id)) in OPEN_RUNS
            if in_time:
                await self._write_outcomes(session, drafts, deliveries)
        if not in_time:
            async with self._database.transaction() as session:
                run = await lock_run(session, self._run.id)
                await self._write_outcomes(session, drafts, deliveries)
                await recount_closed_run(session, run)
            return
        if self._hold_after is not None:
            await hold_if_failing(self._database, self._run.id, self._hold_after)
        left = [delivery for delivery in deliveries if is_sent_again(self._channel, delivery)]
        if left:
            pauses = [delivery.retry_after for delivery in left if delivery.retry_after is not None]
            raise self._unavailable(max(pauses, default=None))

    async def _write_outcomes(
        self, session: AsyncSession, drafts: Sequence[Draft], deliveries: Sequence[Delivery]
    ) -> None:
        now = datetime.now(UTC)
        people = [draft.participant_id for draft in drafts]
        errors = await note_answers(session, list(zip(people, deliveries, strict=True)), now)
        await settle(
            session,
            self._run.id,
            [
                Settlement(draft.seq, self._outcome(answer), _reason(answer), error)
                for draft, answer, error in zip(drafts, deliveries, errors, strict=True)
            ],
        )
        settled = await settle_messages(
            session,
            [draft.message_id for draft in drafts],
            [self._status(answer).value for answer in deliveries],
            errors,
            [answer.provider_id for answer in deliveries],
            now,
        )
        await emit_settled_messages(
            session,
            self._run.program_id,
            [
                SettledMessage(
                    id=draft.message_id,
                    channel=self._action.channel,
                    participant_id=draft.participant_id,
                    status=self._status(answer),
                    problem=answer.problem,
                )
                for draft, answer in zip(drafts, deliveries, strict=True)
                if draft.message_id in settled
            ],
        )

    def _outcome(self, answer: Delivery) -> Outcome:
        return Outcome.PENDING if is_sent_again(self._channel, answer) else OUTCOME_OF[answer.status]

    def _status(self, answer: Delivery) -> MessageStatus:
        again = is_sent_again(self._channel, answer)
        return MessageStatus.NOT_TRIED if again else STATUS_OF[answer.status]


def _without(
    seqs: Collection[int], drafts: Sequence[Draft], messages: Sequence[Outgoing]
) -> tuple[list[Draft], list[Outgoing]]:
    kept = [pair for pair in zip(drafts, messages, strict=True) if pair[0].seq not in seqs]
    return [draft for draft, _ in kept], [message for _, message in kept]


def _reason(answer: Delivery) -> str | None:
    """Why a row has failed, in a word: its error is the provider's text."""
    return answer.problem if answer.status is DeliveryStatus.FAILED else None
