"""Writing down what rules made of events: a row each, the hourly tallies, and when rules last acted."""

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.processing import EventFacts, ProcessedEvent, RuleOutcome
from domain.rules.rule import Rule

_COPY = """
COPY rule_run (
    program_id, event_id, rule_id, rule_name, event_type, event_source, conversation_id, contact_id,
    channel_source, matched, executed, stopped_by, result, created_at
) FROM STDIN
"""
_TALLY = text(
    """
    INSERT INTO rule_run_tally AS tally (rule_id, hour, program_id, total, matched, executed, held)
    SELECT rule_id, date_trunc('hour', CAST(:now AS timestamptz), 'UTC'), program_id, total, matched, executed, held
    FROM unnest(
        CAST(:rules AS uuid[]), CAST(:programs AS uuid[]), CAST(:total AS integer[]), CAST(:matched AS integer[]),
        CAST(:executed AS integer[]), CAST(:held AS integer[])
    ) AS counted(rule_id, program_id, total, matched, executed, held)
    ORDER BY rule_id
    ON CONFLICT (rule_id, hour) DO UPDATE SET
        total = tally.total + excluded.total, matched = tally.matched + excluded.matched,
        executed = tally.executed + excluded.executed, held = tally.held + excluded.held
    """
)
_COOLDOWNS = text(
    """
    INSERT INTO rule_cooldown (rule_id, subject_id, executed_at)
    SELECT rule_id, subject_id, :now
    FROM unnest(CAST(:rules AS uuid[]), CAST(:subjects AS uuid[])) AS acted(rule_id, subject_id)
    ORDER BY rule_id, subject_id
    ON CONFLICT (rule_id, subject_id) DO UPDATE SET executed_at = excluded.executed_at
    """
)


@dataclass(slots=True)
class _Tally:
    rule: Rule
    total: int = 0
    matched: int = 0
    executed: int = 0
    held: int = 0


async def executed_at(
    session: AsyncSession, rules: Collection[UUID], subjects: Collection[UUID]
) -> dict[tuple[UUID, UUID], datetime]:
    """When each of these rules last acted for each of these subjects, by (rule, subject)."""
    if not rules:
        return {}
    found = await session.execute(
        text(
            "SELECT rule_id, subject_id, executed_at FROM rule_cooldown "
            "WHERE rule_id = ANY(CAST(:rules AS uuid[])) AND subject_id = ANY(CAST(:subjects AS uuid[]))"
        ),
        {"rules": list(rules), "subjects": list(subjects)},
    )
    return {(rule_id, subject_id): at for rule_id, subject_id, at in found}


async def record_outcomes(session: AsyncSession, processed: Sequence[ProcessedEvent], now: datetime) -> None:
    """One run per event and rule that was asked."""
    asked = [(one, outcome) for one in processed for outcome in one.outcomes]
    if not asked:
        return
    driver = (await (await session.connection()).get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    lines = await asyncio.to_thread(_lines, processed, now)
    async with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        await copy.write(lines)
    await session.execute(_TALLY, {"now": now, **_counted(asked)})
    acted = {
        (outcome.rule.id, one.event.subject_id)
        for one, outcome in asked
        if outcome.executed and outcome.rule.cooldown
    }
    if acted:
        rules, subjects = zip(*sorted(acted), strict=True)
        await session.execute(_COOLDOWNS, {"now": now, "rules": list(rules), "subjects": list(subjects)})


def _lines(processed: Sequence[ProcessedEvent], now: datetime) -> bytes:
    """The rows as COPY reads them: written by hand, as most of a busy pump's time would go into formatting them."""
    created_at = now.isoformat()
    named: dict[int, str] = {}
    lines: list[str] = []
    for one in processed:
        of_event, about_event = _of(one.event), _about(one.event)
        for outcome in one.outcomes:
            rule = named.get(id(outcome.rule)) or named.setdefault(
                id(outcome.rule), f"{outcome.rule.id}\t{_escaped(outcome.rule.name)}"
            )
            lines.append(f"{of_event}\t{rule}\t{about_event}\t{_outcome(outcome)}\t{created_at}\n")
    return "".join(lines).encode()


def _of(event: EventFacts) -> str:
    return f"{event.program_id}\t{event.id}"


def _about(event: EventFacts) -> str:
    about = (event.type, event.source, event.conversation_id, event.participant_id, event.channel_source)
    return "\t".join("\\N" if value is None else _escaped(str(value)) for value in about)


def _outcome(outcome: RuleOutcome) -> str:
    stopped_by = "\\N" if outcome.stopped_by is None else outcome.stopped_by.value
    result = "{}" if not outcome.result else _escaped(json.dumps(outcome.result, ensure_ascii=False))
    return f"{_truth(outcome.matched)}\t{_truth(outcome.executed)}\t{stopped_by}\t{result}"


def _truth(value: bool) -> str:
    return "t" if value else "f"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)


def _counted(asked: Sequence[tuple[ProcessedEvent, RuleOutcome]]) -> dict[str, list[Any]]:
    tallies: dict[int, _Tally] = {}
    for _, outcome in asked:
        # By identity: hashing an id of every one of thousands of outcomes would take longer than counting them.
        tally = tallies.get(id(outcome.rule)) or tallies.setdefault(id(outcome.rule), _Tally(outcome.rule))
        tally.total += 1
        tally.matched += outcome.matched
        tally.executed += outcome.executed
        tally.held += outcome.held
    return {
        "rules": [tally.rule.id for tally in tallies.values()],
        "programs": [tally.rule.program_id for tally in tallies.values()],
        **{
            name: [getattr(tally, name) for tally in tallies.values()]
            for name in ("total", "matched", "executed", "held")
        },
    }
