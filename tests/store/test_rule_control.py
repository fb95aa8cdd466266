"""The pause of a program's rules in the record."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import col, func, select

from domain.rules.control import ControlState
from store.database import Database
from store.rule_control import control_of, lock_control, state_of
from store.tables import AutomationControl

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_nobody_has_paused_a_new_program(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        control = await control_of(session, program_id)
    assert control is None
    assert state_of(control) == ControlState(is_paused=False, paused_until=None)


async def test_what_is_written_is_read(database: Database, program_id: UUID) -> None:
    async with database.transaction() as session:
        control = await lock_control(session, program_id, "ana")
        control.is_paused, control.paused_until = True, NOON
    async with database.transaction() as session:
        found = await control_of(session, program_id)
    assert found is not None
    assert (state_of(found), found.updated_by) == (ControlState(True, NOON), "ana")


async def test_first_writers_at_once_make_one_record_and_none_loses_its_change(
    database: Database, program_id: UUID
) -> None:
    async def note(name: str) -> None:
        async with database.transaction() as session:
            control = await lock_control(session, program_id, name)
            control.pause_reason = f"{control.pause_reason or ''}{name}"

    await asyncio.gather(*(note(name) for name in "abcdef"))
    async with database.transaction() as session:
        found = await control_of(session, program_id)
        rows = select(func.count()).where(col(AutomationControl.program_id) == program_id)
        assert (await session.exec(rows)).one() == 1
    assert found is not None
    assert sorted(found.pause_reason or "") == list("abcdef")
