"""Scoring programs one after the other: one that cannot be scored keeps none of the others from it."""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.database import Database
from store.rfm import note_scoring, score_program

# By PostgreSQL's classes of errors: a lost connection, no room for another, a server that shuts down or starts.
_AWAY = ("08", "53", "57P")

_log = logging.getLogger("carillon.scores")


async def score_unless_it_fails(
    database: Database, program_id: UUID, now: datetime, on_batch: Callable[[], None] = lambda: None
) -> int | None:
    """As `score_program`; None for a program that cannot be scored, which the log tells; it is due again as if it had been.

    Raises what would befall every program: the database is away.
    """
    try:
        return await score_program(database, program_id, now, on_batch)
    except Exception as error:
        if _is_away(error):
            raise
        # The driver's own message may quote a row, so only the kind and the place are logged.
        place = "".join(traceback.format_tb(error.__traceback__))
        _log.error("program %s is not scored: %s\n%s", program_id, type(error).__name__, place)
    async with database.transaction() as session:
        await note_scoring(session, program_id, now)
    return None


def _is_away(error: Exception) -> bool:
    if isinstance(error, PoolTimeout | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = error.orig.sqlstate if isinstance(error.orig, psycopg.OperationalError) else ""
    return error.connection_invalidated or state is None or state.startswith(_AWAY)
