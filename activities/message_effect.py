"""The message effect: claim, send, settle, a few participants at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import RowMapping
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import is_transient
from activities.guards import guard_of
from activities.resources import Resources
from channels.channel import Delivery, DeliveryStatus, Outgoing
from domain.actions import SendMessage
from domain.automation import Definition
from domain.contract import CohortInput
from domain.gates import Reachability, message_gate
from domain.outcomes import Outcome
from domain.templates import TemplateError, parse_template
from runtime.settings import DeliveryPolicy
from store.ledger import Settlement, claim, pending_rows, resolve_abandoned_claims, settle
from store.messages import (
    Draft,
    message_id_of,
    note_contact,
    record_drafts,
    settle_abandoned_messages,
    settle_messages,
)
from store.participant_values import TEMPLATE_COLUMNS, template_values
from store.runs import lock_run, recount_closed_run, run_is_executing
from store.tables import AutomationRun

CHUNK = 64
HEARTBEAT_SECONDS = 3.0
SETTLE_PAUSE_SECONDS = 0.5
ADDRESS_COLUMN = {"email": "email"}

OUTCOME_OF = {
    DeliveryStatus.SENT: Outcome.SENT,
    DeliveryStatus.FAILED: Outcome.FAILED,
    DeliveryStatus.UNKNOWN: Outcome.UNKNOWN,
    DeliveryStatus.NOT_TRIED: Outcome.PENDING,
}


@dataclass(frozen=True, slots=True)
class _Chunk:
    looked_at: int
    drafts: list[Draft]
    messages: list[Outgoing]


class MessageEffect:
    """Sends one message per participant of a slice.

    A row is claimed in the database before its message leaves, and settled after. A crash in between
    leaves the claim; the next attempt resolves it by the channel's declared policy.
    """

    def __init__(
        self, resources: Resources, run: AutomationRun, definition: Definition, slice_: CohortInput
    ) -> None:
        assert isinstance(definition.action, SendMessage)
        self._action = definition.action
        self._database = resources.database
        self._channel = resources.channels[self._action.channel]
        self._policy = resources.settings.email_delivery_policy
        self._run = run
        self._definition = definition
        self._slice = slice_
        self._claim = uuid4()
        self._subject = parse_template(self._action.subject)
        self._body = parse_template(self._action.body)

    async def apply(self) -> int:
        """Answers how many rows got an outcome. Raises ApplicationError `unavailable` while the server is away."""
        await self._resolve_abandoned()
        processed = 0
        while True:
            chunk = asyncio.ensure_future(self._process_chunk())
            try:
                while not chunk.done():
                    activity.heartbeat(processed)
                    await asyncio.wait({chunk}, timeout=HEARTBEAT_SECONDS)
            except asyncio.CancelledError:
                # A send that has begun is always settled, so a cancellation leaves nothing in doubt.
                await chunk
                raise
            looked_at = chunk.result()
            if looked_at == 0:
                return processed
            processed += looked_at

    async def _resolve_abandoned(self) -> None:
        repeat = self._policy is DeliveryPolicy.AT_LEAST_ONCE
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

    async def _process_chunk(self) -> int:
        chunk = await self._claim_chunk()
        if chunk.messages:
            deliveries = await self._channel.send(chunk.messages)
            await self._settle_patiently(chunk.drafts, deliveries)
        return chunk.looked_at

    async def _claim_chunk(self) -> _Chunk:
        now = datetime.now(UTC)
        async with self._database.transaction() as session:
            if not await run_is_executing(session, self._run.id):
                return _Chunk(0, [], [])
            guard = await guard_of(session, self._run, self._definition, now)
            columns = sorted({*guard.columns, *TEMPLATE_COLUMNS, "consent"})
            rows = await pending_rows(
                session, self._run.id, self._slice.first, self._slice.last, columns, CHUNK
            )
            passed, settlements = await guard.divide(rows)
            drafts, messages, refused = await asyncio.to_thread(self._compose, passed)
            await settle(session, self._run.id, [*settlements, *refused])
            if drafts:
                await claim(session, self._run.id, [draft.seq for draft in drafts], self._claim)
                await record_drafts(session, self._run, self._action.channel, drafts, now)
            return _Chunk(len(rows), drafts, messages)

    def _compose(self, rows: Sequence[RowMapping]) -> tuple[list[Draft], list[Outgoing], list[Settlement]]:
        drafts: list[Draft] = []
        messages: list[Outgoing] = []
        refused: list[Settlement] = []
        channel = self._action.channel
        for row in rows:
            address = row[ADDRESS_COLUMN[channel]]
            reason = message_gate(channel, Reachability(row["consent"].get(channel.value), address))
            if reason is not None:
                refused.append(Settlement(row["seq"], Outcome.SKIPPED, reason.value))
                continue
            values = {"participant": template_values(row), "payload": self._definition.payload}
            try:
                subject, body = self._subject.render(values), self._body.render(values)
            except TemplateError as error:
                refused.append(Settlement(row["seq"], Outcome.FAILED, "template_error", str(error)))
                continue
            message_id = message_id_of(self._run.id, row["participant_id"])
            drafts.append(Draft(message_id, row["seq"], row["participant_id"], address, subject))
            messages.append(Outgoing(message_id, address, subject, body))
        return drafts, messages, refused

    async def _settle_patiently(self, drafts: Sequence[Draft], deliveries: Sequence[Delivery]) -> None:
        """What is known of a send is not forgotten because the database is away for a while."""
        while True:
            try:
                return await self._settle(drafts, deliveries)
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(SETTLE_PAUSE_SECONDS)

    async def _settle(self, drafts: Sequence[Draft], deliveries: Sequence[Delivery]) -> None:
        """Record what the provider answered, even when the run was ended meanwhile: its counts follow."""
        async with self._database.transaction() as session:
            in_time = await run_is_executing(session, self._run.id)
            if in_time:
                await self._write_outcomes(session, drafts, deliveries)
        if not in_time:
            async with self._database.transaction() as session:
                run = await lock_run(session, self._run.id)
                await self._write_outcomes(session, drafts, deliveries)
                await recount_closed_run(session, run)
            return
        if any(delivery.status is DeliveryStatus.NOT_TRIED for delivery in deliveries):
            raise ApplicationError("the mail server cannot be reached", type="unavailable")

    async def _write_outcomes(
        self, session: AsyncSession, drafts: Sequence[Draft], deliveries: Sequence[Delivery]
    ) -> None:
        now = datetime.now(UTC)
        await settle(
            session,
            self._run.id,
            [
                Settlement(draft.seq, OUTCOME_OF[delivery.status], None, delivery.error)
                for draft, delivery in zip(drafts, deliveries, strict=True)
            ],
        )
        await settle_messages(
            session,
            [draft.message_id for draft in drafts],
            [delivery.status.value for delivery in deliveries],
            [delivery.error for delivery in deliveries],
            now,
        )
        reached = [
            draft.participant_id
            for draft, delivery in zip(drafts, deliveries, strict=True)
            if delivery.status is DeliveryStatus.SENT
        ]
        await note_contact(session, reached, now)
