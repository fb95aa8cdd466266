"""Rules and what they did by the hour, for the tests of statistics and alerts."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import col, select

from domain.rules.stat_windows import hour_of
from store.database import Database
from store.tables import AutomationRule, RuleAlert, RuleRunTally


async def add_rule(database: Database, program_id: UUID, **fields: Any) -> AutomationRule:
    """A rule that has been there for long."""
    said = {
        "name": f"rule {uuid4()}",
        "trigger_type": "purchase",
        "created_by": "a test",
        "updated_by": "a test",
    }
    long_ago = {"created_at": datetime.fromisoformat("2020-01-01T00:00Z")}
    long_ago["updated_at"] = long_ago["created_at"]
    rule = AutomationRule(program_id=program_id, **(said | long_ago | fields))
    async with database.transaction() as session:
        session.add(rule)
    return rule


async def did(database: Database, rule: AutomationRule, at: datetime, **counts: int) -> None:
    """What the rule did in the hour of `at`, in place of what it did there before."""
    tally = RuleRunTally(rule_id=rule.id, hour=hour_of(at), program_id=rule.program_id, **counts)
    async with database.transaction() as session:
        await session.merge(tally)


async def failed(database: Database, rule: AutomationRule, at: datetime, runs: int, out_of: int) -> None:
    await did(database, rule, at, total=out_of, matched=out_of, executed=out_of - runs)


async def matched_daily(
    database: Database, rule: AutomationRule, at: datetime, days: range, matched: int = 10
) -> None:
    """Matches so many days before `at`."""
    for day in days:
        await failed(database, rule, at - timedelta(days=day), 0, matched)


async def alerts_of(database: Database, rule: AutomationRule) -> list[RuleAlert]:
    """The oldest first."""
    statement = select(RuleAlert).where(col(RuleAlert.rule_id) == rule.id).order_by(col(RuleAlert.opened_at))
    async with database.transaction() as session:
        return list(await session.exec(statement))


async def reread(database: Database, rule: AutomationRule) -> AutomationRule:
    async with database.transaction() as session:
        return await session.get_one(AutomationRule, rule.id)


async def change(database: Database, rule: AutomationRule, **fields: Any) -> None:
    async with database.transaction() as session:
        (await session.get_one(AutomationRule, rule.id)).sqlmodel_update(fields)
