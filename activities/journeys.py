"""Walking the people of a journey: whoever is due takes their steps, some hundreds a transaction."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from temporalio import activity

from activities.failures import is_transient
from activities.heartbeats import to_its_end, with_heartbeats
from activities.journey_enrolling import enroll_existing
from activities.journey_walking import walk_people
from activities.resources import Resources
from domain.activity_contract import ActivityName, AdvanceJourney, JourneyRound
from domain.wake_up import Sleeper, WakeUp
from runtime.waking import PAUSE_OF_JOURNEYS_SECONDS, wake
from store.journey_effects import write_walks
from store.journey_moves import put_off
from store.journey_slices import (
    count_inside,
    lock_slice,
    next_wake_at,
    unattended_journeys,
)

SLICE = 500
LANES = 3
# After so long a journey makes room for others that wait for a worker; alone, it asks for more lanes.
ROUND = timedelta(seconds=30)
ROUND_ALONE = timedelta(seconds=5)
# Steady traffic is one round and not one each: it stays for what is due in a moment, and longer than those who let
# people in pause before they tell of more.
STAYS_FOR = timedelta(seconds=PAUSE_OF_JOURNEYS_SECONDS + 1)
LOOKS_EVERY = timedelta(milliseconds=250)
TRIES_AGAIN_AFTER = timedelta(minutes=5)
LEFT_TO_ITS_WORKFLOW = timedelta(seconds=20)
TOLD_A_PASS = 1_000


class _Clock:
    """The workflow's time, going on while an activity works: on a server that skips time it is not the wall's."""

    def __init__(self, now: datetime) -> None:
        self._began_at = now
        self._began = monotonic()

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=monotonic() - self._began)


class JourneyActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._settings = resources.settings

    @activity.defn(name=ActivityName.ADVANCE_JOURNEY)
    async def advance_journey(self, request: AdvanceJourney) -> JourneyRound:
        """Have everybody who is due take their steps, for some seconds. What an interruption leaves is due still: a
        slice is walked in one transaction, or not at all."""
        if request.lanes == 1:
            await with_heartbeats(enroll_existing(self._database, request.journey_id))
        clock = _Clock(request.now)
        until = request.now + (ROUND if request.lanes > 1 else ROUND_ALONE)
        stays_until = request.now
        moved = 0
        while True:
            walked = await to_its_end(self._walk_all(request.journey_id, clock, until), moved)
            moved += walked
            now = clock.now()
            stays_until = now + STAYS_FOR if walked else stays_until
            async with self._database.transaction() as session:
                due_at = await next_wake_at(session, request.journey_id)
                soon = now < stays_until or (due_at is not None and due_at < now + STAYS_FOR)
                if not soon or now >= until or activity.is_worker_shutdown():
                    inside = await count_inside(session, request.journey_id)
                    behind = due_at is not None and due_at <= now
                    return JourneyRound(next_wake_at=due_at, inside=inside, moved=moved, behind=behind)
            wait = LOOKS_EVERY if due_at is None or due_at <= now else min(LOOKS_EVERY, due_at - now)
            await asyncio.sleep(wait.total_seconds())

    async def attend(self, now: datetime) -> int:
        """Tell the workflows of journeys whose people wait for nobody; answers how many."""
        async with self._database.transaction() as session:
            journeys = await unattended_journeys(session, now - LEFT_TO_ITS_WORKFLOW, TOLD_A_PASS)
        for journey_id in journeys:
            activity.heartbeat()
            await wake(
                self._temporal, self._settings.temporal_task_queue, WakeUp(Sleeper.JOURNEY, journey_id)
            )
        return len(journeys)

    async def _walk_all(self, journey_id: str, clock: _Clock, until: datetime) -> int:
        """In lanes, so that steps are decided while the database writes others. Answers how many people moved."""
        lanes = (self._walk_lane(journey_id, clock, until) for _ in range(LANES))
        return sum(await asyncio.gather(*lanes))

    async def _walk_lane(self, journey_id: str, clock: _Clock, until: datetime) -> int:
        moved = 0
        while clock.now() < until and not activity.is_worker_shutdown():
            walked = await self._walk_slice(journey_id, clock.now())
            moved += walked
            if walked == 0:
                break
        return moved

    async def _walk_slice(self, journey_id: str, now: datetime) -> int:
        try:
            return len(await self._walk_at_most(SLICE, journey_id, now))
        except Exception as error:
            if is_transient(error):
                raise
            activity.logger.error(
                "a slice of a journey failed, each is tried alone: %s", type(error).__name__
            )
        moved = 0
        while moved < SLICE and await self._walk_alone(journey_id, now):
            moved += 1
        return moved

    async def _walk_alone(self, journey_id: str, now: datetime) -> int:
        """Whoever fails alone is at fault themselves, and tries again later."""
        seen: list[UUID] = []
        try:
            seen = await self._walk_at_most(1, journey_id, now, seen)
        except Exception as error:
            if is_transient(error):
                raise
            activity.logger.error("a step of a journey failed: %s", type(error).__name__)
            async with self._database.transaction() as session:
                await put_off(session, seen, now + TRIES_AGAIN_AFTER)
        return len(seen)

    async def _walk_at_most(
        self, limit: int, journey_id: str, now: datetime, seen: list[UUID] | None = None
    ) -> list[UUID]:
        """Answers who was walked; notes them in `seen` before anything can fail."""
        seen = [] if seen is None else seen
        async with self._database.transaction() as session:
            slice_ = await lock_slice(session, journey_id, now, limit)
            if slice_ is None or not slice_.people:
                return seen
            seen += [one.enrollment_id for one in slice_.people]
            walks = await asyncio.to_thread(walk_people, slice_, now)
            await write_walks(session, slice_, walks, now)
        return seen
