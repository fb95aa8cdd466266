"""The pace of channels, kept in the record so that it holds for all workers together. The database's clock counts."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel

# What has come in since then, up to the capacity. Clocks are read before a row is waited for.
_HAS = (
    "LEAST(CAST(:capacity AS float8), "
    "pace.tokens + :rate * GREATEST(0, extract(epoch FROM t.at - pace.refilled_at)))"
)
_GRANTED = (
    "CASE WHEN pace.held_until > t.at THEN 0 "
    f"ELSE LEAST(CAST(:wanted AS integer), CAST(floor({_HAS}) AS integer)) END"
)
_TAKE = text(
    f"UPDATE channel_pace AS pace SET tokens = {_HAS} - {_GRANTED}, granted = {_GRANTED}, "  # noqa: S608
    "refilled_at = GREATEST(pace.refilled_at, t.at) "
    "FROM (SELECT clock_timestamp() AS at) AS t WHERE pace.channel = :channel "
    "RETURNING pace.granted, pace.tokens, pace.held_until - t.at"
)
_NEW = text(
    "INSERT INTO channel_pace (channel, tokens, granted, refilled_at) "
    "VALUES (:channel, :capacity, 0, clock_timestamp()) ON CONFLICT (channel) DO NOTHING"
)
_HOLD = text(
    "INSERT INTO channel_pace AS pace (channel, tokens, granted, refilled_at, held_until) "
    "VALUES (:channel, 0, 0, clock_timestamp(), clock_timestamp() + CAST(:pause AS interval)) "
    "ON CONFLICT (channel) DO UPDATE SET held_until = GREATEST(pace.held_until, excluded.held_until)"
)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Grant:
    """So many messages may be handed over now. When it is none, `wait` says when to ask again."""

    messages: int
    wait: timedelta = NOTHING


async def take(session: AsyncSession, channel: Channel, rate: float, wanted: int) -> Grant:
    """Up to `wanted` of the channel's tokens; a second's worth of them, at least one, is there at most.

    To be committed at once: others wait for the row. What a crash takes with it was not sent.
    """
    capacity = max(1.0, rate)
    given = {"channel": channel.value, "rate": rate, "capacity": capacity, "wanted": wanted}
    # A bucket that forgets its last second harms nobody, and nobody has to wait for a disk.
    await session.execute(text("SET LOCAL synchronous_commit TO off"))
    row = (await session.execute(_TAKE, given)).first()
    if row is None:
        await session.execute(_NEW, given)
        row = (await session.execute(_TAKE, given)).one()
    granted, left, held_for = row
    if held_for is not None and held_for > NOTHING:
        return Grant(0, held_for)
    if granted == 0:
        # For some at once, so that a slow channel is not asked for every single message.
        enough = max(1.0, min(wanted, capacity / 4))
        return Grant(0, timedelta(seconds=(enough - left) / rate))
    return Grant(granted)


async def give_back(session: AsyncSession, channel: Channel, rate: float, messages: int) -> None:
    """Tokens that were taken for messages that turned out not to be sent."""
    await session.execute(
        text(
            "UPDATE channel_pace SET tokens = LEAST(CAST(:capacity AS float8), tokens + :messages) "
            "WHERE channel = :channel"
        ),
        {"channel": channel.value, "capacity": max(1.0, rate), "messages": messages},
    )


async def held_for(session: AsyncSession, channel: Channel) -> timedelta:
    """How long the provider of a channel still wants to be left alone; nothing when it does not."""
    found = await session.execute(
        text(
            "SELECT held_until - clock_timestamp() FROM channel_pace "
            "WHERE channel = :channel AND held_until > clock_timestamp()"
        ),
        {"channel": channel.value},
    )
    left: timedelta | None = found.scalar_one_or_none()
    return left or NOTHING


async def hold(session: AsyncSession, channel: Channel, pause: timedelta) -> None:
    """Leave the provider of a channel alone for so long, or for longer where that was said already."""
    await session.execute(_HOLD, {"channel": channel.value, "pause": pause})
