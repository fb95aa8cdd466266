"""The compiled calendars, read by the real Temporal server."""

import asyncio
from datetime import datetime
from random import Random

import pytest
from croniter import CroniterBadDateError, croniter
from temporalio.client import Client

from cli.clock.oracle import utc
from domain.schedules import DstPolicy, ScheduleError, occurrences, parse_cron, validate_timezone
from domain.schedules.clock_changes import near_clock_change
from tests.domain.schedules.generated import random_expression
from tests.domain.schedules.matching_times import matching_times

EXPRESSIONS = """
* * * * *; */15 * * * *; 7/20 * * * *; 0,30 * * * *; 5-10,50-59/3 * * * *; 50-10/5 * * * *; 0 * * * *
0 9 * * *; 0 9-17 * * *; 0 22-2 * * *; 30 */5 * * *; 0 0 * * *; 59 23 31 12 *; 15 10,14 * * *; 0 6/4 * * *
0 9 1 * *; 0 9 1,15 * *; 0 9 */10 * *; 0 9 29 2 *; 0 0 31 * *; 0 0 25-5 * *; 0 0 30 */2 *; 0 0 20-L * *
0 9 L * *; 0 9 15,L * *; 0 9 L 2 *; 0 9 L feb,apr *; 0 9 L * 5
0 9 1W * *; 0 9 15W * *; 0 9 28W * *; 0 9 29W 2 *; 0 9 31W * *; 0 9 15W 1-6 mon
0 9 * * 1-5; 0 9 * * 0; 0 9 * * 7; 0 9 * * 1-7; 0 9 * * 1/2; 0 9 * * fri-mon; 0 9 * * sat-sun; 0 9 * * 5-7/2
0 9 * * mon#1; 0 9 * * 1#2; 0 9 * * mon#2,fri#4; 0 9 * * sun#5; 0 9 * 2 tue#5; 0 9 * * mon-fri#1; 0 9 * * 7#3
0 9 * * L5; 0 9 * * L0; 0 9 * 2 L2; 0 9 * * L1,mon#1; 0 9 * * L7,wed#2
0 9 13 * 5; 0 9 1,15 * 1; 0 9 1-7 * 1; 0 9 1-31 * 1; 0 9 15 * 0-6; 0 0 31 2 1; 0 9 8-14 * 1#2; 0 0 29 2 *,1
0 9 * nov-feb *; 0 9 * jan,jun-aug *; 0 9 1 */3 *; 0 9 ? * ?; @hourly; @daily; @weekly; @monthly; @yearly
"""
START, END, MOST = utc(2027, 6, 1), utc(2032, 6, 1), 250
FEW = 30
AT_ONCE = 24
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")


async def test_the_server_matches_our_occurrences_in_utc(client: Client) -> None:
    texts = [text.strip() for line in EXPRESSIONS.strip().splitlines() for text in line.split(";")]
    assert len(texts) == len(set(texts)) > 60
    differing: list[str] = []

    async def compare(number: int, text: str) -> None:
        ours = list(occurrences(parse_cron(text), validate_timezone("UTC"), DstPolicy(), START, END, MOST))
        until = ours[-1] if len(ours) == MOST else END
        if await matching_times(client, f"cron-{number}", text, START, until) != ours:
            differing.append(text)

    await asyncio.gather(*(compare(number, text) for number, text in enumerate(texts)))
    assert differing == []


async def test_the_server_matches_croniter_for_a_thousand_expressions(client: Client) -> None:
    assert await differing_from_croniter(client, "thousand", 1_000) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_the_server_matches_croniter_for_many_thousands_of_expressions(client: Client) -> None:
    assert await differing_from_croniter(client, "thousands", 6_000) == []


async def test_the_server_matches_our_occurrences_in_zones_away_from_changes_of_the_clocks(
    client: Client,
) -> None:
    limit = asyncio.Semaphore(AT_ONCE)

    async def differs(number: int, text: str) -> str | None:
        name = ZONES[number % len(ZONES)]
        zone = validate_timezone(name)
        ours = list(occurrences(parse_cron(text), zone, DstPolicy(), START, END, MOST))
        until = ours[-1] if len(ours) == MOST else END
        async with limit:
            by_the_server = await matching_times(client, f"zone-{number}", text, START, until, name)
        both = [[at for at in fires if not near_clock_change(at, zone)] for fires in (ours, by_the_server)]
        return None if both[0] == both[1] else f"{text} in {name}"

    texts = expressions_of(Random("zones"), 200)
    found = await asyncio.gather(*(differs(number, text) for number, text in enumerate(texts)))
    assert [each for each in found if each is not None] == []


async def differing_from_croniter(client: Client, seed: str, count: int) -> list[str]:
    """Those of `count` random expressions whose schedule fires at other instants than croniter says."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def differs(number: int, text: str) -> str | None:
        by_croniter = fires_by_croniter(text)
        until = by_croniter[-1] if len(by_croniter) == FEW else END
        async with limit:
            by_the_server = await matching_times(client, f"{seed}-{number}", text, START, until)
        return None if by_the_server == by_croniter else text

    texts = expressions_of(Random(seed), count)
    found = await asyncio.gather(*(differs(number, text) for number, text in enumerate(texts)))
    return [each for each in found if each is not None]


def expressions_of(random: Random, count: int) -> list[str]:
    """Different expressions that an automation accepts."""
    found: dict[str, None] = {}
    while len(found) < count:
        text = random_expression(random)
        try:
            parse_cron(text)
        except ScheduleError:
            continue
        found[text] = None
    return list(found)


def fires_by_croniter(text: str) -> list[datetime]:
    """The first FEW after START, up to END."""
    reader = croniter(text, START)
    fires: list[datetime] = []
    while len(fires) < FEW:
        try:
            at = reader.get_next(datetime)
        except CroniterBadDateError:
            break
        if at > END:
            break
        fires.append(at)
    return fires
