"""The pump: takes events from the queue and has rules and journeys look at each, a batch a transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.failures import is_transient
from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from domain.activity_contract import ActivityName, PumpEvents, PumpRound
from domain.event_retries import retry_at
from domain.events import shards_of
from domain.rules.control import NOT_PAUSED
from domain.rules.processing import ProcessedEvent, process
from store.event_queue import (
    QueuedEvent,
    complete_events,
    give_up_event,
    hold_shards,
    next_events,
    put_back_event,
)
from store.event_signal import listening
from store.event_types import SeenEvent, learn_event_types
from store.journey_intake import hear, take_into_journeys
from store.rule_batches import Batch, load_batch
from store.rule_effects import carry_out
from store.rule_run_records import record_outcomes
from store.slow_rules import snooze_slow_rules
from store.webhook_announcing import FinishedEvent, announce_finished_events

BATCH = 200
IDLE_SECONDS = 1.0
ROUND = timedelta(minutes=10)
SLOW_RULE_RESTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """An event whose processing failed. `error` quotes none of its data."""

    queued: QueuedEvent
    error: str


class EventPumpActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._settings = resources.settings

    @activity.defn(name=ActivityName.PUMP_EVENTS)
    async def pump_events(self, request: PumpEvents) -> PumpRound:
        """Process what the pump's shards hold, for some minutes; what an interruption leaves is in the queue still.

        `retired`: this installation runs another number of pumps by now, so that this one has to go.
        """
        if request.pumps != self._settings.event_pumps:
            return PumpRound(retired=True)
        shards = shards_of(request.pump, request.pumps)
        until = datetime.now(UTC) + ROUND
        processed = 0
        async with listening(self._settings.database_url) as signal:
            while datetime.now(UTC) < until and not activity.is_worker_shutdown():
                activity.heartbeat(processed)
                done = await with_heartbeats(self._process_batch(shards))
                processed += done
                if done == 0:
                    await signal.wait(IDLE_SECONDS)
        return PumpRound(processed=processed)

    async def _process_batch(self, shards: Sequence[int]) -> int:
        """Answers how many events left the head of the queue."""
        try:
            return await self._process_at_most(BATCH, shards)
        except Exception as error:
            if is_transient(error):
                raise
            activity.logger.error("a batch of events failed, each is tried alone: %s", type(error).__name__)
        done = 0
        while done < BATCH and await self._process_alone(shards):
            done += 1
        return done

    async def _process_alone(self, shards: Sequence[int]) -> int:
        try:
            return await self._process_at_most(1, shards)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._fail_first(shards, type(error).__name__)

    async def _process_at_most(self, limit: int, shards: Sequence[int]) -> int:
        async with self._database.transaction() as session:
            held = await hold_shards(session, shards)
            queued = await next_events(session, held, limit)
            if queued:
                await _process(session, queued)
        return len(queued)

    async def _fail_first(self, shards: Sequence[int], error: str) -> int:
        """The event that failed alone is at fault itself."""
        async with self._database.transaction() as session:
            held = await hold_shards(session, shards)
            first = await next_events(session, held, 1)
            await _record_failures(session, [Failure(one, error) for one in first], datetime.now(UTC))
        return len(first)


async def _process(session: AsyncSession, queued: Sequence[QueuedEvent]) -> None:
    now = datetime.now(UTC)
    facts = [one.facts for one in queued]
    heard = await hear(session, facts)
    batch = await load_batch(session, facts, heard.participants, with_segments=heard.asks_for_segments)
    processed, failures = await asyncio.to_thread(_decide, queued, batch, now)
    await record_outcomes(session, processed, now)
    await carry_out(session, batch.programs, processed, batch.before, batch.scene, now)
    await take_into_journeys(session, batch.programs, heard, processed, now)
    await snooze_slow_rules(session, batch.scene.too_slow, now + SLOW_RULE_RESTS)
    done = {one.event.id for one in processed}
    finished = [one for one in queued if one.facts.id in done]
    events = [one.facts for one in finished]
    seen = [SeenEvent(event.program_id, event.type, event.source, event.data) for event in events]
    await learn_event_types(session, seen, now)
    await complete_events(session, [event.id for event in events], now)
    await announce_finished_events(session, [_told(one) for one in finished])
    await _record_failures(session, failures, now)


def _decide(
    queued: Sequence[QueuedEvent], batch: Batch, now: datetime
) -> tuple[list[ProcessedEvent], list[Failure]]:
    """Behind an event that fails, the later ones of its subject stay where they are."""
    processed: list[ProcessedEvent] = []
    failures: list[Failure] = []
    blocked: set[UUID] = set()
    for one in queued:
        event = one.facts
        if event.subject_id in blocked:
            continue
        views = batch.views(event.program_id, now)
        try:
            # Events of paused programs stay in the queue.
            processed.append(process(event, batch.rules_for(event), batch.scene, NOT_PAUSED, now, views))
        except Exception as error:
            # Its message may quote the event, so only the kind is kept.
            activity.logger.error("an event failed: %s", type(error).__name__)
            failures.append(Failure(one, type(error).__name__))
            blocked.add(event.subject_id)
    return processed, failures


async def _record_failures(session: AsyncSession, failures: Sequence[Failure], now: datetime) -> None:
    dead = []
    for failure in failures:
        event = failure.queued.facts
        again = retry_at(failure.queued.attempts + 1, now)
        if again is None:
            await give_up_event(session, event.id, failure.error, now)
            dead.append(_told(failure.queued, failed=True))
        else:
            await put_back_event(session, event.id, failure.error, again)
    await announce_finished_events(session, dead)


def _told(queued: QueuedEvent, *, failed: bool = False) -> FinishedEvent:
    event = queued.facts
    return FinishedEvent(
        event.id,
        event.program_id,
        event.subject_id,
        event.type,
        event.participant_id,
        event.conversation_id,
        queued.attempts + 1,
        failed,
    )
