"""Keeping an automation's clock on record: the next fire, and a receipt for whatever will not fire."""

import asyncio
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from domain.automation import AutomationStatus, TriggerType
from domain.firing import Refusal, next_fire, whole_second
from domain.missed_runs import Overdue, Unlisted, overdue
from domain.operator_pause import OperatorPause
from store.automations import definition_of, lock_automation
from store.database import Database
from store.receipts import handled_between, overdue_automations, record_skipped
from store.tables import Automation

LONG_GAP = timedelta(days=1)
ON_ITS_WAY = timedelta(minutes=1)
BEHIND_AFTER = timedelta(minutes=5)
AUTOMATIONS_AT_ONCE = 1_000


async def advance_clock(session: AsyncSession, automation: Automation, now: datetime) -> None:
    """Give up what the policy gives up, and set `next_run_at`: the first occurrence yet to be handled.

    That one may be past: then it is late, and still to be made up. Does nothing but for a cron.
    """
    if automation.trigger_type != TriggerType.CRON.value:
        return
    found = await _overdue(automation, now)
    await record_skipped(session, automation.id, _reasons(found, _why_missed(automation)))
    waiting = await _unhandled(session, automation, found.waiting)
    automation.next_run_at = waiting or next_fire(
        definition_of(automation), AutomationStatus(automation.status), False, now
    )


async def record_missed(database: Database, now: datetime) -> None:
    """Receipts for what nobody handled, of automations whose own timers are behind."""
    async with database.transaction() as session:
        behind = await overdue_automations(session, now - BEHIND_AFTER, AUTOMATIONS_AT_ONCE)
    for automation_id in behind:
        activity.heartbeat()
        async with database.transaction() as session:
            automation = await lock_automation(session, automation_id)
            if automation is not None:
                await advance_clock(session, automation, now)


async def leave_clock(session: AsyncSession, automation: Automation, now: datetime, why: Refusal) -> None:
    """Before the timing or the status changes: nothing that is due by now will fire, each for its reason."""
    if automation.trigger_type == TriggerType.CRON.value:
        found = await _overdue(automation, now)
        reasons = _reasons(found, _why_missed(automation)) | dict.fromkeys(found.waiting, why.value)
        await record_skipped(session, automation.id, reasons)
    elif why is Refusal.RETIMED and _is_on_its_way(automation, now):
        assert automation.trigger_at is not None
        await record_skipped(session, automation.id, {whole_second(automation.trigger_at): why.value})


def _is_on_its_way(automation: Automation, now: datetime) -> bool:
    """Whether a one-time tick may arrive yet; with another trigger_at it would pass for an operator's trigger."""
    at = automation.trigger_at
    return at is not None and automation.processed_at is None and at <= now + ON_ITS_WAY


def is_noted(automation: Automation, pause: OperatorPause | None) -> bool:
    """Whether the record says of the schedule what is true."""
    noted = OperatorPause(automation.schedule_pause_note) if automation.schedule_paused else None
    return noted == pause


def note_operator_pause(automation: Automation, pause: OperatorPause | None) -> None:
    """Write down whether an operator holds the automation's schedule."""
    automation.schedule_paused = pause is not None
    automation.schedule_pause_note = pause.note if pause is not None else None


async def _overdue(automation: Automation, now: datetime) -> Overdue:
    since = automation.next_run_at
    if since is None or since > now:
        return Overdue((), ())
    definition = definition_of(automation)
    if now - since > LONG_GAP:
        return await asyncio.to_thread(overdue, definition, since, now)
    return overdue(definition, since, now)


async def _unhandled(
    session: AsyncSession, automation: Automation, waiting: tuple[datetime, ...]
) -> datetime | None:
    if not waiting:
        return None
    handled = await handled_between(session, automation.id, waiting[0], waiting[-1])
    return next((at for at in waiting if at not in handled), None)


def _why_missed(automation: Automation) -> Refusal:
    return Refusal.SCHEDULE_PAUSED if automation.schedule_paused else Refusal.MISSED


def _reasons(found: Overdue, why: Refusal) -> dict[datetime, str]:
    reasons = dict.fromkeys(found.missed, why.value)
    if found.unlisted is not None:
        reasons[found.missed[0]] = f"{why.value}, {_in_words(found.unlisted)}"
    return reasons


def _in_words(unlisted: Unlisted) -> str:
    count = f"{unlisted.count:,}{' and more' if unlisted.and_more else ''}"
    return f"like {count} before it since {unlisted.since:%Y-%m-%dT%H:%M:%SZ}"
