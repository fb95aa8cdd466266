from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import Outcome, RunCounts
from store.database import Database
from store.ledger import (
    Settlement,
    claim,
    count_claimed,
    count_ledger,
    pending_rows,
    resolve_abandoned_claims,
    settle,
    settle_alike,
    settle_unfinished,
)
from store.runs import list_run_participants
from tests.store.records import add_run

PEOPLE = 8
MINE, THEIRS = uuid4(), uuid4()


@pytest.fixture
async def run_id(database: Database, program_id: UUID) -> UUID:
    return await add_run(database, program_id, people=PEOPLE)


@pytest.fixture
async def session(database: Database) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


async def outcomes(session: AsyncSession, run_id: UUID) -> list[str]:
    session.expire_all()
    return [row.outcome for row in await list_run_participants(session, run_id, None, -1, PEOPLE)]


async def row_of(session: AsyncSession, run_id: UUID, seq: int) -> tuple[str, str | None, str | None]:
    session.expire_all()
    (row,) = await list_run_participants(session, run_id, None, seq - 1, 1)
    return row.outcome, row.reason, row.error


async def pending(
    session: AsyncSession, run_id: UUID, first: int = 0, last: int = PEOPLE, limit: int = 99
) -> list[int]:
    return [row["seq"] for row in await pending_rows(session, run_id, first, last, ["email"], limit)]


async def test_a_new_ledger_is_all_pending(session: AsyncSession, run_id: UUID) -> None:
    assert await count_ledger(session, run_id, PEOPLE) == RunCounts(total=PEOPLE, pending=PEOPLE)


async def test_settling_writes_outcome_reason_and_error(session: AsyncSession, run_id: UUID) -> None:
    await settle(
        session,
        run_id,
        [
            Settlement(0, Outcome.SENT),
            Settlement(1, Outcome.SKIPPED, "no_consent"),
            Settlement(2, Outcome.FAILED, "template_error", "it's 100% wrong"),
        ],
    )
    assert await row_of(session, run_id, 0) == ("sent", None, None)
    assert await row_of(session, run_id, 1) == ("skipped", "no_consent", None)
    assert await row_of(session, run_id, 2) == ("failed", "template_error", "it's 100% wrong")
    assert await count_ledger(session, run_id, PEOPLE) == RunCounts(
        total=PEOPLE, sent=1, skipped={"no_consent": 1}, failed=1, pending=PEOPLE - 3
    )


async def test_settling_nothing_touches_nothing(session: AsyncSession, run_id: UUID) -> None:
    await settle(session, run_id, [])
    await settle_alike(session, run_id, [], Outcome.SENT)
    assert await outcomes(session, run_id) == ["pending"] * PEOPLE


async def test_only_this_runs_rows_are_settled(
    database: Database, program_id: UUID, session: AsyncSession, run_id: UUID
) -> None:
    other = await add_run(database, program_id, people=2)
    await settle_alike(session, run_id, [0, 1, 2], Outcome.SENT)
    assert await outcomes(session, run_id) == ["sent"] * 3 + ["pending"] * (PEOPLE - 3)
    assert await outcomes(session, other) == ["pending"] * 2


async def test_a_claim_that_is_given_back_is_pending_again(session: AsyncSession, run_id: UUID) -> None:
    await claim(session, run_id, [0, 1], MINE)
    await settle(session, run_id, [Settlement(0, Outcome.PENDING), Settlement(1, Outcome.SENT)])
    assert (await outcomes(session, run_id))[:3] == ["pending", "sent", "pending"]
    assert await pending(session, run_id, 0, 3) == [0, 2]


async def test_a_claim_given_back_late_does_not_undo_an_outcome(session: AsyncSession, run_id: UUID) -> None:
    await settle_alike(session, run_id, [0], Outcome.UNKNOWN)
    await settle(session, run_id, [Settlement(0, Outcome.PENDING)])
    assert (await outcomes(session, run_id))[0] == "unknown"


async def test_pending_rows_are_those_of_the_slice_without_outcome(
    session: AsyncSession, run_id: UUID
) -> None:
    await settle_alike(session, run_id, [3], Outcome.SENT)
    await claim(session, run_id, [4], MINE)
    assert await pending(session, run_id, 2, 7) == [2, 5, 6]
    assert await pending(session, run_id, 2, 7, limit=2) == [2, 5]
    assert await pending(session, run_id, 7, 7) == []


async def test_a_deleted_participant_keeps_its_row(session: AsyncSession, run_id: UUID) -> None:
    rows = await pending_rows(session, run_id, 0, 2, ["external_id"], 9)
    await session.execute(text("DELETE FROM participant WHERE id = :id"), {"id": rows[0]["participant_id"]})
    gone, there = await pending_rows(session, run_id, 0, 2, ["external_id"], 9)
    assert (gone["participant_status"], gone["external_id"]) == (None, None)
    assert there["participant_status"] == "ACTIVE"
    assert gone["participant_id"] == rows[0]["participant_id"]


async def test_two_attempts_never_hold_the_same_row(database: Database, run_id: UUID) -> None:
    async with database.transaction() as one:
        assert await pending(one, run_id, 0, 2) == [0, 1]
        with pytest.raises(OperationalError, match="lock timeout"):
            async with database.transaction() as other:
                await other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await pending(other, run_id, 0, 2)


async def test_the_claims_of_another_attempt_are_resolved_and_ones_own_are_not(
    session: AsyncSession, run_id: UUID
) -> None:
    await claim(session, run_id, [0, 1, 6], THEIRS)
    await claim(session, run_id, [2], MINE)
    assert await count_claimed(session, run_id) == 4
    resolved = await resolve_abandoned_claims(session, run_id, 0, 4, Outcome.UNKNOWN, MINE)
    assert len(set(resolved)) == 2
    expected = ["unknown", "unknown", "sending", "pending", "pending", "pending", "sending", "pending"]
    assert await outcomes(session, run_id) == expected
    assert (await row_of(session, run_id, 0))[2]
    assert await count_claimed(session, run_id) == 2


async def test_an_abandoned_claim_may_be_sent_again_where_the_policy_says_so(
    session: AsyncSession, run_id: UUID
) -> None:
    await claim(session, run_id, [0], THEIRS)
    await resolve_abandoned_claims(session, run_id, 0, PEOPLE, Outcome.PENDING, MINE)
    assert await pending(session, run_id, 0, 1) == [0]
    await settle(session, run_id, [Settlement(0, Outcome.SENT)])
    assert await row_of(session, run_id, 0) == ("sent", None, None)


async def test_closing_a_slice_leaves_outcomes_alone_and_claims_in_doubt(
    session: AsyncSession, run_id: UUID
) -> None:
    await settle_alike(session, run_id, [0], Outcome.SENT)
    await claim(session, run_id, [1, 7], THEIRS)
    await settle_unfinished(session, run_id, Outcome.FAILED, None, "it ended", first=0, last=4)
    expected = ["sent", "unknown", "failed", "failed", "pending", "pending", "pending", "sending"]
    assert await outcomes(session, run_id) == expected
    assert await row_of(session, run_id, 2) == ("failed", None, "it ended")


async def test_closing_a_run_settles_every_row(session: AsyncSession, run_id: UUID) -> None:
    await claim(session, run_id, [1], THEIRS)
    await settle_unfinished(session, run_id, Outcome.SKIPPED, "cancelled", None)
    counts = await count_ledger(session, run_id, PEOPLE)
    assert counts == RunCounts(total=PEOPLE, skipped={"cancelled": PEOPLE - 1}, unknown=1)
    assert counts.adds_up


async def test_a_claim_can_be_left_to_its_claimer(session: AsyncSession, run_id: UUID) -> None:
    await claim(session, run_id, [1], THEIRS)
    await settle_unfinished(session, run_id, Outcome.SKIPPED, "cancelled", None, leave_claimed=True)
    assert (await outcomes(session, run_id))[:3] == ["skipped", "sending", "skipped"]
