"""Indexes that would serve the filters that a program uses: proposed from the conditions, made on request."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus
from domain.expressions import Condition, ExpressionError, compile_condition
from domain.expressions.ast import Call, Const, Expr, Ident, Select, walk
from store.expression_sql.variables import MAP_COLUMNS, column_of
from store.tables import Automation

_COMPARISONS = frozenset({"_==_", "_<_", "_<=_", "_>_", "_>=_", "@in"})
_NAME = re.compile(rf"participant_({'|'.join(sorted(MAP_COLUMNS))})_[0-9a-f]{{16}}")


@dataclass(frozen=True, slots=True)
class ProposedIndex:
    """An index of one key of a participant's map. `filters`: how many filters in use it would serve."""

    column: str
    key: str
    filters: int
    exists: bool

    @property
    def name(self) -> str:
        """The same for the same column and key, whatever characters the key has."""
        return index_name(self.column, self.key)


def index_name(column: str, key: str) -> str:
    return f"participant_{column}_{sha256(key.encode()).hexdigest()[:16]}"


def is_index_of_a_key(name: str) -> bool:
    """Whether it may be one that was proposed: those are of an installation, and not of the schema."""
    return _NAME.fullmatch(name) is not None


async def propose_indexes(session: AsyncSession, program_id: UUID) -> list[ProposedIndex]:
    """An index for each key that filters of active automations compare, the one that serves most first."""
    filters = await session.exec(
        select(Automation.participant_filter).where(
            col(Automation.program_id) == program_id,
            col(Automation.status) == AutomationStatus.ACTIVE.value,
            col(Automation.participant_filter).is_not(None),
        )
    )
    served: Counter[tuple[str, str]] = Counter()
    for condition in map(_compiled, filters.all()):
        if condition is not None:
            served.update(set(_compared_keys(condition.ast)))
    existing = await session.execute(text("SELECT indexname FROM pg_indexes WHERE tablename = 'participant'"))
    names = set(existing.scalars())
    proposals = [
        ProposedIndex(column, key, filters, index_name(column, key) in names)
        for (column, key), filters in served.items()
    ]
    return sorted(proposals, key=lambda proposal: (-proposal.filters, proposal.column, proposal.key))


async def create_index(engine: AsyncEngine, column: str, key: str) -> str:
    """Make a proposed index while others read and write, unless there is one; answers its name.

    Raises ValueError for a column that is no map of a participant.
    """
    if column not in MAP_COLUMNS:
        raise ValueError(
            f"column: {column!r} is no map of a participant; expected one of {sorted(MAP_COLUMNS)}"
        )
    name = index_name(column, key)
    # Definitions take no parameters: the driver quotes the key.
    statement = sql.SQL(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON participant (program_id, ({} -> {}))"
    ).format(sql.Identifier(name), sql.Identifier(column), sql.Literal(key))
    async with engine.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        raw = await outside.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
        await driver.execute(statement)
    return name


def _compiled(expression: str | None) -> Condition | None:
    try:
        return compile_condition(expression or "")
    except ExpressionError:
        # Stored by a release that took it; this one will say so when it runs.
        return None


def _compared_keys(tree: Expr) -> Iterator[tuple[str, str]]:
    """Each map's column and key whose value is compared with something that is written there."""
    for node in walk(tree):
        if isinstance(node, Call) and node.function in _COMPARISONS:
            for operand in node.operands:
                key = _key_of(operand)
                if key is not None:
                    yield key


def _key_of(node: Expr) -> tuple[str, str] | None:
    match node:
        case Select(operand=Ident(name=name), field=key, test_only=False):
            pass
        case Call(function="_[_]", args=(Ident(name=name), Const(value=str(key)))):
            pass
        case _:
            return None
    column = column_of(name)
    return (column, key) if column in MAP_COLUMNS and column is not None else None
