"""The pace of a channel, for all workers together."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.actions import Channel
from store.channel_pace import NOTHING, Grant, give_back, held_for, hold, take
from store.database import Database

# So slow that nothing comes in while a test runs.
CRAWL = 0.001


@pytest.fixture(autouse=True)
async def no_pace(database: Database) -> AsyncIterator[None]:
    await passed(database, "DELETE FROM channel_pace")
    yield
    await passed(database, "DELETE FROM channel_pace")


async def passed(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))


async def taken(database: Database, rate: float, wanted: int, channel: Channel = Channel.SMS) -> Grant:
    async with database.transaction() as session:
        return await take(session, channel, rate, wanted)


async def test_a_second_of_the_rate_is_there_at_once_and_then_no_more(database: Database) -> None:
    assert (await taken(database, 40.0, 30)).messages == 30
    assert (await taken(database, 40.0, 64)).messages >= 10
    slow = await taken(database, CRAWL, 64, Channel.EMAIL)
    assert slow == Grant(1)
    left = await taken(database, CRAWL, 64, Channel.EMAIL)
    assert left.messages == 0
    assert timedelta(seconds=990) < left.wait <= timedelta(seconds=1_000)


async def test_what_many_workers_take_at_once_is_no_more_than_what_one_could(database: Database) -> None:
    await taken(database, 5.0, 0)
    await passed(database, "UPDATE channel_pace SET tokens = 100, refilled_at = now() + interval '1 hour'")
    grants = await asyncio.gather(*(taken(database, 100.0, 7) for _ in range(30)))
    assert sum(grant.messages for grant in grants) == 100
    assert [grant.messages for grant in grants].count(0) == 30 - 15


async def test_time_brings_tokens_back_up_to_a_seconds_worth(database: Database) -> None:
    assert (await taken(database, CRAWL, 1)).messages == 1
    await passed(database, "UPDATE channel_pace SET refilled_at = refilled_at - interval '2 hours'")
    assert (await taken(database, CRAWL, 64)).messages == 1
    await passed(
        database, "UPDATE channel_pace SET tokens = 0, refilled_at = refilled_at - interval '2 hours'"
    )
    assert (await taken(database, 20.0, 64)).messages == 20


async def test_what_was_not_needed_is_given_back(database: Database) -> None:
    assert (await taken(database, CRAWL, 1)).messages == 1
    async with database.transaction() as session:
        await give_back(session, Channel.SMS, CRAWL, 1)
    assert (await taken(database, CRAWL, 1)).messages == 1


async def test_a_provider_is_left_alone_as_long_as_it_wants_at_any_rate(database: Database) -> None:
    async with database.transaction() as session:
        assert await held_for(session, Channel.SMS) == NOTHING
        await hold(session, Channel.SMS, timedelta(minutes=5))
        await hold(session, Channel.SMS, timedelta(minutes=1))
        assert await held_for(session, Channel.EMAIL) == NOTHING
    async with database.transaction() as session:
        assert timedelta(minutes=4) < await held_for(session, Channel.SMS) <= timedelta(minutes=5)
    held = await taken(database, 100.0, 10)
    assert held.messages == 0
    assert timedelta(minutes=4) < held.wait <= timedelta(minutes=5)
    await passed(database, "UPDATE channel_pace SET held_until = now() - interval '1 s', tokens = 10")
    assert (await taken(database, 100.0, 10)).messages == 10
