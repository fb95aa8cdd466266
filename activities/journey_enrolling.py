"""Letting people into journeys who come by no event: page by page, so that a crash costs one page.

Whoever was asked about already is known by their key, so every page may be repeated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from domain.journeys.definition import ENTERED_SEGMENT, JourneyDefinition
from domain.journeys.intake import VersionListener
from domain.journeys.triggers import birthday_shift
from store.database import Database
from store.existing_candidates import Page, page_of_events, page_of_members, segments_of_trigger
from store.journey_admission import admit
from store.journey_birthdays import (
    BirthdayRound,
    birthday_rounds_due,
    note_birthday_round,
    page_of_birthdays,
)
from store.journey_listeners import version_listeners
from store.journeys import (
    existing_requested,
    get_version,
    hold_open_journey,
    journeys_enrolling_existing,
    note_existing_enrolled,
)
from store.programs import get_program
from store.tables import Journey, Program

PEOPLE_A_PAGE = 2_000
FIRST = UUID(int=0)
# So long after its time a birthday may be noticed.
BIRTHDAYS_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Open:
    """An enabled journey, held as it is until the transaction ends."""

    journey: Journey
    program: Program
    version: VersionListener
    definition: JourneyDefinition


async def attend_entries(database: Database, now: datetime) -> int:
    """Birthdays that have come round, and what enabling a journey asked for and nobody has finished. Answers how many
    people were asked about."""
    async with database.transaction() as session:
        rounds = await birthday_rounds_due(session, now, now - BIRTHDAYS_EVERY)
        requested = await journeys_enrolling_existing(session)
    asked = 0
    for round_ in rounds:
        asked += await _celebrate(database, round_, now)
    for journey_id in requested:
        asked += await enroll_existing(database, journey_id)
    return asked


async def enroll_existing(database: Database, journey_id: str) -> int:
    """Let in whom the journey's enabling asked for, as of that instant; answers how many were asked about. Nothing
    when nobody asked, or they are all in."""
    async with database.transaction() as session:
        if not await existing_requested(session, journey_id):
            return 0
    asked, at = 0, None
    while True:
        async with database.transaction() as session:
            open_ = await _open(session, journey_id)
            requested_at = None if open_ is None else open_.journey.enroll_existing_requested_at
            if open_ is None or requested_at is None:
                return asked
            page = await _existing(session, open_, at, requested_at)
            asked += len(await admit(session, open_.program, open_.version, page.candidates, requested_at))
            at = page.next
            if at is None:
                await note_existing_enrolled(session, journey_id)
                return asked
        activity.heartbeat(asked)


async def _existing(session: AsyncSession, open_: _Open, after: Any, now: datetime) -> Page:
    journey_id, pattern = open_.journey.id, open_.version.trigger
    first = open_.definition.blocks[0].delay
    if pattern is None:
        return Page((), None)
    if pattern.event == ENTERED_SEGMENT:
        segments = await segments_of_trigger(session, open_.program.id, pattern)
        return await page_of_members(session, journey_id, segments, after or FIRST, PEOPLE_A_PAGE, now)
    if first is None:
        return Page((), None)
    return await page_of_events(session, open_.program, open_.version, first, after, PEOPLE_A_PAGE, now)


async def _celebrate(database: Database, round_: BirthdayRound, now: datetime) -> int:
    asked, after = 0, FIRST
    while True:
        async with database.transaction() as session:
            open_ = await _open(session, round_.journey_id)
            shift = None if open_ is None else birthday_shift(open_.definition)
            if open_ is None or shift is None:
                return asked
            candidates, next_ = await page_of_birthdays(
                session, open_.program, round_, shift, now, after, PEOPLE_A_PAGE
            )
            asked += len(await admit(session, open_.program, open_.version, candidates, now))
            if next_ is None:
                await note_birthday_round(session, round_.journey_id, now)
                return asked
        after = next_
        activity.heartbeat(asked)


async def _open(session: AsyncSession, journey_id: str) -> _Open | None:
    journey = await hold_open_journey(session, journey_id)
    if journey is None or journey.published_hash is None:
        return None
    program = await get_program(session, journey.program_id)
    definition = await get_version(session, journey_id, journey.published_hash)
    address = (journey_id, journey.published_hash)
    version = (await version_listeners(session, [address])).get(address)
    if program is None or definition is None or version is None:
        return None
    return _Open(journey, program, version, definition)
