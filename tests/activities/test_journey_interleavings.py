"""Random journeys, and whatever may happen meanwhile, against a simple interpreter: nobody is lost or doubled."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from activities import journeys as rounds
from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import ExitReason
from domain.journeys.normalising import blocks_by_id
from domain.journeys.publishing import PublishMode, PublishPlan
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from store.database import Database
from store.enrollments import Exit, MoveOn, exit_enrollments, move_on
from store.journey_publishing import carry_out, standing_in_other_versions
from store.journeys import (
    definition_of,
    disable_journey,
    enable_journey,
    lock_journey,
    publish_journey,
    redefine_journey,
)
from store.tables import Enrollment, Journey, Participant
from tests.activities.journey_reference import Walker
from tests.domain.journeys.journey_blocks import (
    Written,
    ab,
    delay,
    email,
    holdout,
    journey,
    random_split,
    split,
    tag,
    tagged,
    wait,
)
from tests.fixtures.journeys import advance, enabled_journey, let_in, path, sent_by
from tests.fixtures.queued_messages import add_person

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = 6
HAPPENINGS = 14


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "monotonic", lambda: 0.0)
    monkeypatch.setattr(rounds, "STAYS_FOR", timedelta(0))


class RandomBlocks:
    """Trees of blocks of every kind, their ids numbered."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0

    def sequence(self, depth: int, at_least: int = 0) -> list[Written]:
        return [self.block(depth) for _ in range(self._rng.randint(at_least, 3))]

    def block(self, depth: int) -> Written:
        self._count += 1
        id_, rng = f"b{self._count}", self._rng
        kinds = ["tag", "tag", "email", "delay", "delay", "holdout"]
        if depth > 0:
            kinds += ["split", "ab", "wait", "random"] * 2
        match rng.choice(kinds):
            case "tag":
                return tag(id_, rng.choice("xyz"))
            case "email":
                return email(id_, skip=rng.random() < 0.8)
            case "delay":
                return delay(id_, rng.randint(1, 3), rng.choice("dh"))
            case "holdout":
                return holdout(id_, rng.choice([0, 20]))
            case "split":
                return split(
                    id_, [tagged(rng.choice("xyz"))], self.sequence(depth - 1), self.sequence(depth - 1)
                )
            case "ab":
                return ab(id_, rng.randint(0, 100), self.sequence(depth - 1), self.sequence(depth - 1))
            case "wait":
                return wait(
                    id_, "came", self.sequence(depth - 1), self.sequence(depth - 1), rng.randint(1, 3)
                )
            case _:
                arms = [(rng.randint(0, 3), self.sequence(depth - 1)) for _ in range(rng.randint(2, 3))]
                return random_split(id_, (1, self.sequence(depth - 1)), *arms)


class World:
    """A journey with people inside, and the interpreter's view of each of them."""

    def __init__(self, database: Database, program_id: UUID, seed: int) -> None:
        self.database, self.program_id = database, program_id
        self.rng = random.Random(seed)
        self.blocks = RandomBlocks(self.rng)
        self.now = NOON
        self.stands_still_since: datetime | None = None
        self.policy = ResumePolicy(mode=ResumeMode.HOLD)
        self.walkers: dict[UUID, Walker] = {}
        self.journey_id = ""
        self.enabled = True

    async def begin(self) -> None:
        definition = journey(*self.blocks.sequence(2, at_least=2))
        self.journey_id = await enabled_journey(self.database, self.program_id, definition, self.now)
        await self.enter(PEOPLE)

    async def enter(self, count: int) -> None:
        mailed = [self.rng.random() < 0.7 for _ in range(count)]
        people = [
            await add_person(self.database, self.program_id, consent={"email": "subscribed"} if one else {})
            for one in mailed
        ]
        definition = await self.draft()
        passes = await let_in(self.database, self.journey_id, people, self.now)
        for person, pass_id, one in zip(people, passes, mailed, strict=True):
            self.walkers[pass_id] = Walker.of(definition, self.journey_id, person.id, one, self.now)

    async def happen(self) -> None:
        """Something, a while later."""
        self.now += timedelta(minutes=self.rng.randint(1, 2_500))
        happening = self.rng.choice(
            [self.step, self.step, self.step, self.leave, self.hear, self.edit, self.switch, self.join]
        )
        await happening()

    async def step(self) -> None:
        await advance(self.database, self.journey_id, self.now)
        if self.stands_still_since is None:
            for walker in self.walkers.values():
                walker.advance(self.now)

    async def leave(self) -> None:
        walker = self.rng.choice(list(self.walkers.values()))
        exit_ = Exit(
            journey_id=self.journey_id,
            participant_id=walker.participant_id,
            reason=ExitReason.EXIT_CONDITION,
        )
        async with self.database.transaction() as session:
            await exit_enrollments(session, [exit_], self.now)
        walker.exit()

    async def hear(self) -> None:
        """Everybody's event, for those who wait for it: as the event pump has them move on."""
        async with self.database.transaction() as session:
            rows = await session.exec(select(Enrollment).where(col(Enrollment.id).in_(list(self.walkers))))
            waiting = {
                row.id: row.entry_key
                for row in rows
                if row.waiting_since is not None
                and self.walkers[row.id].ahead[:1]
                and self.walkers[row.id].ahead[0].wait is not None
            }
            moves = [MoveOn(entry_key=key, event_id=uuid4()) for key in waiting.values()]
            await move_on(session, moves, self.now)
        for pass_id in waiting:
            self.walkers[pass_id].hear_of_event(self.now)

    async def edit(self) -> None:
        """Another version, which those inside follow or do not."""
        follows = self.rng.random() < 0.5
        old = (await self.draft()).stored()["blocks"]
        kept = [block for block in old if self.rng.random() < 0.8]
        kept.insert(self.rng.randint(0, len(kept)), self.blocks.block(1))
        definition = journey(*kept)
        plan = PublishPlan(PublishMode.FOLLOW if follows else PublishMode.PIN, {})
        async with self.database.transaction() as session:
            row = await self._locked(session)
            redefine_journey(row, definition, self.now)
            version = await publish_journey(session, row, self.now)
            standing = await standing_in_other_versions(session, self.journey_id, version)
            impacts = plan.impacts(standing, blocks_by_id(definition.blocks))
            await carry_out(session, self.journey_id, version, impacts, self.now)
        if follows:
            for walker in self.walkers.values():
                walker.follow(definition)

    async def switch(self) -> None:
        """Disabled in one way or another, or enabled again."""
        async with self.database.transaction() as session:
            row = await self._locked(session)
            if row.is_enabled:
                modes = (ResumeMode.HOLD, ResumeMode.SHIFT, ResumeMode.DROP)
                stands_still = self.rng.random() < 0.7
                self.policy = ResumePolicy(mode=self.rng.choice(modes))
                disable_journey(session, row, self.now, self.policy if stands_still else None)
                self.stands_still_since = self.now if stands_still else None
                return
            await enable_journey(session, row, self.now)
        self._resume()

    async def join(self) -> None:
        async with self.database.transaction() as session:
            if not (await self._locked(session)).is_enabled:
                return
        await self.enter(1)

    async def end(self) -> None:
        """Months later everybody is through."""
        async with self.database.transaction() as session:
            row = await self._locked(session)
            if not row.is_enabled:
                await enable_journey(session, row, self.now)
                self._resume()
        for _ in range(60):
            self.now += timedelta(days=4)
            await self.step()

    async def draft(self) -> JourneyDefinition:
        async with self.database.transaction() as session:
            return definition_of(await self._locked(session))

    async def check(self) -> None:
        """The record says of everybody just what the interpreter does."""
        async with self.database.transaction() as session:
            found = await session.exec(
                select(Enrollment).where(col(Enrollment.journey_id) == self.journey_id)
            )
            rows = {row.id: row for row in found}
        assert rows.keys() == self.walkers.keys()
        for pass_id, walker in self.walkers.items():
            row = rows[pass_id]
            assert [step[:2] for step in await path(self.database, pass_id)] == walker.path
            assert (row.status, row.wake_at) == (walker.status, walker.wake_at)
            if walker.status == "active":
                assert row.block_id == walker.stands_at
        sent = Counter(
            (one.enrollment_id, one.block_id) for one in await sent_by(self.database, self.journey_id)
        )
        assert sent == {(id_, block): n for id_, one in self.walkers.items() for block, n in one.sent.items()}
        async with self.database.transaction() as session:
            for walker in self.walkers.values():
                assert (await session.get_one(Participant, walker.participant_id)).tags == walker.tags

    def _resume(self) -> None:
        if self.stands_still_since is None:
            return
        for walker in self.walkers.values():
            if walker.wake_at is None:
                continue
            if self.policy.mode is ResumeMode.SHIFT:
                if walker.waits and not walker.event_came:
                    walker.wake_at += self.now - self.stands_still_since
            elif self.policy.mode is ResumeMode.DROP and walker.wake_at <= self.now:
                walker.exit()
        self.stands_still_since = None

    async def _locked(self, session: object) -> Journey:
        row = await lock_journey(session, self.program_id, self.journey_id)  # type: ignore[arg-type]
        assert row is not None
        return row


async def live_through(database: Database, program_id: UUID, seed: int) -> None:
    world = World(database, program_id, seed)
    await world.begin()
    for _ in range(HAPPENINGS):
        await world.happen()
        await world.check()
    await world.end()
    await world.check()
    assert {walker.status for walker in world.walkers.values()} <= {"completed", "exited", "cancelled"}


@pytest.mark.parametrize("seed", range(6))
async def test_nobody_is_lost_or_doubled_whatever_happens(
    database: Database, program_id: UUID, seed: int
) -> None:
    await live_through(database, program_id, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
async def test_nobody_is_lost_or_doubled_in_dozens_of_journeys(
    database: Database, program_id: UUID, seed: int
) -> None:
    await live_through(database, program_id, seed)
