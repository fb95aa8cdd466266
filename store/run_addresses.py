"""Runs that write to each address once: whoever claims it first is written to."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.suppressions import erased_form
from store.messages import Draft
from store.tables import AutomationRun

# In one order, so that chunks which share addresses do not wait for each other in a circle.
_CLAIM = text(
    "INSERT INTO run_address (run_id, address, participant_id) SELECT :run, c.address, c.person "
    "FROM unnest(CAST(:addresses AS text[]), CAST(:people AS uuid[])) AS c(address, person) ORDER BY c.address "
    "ON CONFLICT (run_id, address) DO NOTHING"
)
_CLAIMED_BY = text(
    "SELECT address, participant_id FROM run_address WHERE run_id = :run AND address = ANY(CAST(:addresses AS text[]))"
)


async def claim_addresses(
    session: AsyncSession, run: AutomationRun, channel: Channel, drafts: Sequence[Draft]
) -> set[int]:
    """Keep the address of each draft for its participant. Answers the rows whose address somebody else in the run has.

    Whoever claims one of them at the same time waits until this transaction ends.
    """
    forms = {draft.seq: erased_form(run.program_id, channel, draft.recipient) for draft in drafts}
    first: dict[str, UUID] = {}
    for draft in sorted(drafts, key=lambda draft: draft.seq):
        first.setdefault(forms[draft.seq], draft.participant_id)
    await session.execute(_CLAIM, {"run": run.id, "addresses": list(first), "people": list(first.values())})
    # By another statement: of one, what others have committed meanwhile is not to be seen.
    found = await session.execute(_CLAIMED_BY, {"run": run.id, "addresses": list(first)})
    owners: dict[str, UUID] = {row.address: row.participant_id for row in found}
    return {draft.seq for draft in drafts if owners[forms[draft.seq]] != draft.participant_id}


async def forget_addresses(session: AsyncSession, run_id: UUID) -> None:
    """The run has ended: nobody else comes to be written to."""
    await session.execute(text("DELETE FROM run_address WHERE run_id = :run"), {"run": run_id})
