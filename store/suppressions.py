"""Addresses that nothing is sent to: kept, asked for by gates, and hashed when their owner is erased."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.suppressions import SuppressionReason, erased_form, suppressed_form
from store.paging import Page, PageRequest, page_newest_first
from store.tables import Suppression

_ADD = text(
    "INSERT INTO suppression (id, program_id, channel, address, reason, source, created_at) "
    "VALUES (:id, :program, :channel, :address, :reason, :source, :now) "
    "ON CONFLICT (program_id, channel, address) DO NOTHING"
)
# One array: a list of as many parameters as there are addresses takes longer to write than to answer.
_AMONG = text(
    "SELECT address, reason FROM suppression WHERE program_id = :program AND channel = :channel "
    "AND address = ANY(CAST(:forms AS text[]))"
)
_HASH = text(
    "UPDATE suppression s SET address = h.hashed FROM unnest(CAST(:channels AS text[]), CAST(:addresses AS text[]), "
    "CAST(:hashes AS text[])) AS h(channel, address, hashed) "
    "WHERE s.program_id = :program AND s.channel = h.channel AND s.address = h.address AND NOT EXISTS ("
    "SELECT FROM suppression other WHERE other.program_id = s.program_id AND other.channel = s.channel "
    "AND other.address = h.hashed)"
)


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """`address`: in any spelling, and only together with `channel`."""

    channel: Channel | None = None
    reason: SuppressionReason | None = None
    address: str | None = None


async def suppress(
    session: AsyncSession,
    program_id: UUID,
    channel: Channel,
    address: str,
    reason: SuppressionReason,
    source: str,
) -> Suppression:
    """Send nothing to the address from now on. The first reason stays, whatever others follow."""
    form = suppressed_form(channel, address)
    await session.execute(
        _ADD,
        {
            "id": uuid4(),
            "program": program_id,
            "channel": channel.value,
            "address": form,
            "reason": reason.value,
            "source": source,
            "now": datetime.now(UTC),
        },
    )
    statement = select(Suppression).where(
        col(Suppression.program_id) == program_id,
        col(Suppression.channel) == channel.value,
        col(Suppression.address) == form,
    )
    return (await session.exec(statement)).one()


async def suppressed_among(
    session: AsyncSession, program_id: UUID, channel: Channel, addresses: Collection[str]
) -> dict[str, SuppressionReason]:
    """Those of the addresses, as they were given, that nothing is sent to, and why."""
    forms: dict[str, list[str]] = {}
    for address in set(addresses):
        for form in (suppressed_form(channel, address), erased_form(program_id, channel, address)):
            forms.setdefault(form, []).append(address)
    if not forms:
        return {}
    given = {"program": program_id, "channel": channel.value, "forms": list(forms)}
    found = await session.execute(_AMONG, given)
    return {address: SuppressionReason(reason) for form, reason in found for address in forms[form]}


async def get_suppression(
    session: AsyncSession, program_id: UUID, suppression_id: UUID
) -> Suppression | None:
    found = await session.get(Suppression, suppression_id)
    return found if found and found.program_id == program_id else None


async def list_suppressions(
    session: AsyncSession, program_id: UUID, wanted: SuppressionFilter, request: PageRequest
) -> Page[Suppression]:
    """Newest first."""
    statement = select(Suppression).where(col(Suppression.program_id) == program_id)
    if wanted.channel is not None:
        statement = statement.where(col(Suppression.channel) == wanted.channel.value)
        if wanted.address is not None:
            forms = _forms(program_id, wanted.channel, wanted.address)
            statement = statement.where(col(Suppression.address).in_(forms))
    if wanted.reason is not None:
        statement = statement.where(col(Suppression.reason) == wanted.reason.value)
    return await page_newest_first(session, statement, Suppression.created_at, Suppression.id, request)


async def lift_suppression(session: AsyncSession, program_id: UUID, suppression_id: UUID) -> bool:
    """Answers whether there was one."""
    statement = delete(Suppression).where(
        col(Suppression.program_id) == program_id, col(Suppression.id) == suppression_id
    )
    return (await session.exec(statement)).rowcount > 0


async def lift_unsubscription(
    session: AsyncSession, program_id: UUID, channel: Channel, address: str
) -> None:
    """The person has asked for messages again. What bounced or was complained of stays suppressed."""
    await session.exec(
        delete(Suppression).where(
            col(Suppression.program_id) == program_id,
            col(Suppression.channel) == channel.value,
            col(Suppression.address).in_(_forms(program_id, channel, address)),
            col(Suppression.reason) == SuppressionReason.UNSUBSCRIBE.value,
        )
    )


async def hash_suppressions(
    session: AsyncSession, program_id: UUID, addresses: Iterable[tuple[Channel, str]]
) -> None:
    """Keep the suppressions of somebody who is erased, without their addresses in them."""
    hashes = {
        (channel, suppressed_form(channel, address)): erased_form(program_id, channel, address)
        for channel, address in addresses
    }
    if not hashes:
        return
    given = {
        "program": program_id,
        "channels": [channel.value for channel, _ in hashes],
        "addresses": [address for _, address in hashes],
    }
    await session.execute(_HASH, given | {"hashes": list(hashes.values())})
    # Where the hash was there already: the same person was erased before.
    await session.execute(
        text(
            "DELETE FROM suppression s USING unnest(CAST(:channels AS text[]), CAST(:addresses AS text[])) "
            "AS h(channel, address) WHERE s.program_id = :program AND s.channel = h.channel AND s.address = h.address"
        ),
        given,
    )


def _forms(program_id: UUID, channel: Channel, address: str) -> tuple[str, str]:
    return suppressed_form(channel, address), erased_form(program_id, channel, address)
