"""The outcome ledger of runs: who was enrolled, and what became of each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.outcomes import UNSETTLED, Outcome, RunCounts, count_outcomes
from store.participant_values import column_sql
from store.tables import RunParticipant


@dataclass(frozen=True, slots=True)
class Settlement:
    """The final outcome of one ledger row."""

    seq: int
    outcome: Outcome
    reason: str | None = None
    error: str | None = None


async def count_ledger(session: AsyncSession, run_id: UUID, total: int) -> RunCounts:
    return (await count_ledgers(session, {run_id: total}))[run_id]


async def count_ledgers(session: AsyncSession, totals: Mapping[UUID, int]) -> dict[UUID, RunCounts]:
    """The counts of several runs, in one statement; `totals` says how many each enrolled."""
    if not totals:
        return {}
    groups: dict[UUID, list[tuple[str, str | None, int]]] = {run_id: [] for run_id in totals}
    rows = await session.execute(
        text(
            "SELECT run_id, outcome, reason, count(*) FROM run_participant "
            "WHERE run_id = ANY(CAST(:runs AS uuid[])) GROUP BY run_id, outcome, reason"
        ),
        {"runs": list(totals)},
    )
    for run_id, *group in rows:
        groups[run_id].append(tuple(group))
    return {run_id: count_outcomes(totals[run_id], found) for run_id, found in groups.items()}


async def ledger_row(session: AsyncSession, run_id: UUID, participant_id: UUID) -> RunParticipant | None:
    """None for somebody whom the run did not enroll."""
    statement = select(RunParticipant).where(
        col(RunParticipant.run_id) == run_id, col(RunParticipant.participant_id) == participant_id
    )
    return (await session.exec(statement)).first()


def _rows_with(columns: Sequence[str]) -> str:
    """A run's rows, each with its participant's status and `columns`: null for those who were erased."""
    selected = "".join(f", {column_sql(column)} AS {column}" for column in columns)
    return (
        f"SELECT rp.seq, rp.participant_id, p.status AS participant_status{selected} "  # noqa: S608
        "FROM run_participant rp LEFT JOIN participant p ON p.id = rp.participant_id WHERE rp.run_id = :run"
    )


async def pending_rows(
    session: AsyncSession, run_id: UUID, first: int, last: int, columns: Sequence[str], limit: int
) -> list[RowMapping]:
    """Lock up to `limit` rows of a slice that have no outcome, with the participants' `columns`."""
    rows = await session.execute(
        text(
            f"{_rows_with(columns)} AND rp.seq >= :first AND rp.seq < :last AND rp.outcome = 'pending' "
            "ORDER BY rp.seq LIMIT :limit FOR UPDATE OF rp"
        ),
        {"run": run_id, "first": first, "last": last, "limit": limit},
    )
    return list(rows.mappings())


async def rows_numbered(
    session: AsyncSession, run_id: UUID, seqs: Sequence[int], columns: Sequence[str]
) -> list[RowMapping]:
    """Rows as `pending_rows` answers them, whatever their outcome, and not locked."""
    rows = await session.execute(
        text(f"{_rows_with(columns)} AND rp.seq = ANY(CAST(:seqs AS bigint[]))"),
        {"run": run_id, "seqs": list(seqs)},
    )
    return list(rows.mappings())


async def settle(session: AsyncSession, run_id: UUID, settlements: Sequence[Settlement]) -> None:
    """Write final outcomes of rows that this transaction holds or this attempt claimed.

    `pending` gives a claim back; it leaves a row alone that was given an outcome meanwhile. So does every outcome
    where it was told meanwhile that the message has arrived.
    """
    if not settlements:
        return
    await session.execute(
        text(
            "UPDATE run_participant rp SET outcome = s.outcome, reason = s.reason, error = s.error, updated_at = now() "
            "FROM unnest(CAST(:seqs AS bigint[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]), "
            "CAST(:errors AS text[])) AS s(seq, outcome, reason, error) "
            "WHERE rp.run_id = :run AND rp.seq = s.seq AND rp.outcome <> 'sent' "
            "AND (s.outcome <> 'pending' OR rp.outcome = 'sending')"
        ),
        {
            "run": run_id,
            "seqs": [settlement.seq for settlement in settlements],
            "outcomes": [settlement.outcome.value for settlement in settlements],
            "reasons": [settlement.reason for settlement in settlements],
            "errors": [settlement.error for settlement in settlements],
        },
    )


async def settle_alike(session: AsyncSession, run_id: UUID, seqs: Sequence[int], outcome: Outcome) -> None:
    """The same outcome for many rows, without a reason: the common case, kept cheap."""
    if seqs:
        await session.execute(
            text(
                "UPDATE run_participant SET outcome = :outcome, updated_at = now() "
                "WHERE run_id = :run AND seq = ANY(CAST(:seqs AS bigint[]))"
            ),
            {"run": run_id, "seqs": list(seqs), "outcome": outcome.value},
        )


async def claim(session: AsyncSession, run_id: UUID, seqs: Sequence[int], claim_id: UUID) -> None:
    """Mark rows as being sent by this attempt; from here on a crash leaves them in doubt."""
    await session.execute(
        text(
            "UPDATE run_participant SET outcome = 'sending', claim = :claim, updated_at = now() "
            "WHERE run_id = :run AND seq = ANY(CAST(:seqs AS bigint[]))"
        ),
        {"run": run_id, "seqs": list(seqs), "claim": claim_id},
    )


async def abandoned_rows(
    session: AsyncSession, run_id: UUID, first: int, last: int, claim_id: UUID, columns: Sequence[str]
) -> list[RowMapping]:
    """Rows of a slice that other attempts claimed and did not settle, with the participants' `columns`."""
    rows = await session.execute(
        text(
            f"{_rows_with(columns)} AND rp.seq >= :first AND rp.seq < :last AND rp.outcome = 'sending' "
            "AND rp.claim IS DISTINCT FROM :claim AND p.id IS NOT NULL ORDER BY rp.seq"
        ),
        {"run": run_id, "first": first, "last": last, "claim": claim_id},
    )
    return list(rows.mappings())


async def resolve_abandoned_claims(
    session: AsyncSession, run_id: UUID, first: int, last: int, outcome: Outcome, claim_id: UUID
) -> list[UUID]:
    """Move rows that another attempt left in `sending` to `outcome`; answers whose they are."""
    rows = await session.execute(
        text(
            "UPDATE run_participant SET outcome = :outcome, updated_at = now(), error = :error "
            "WHERE run_id = :run AND seq >= :first AND seq < :last AND outcome = 'sending' "
            "AND claim IS DISTINCT FROM :claim RETURNING participant_id"
        ),
        {
            "run": run_id,
            "first": first,
            "last": last,
            "outcome": outcome.value,
            "error": UNSETTLED,
            "claim": claim_id,
        },
    )
    return [row[0] for row in rows]


async def settle_unfinished(
    session: AsyncSession,
    run_id: UUID,
    outcome: Outcome,
    reason: str | None,
    error: str | None,
    **bounds: Any,
) -> None:
    """Give every row without an outcome `outcome`; a claimed row becomes `unknown`, as nobody can tell.

    `first` and `last` restrict it to a slice; `leave_claimed=True` leaves claimed rows to their claimer.
    """
    where = "run_id = :run"
    parameters: dict[str, Any] = {"run": run_id, "outcome": outcome.value, "reason": reason, "error": error}
    if "first" in bounds:
        where += " AND seq >= :first AND seq < :last"
        parameters |= {"first": bounds["first"], "last": bounds["last"]}
    await session.execute(
        text(
            "UPDATE run_participant SET outcome = :outcome, reason = :reason, error = :error, updated_at = now() "  # noqa: S608
            f"WHERE {where} AND outcome = 'pending'"
        ),
        parameters,
    )
    if bounds.get("leave_claimed"):
        return
    await session.execute(
        text(
            "UPDATE run_participant SET outcome = 'unknown', error = :error, updated_at = now() "  # noqa: S608
            f"WHERE {where} AND outcome = 'sending'"
        ),
        parameters,
    )


async def count_claimed(session: AsyncSession, run_id: UUID) -> int:
    """How many of a run's messages are being sent now, by the run or from the queue."""
    found = await session.execute(
        text(
            "SELECT (SELECT count(*) FROM run_participant WHERE run_id = :run AND outcome = 'sending') + "
            "(SELECT count(*) FROM message WHERE run_id = :run AND status = 'sending' AND claim IS NOT NULL)"
        ),
        {"run": run_id},
    )
    return int(found.scalar_one())
