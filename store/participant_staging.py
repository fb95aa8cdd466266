"""Write a batch of imported rows: COPY into a staging table, then one upsert."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import DeadlockDetected

from domain.participant_rows import ParticipantRow
from domain.phone_digits import dialled_unlike_written
from store.database import Database
from store.generated_events import OF_PARTICIPANTS, emit_participant_changes, listened_types
from store.state_history import SOURCE_SETTING
from store.subscription_follow import ParticipantChange
from store.subscription_watch import WRITERS_LOCK, lock_key

IMPORT_SOURCE = "import"
_ATTEMPTS = 3

_CREATE_STAGING = """
CREATE TEMPORARY TABLE participant_import (
    external_id text PRIMARY KEY,
    email text, phone text, phone_dialled text, first_name text, last_name text, display_name text,
    locale text, timezone text, status text, tags text[],
    attributes jsonb NOT NULL, counters jsonb NOT NULL, tiers jsonb NOT NULL, consent jsonb NOT NULL
) ON COMMIT DROP
"""

_COPY = """
COPY participant_import (
    external_id, email, phone, phone_dialled, first_name, last_name, display_name, locale, timezone, status, tags,
    attributes, counters, tiers, consent
) FROM STDIN
"""

# Rows are locked in the order of external_id, so two imports of the same people do not deadlock.
# `excluded` cannot tell an absent status from ACTIVE, hence the second look at the staging table.
_UPSERT = """
INSERT INTO participant AS stored (
    id, program_id, external_id, email, phone, phone_dialled, first_name, last_name, display_name,
    locale, timezone, status, tags, attributes, counters, tiers, consent
)
SELECT
    gen_random_uuid(), %(program_id)s, external_id, email, phone, phone_dialled, first_name, last_name,
    display_name, locale, timezone, COALESCE(status, 'ACTIVE'), COALESCE(tags, '{}'), attributes, counters, tiers, consent
FROM participant_import
ORDER BY external_id
ON CONFLICT (program_id, external_id) DO UPDATE SET
    email = COALESCE(excluded.email, stored.email),
    phone = COALESCE(excluded.phone, stored.phone),
    phone_dialled = CASE WHEN excluded.phone IS NULL THEN stored.phone_dialled ELSE excluded.phone_dialled END,
    first_name = COALESCE(excluded.first_name, stored.first_name),
    last_name = COALESCE(excluded.last_name, stored.last_name),
    display_name = COALESCE(excluded.display_name, stored.display_name),
    locale = COALESCE(excluded.locale, stored.locale),
    timezone = COALESCE(excluded.timezone, stored.timezone),
    status = COALESCE(
        (SELECT status FROM participant_import AS new WHERE new.external_id = excluded.external_id),
        stored.status
    ),
    tags = CASE WHEN excluded.tags = '{}' THEN stored.tags ELSE excluded.tags END,
    attributes = stored.attributes || excluded.attributes,
    counters = stored.counters || excluded.counters,
    tiers = stored.tiers || excluded.tiers,
    consent = stored.consent || excluded.consent,
    updated_at = now()
WHERE excluded.email <> COALESCE(stored.email, '')
    OR excluded.phone <> COALESCE(stored.phone, '')
    OR excluded.first_name <> COALESCE(stored.first_name, '')
    OR excluded.last_name <> COALESCE(stored.last_name, '')
    OR excluded.display_name <> COALESCE(stored.display_name, '')
    OR excluded.locale <> COALESCE(stored.locale, '')
    OR excluded.timezone <> COALESCE(stored.timezone, '')
    OR (excluded.tags <> '{}' AND excluded.tags <> stored.tags)
    OR stored.attributes || excluded.attributes <> stored.attributes
    OR stored.counters || excluded.counters <> stored.counters
    OR stored.tiers || excluded.tiers <> stored.tiers
    OR stored.consent || excluded.consent <> stored.consent
    OR EXISTS (
        SELECT FROM participant_import AS new
        WHERE new.external_id = excluded.external_id AND new.status <> stored.status
    )
"""
_WRITTEN = "RETURNING external_id, xmax = 0"
_WRITTEN_AND_TOLD = f"{_WRITTEN}, to_jsonb(old), to_jsonb(new)"

# The lock before the clock: a refresh that has not seen these rows began before this instant.
_LOCK = WRITERS_LOCK.replace(":space", "%(space)s").replace(":key", "%(key)s")
_ASK_FOR_REFRESH = """
UPDATE automation SET refresh_requested_at = clock_timestamp()
WHERE program_id = %(program_id)s AND trigger_type = 'participant_state' AND status = 'active'
"""


async def upsert_rows(
    database: Database, program_id: UUID, rows: Iterable[ParticipantRow]
) -> dict[str, bool]:
    """Write the rows, each external_id at most once, in one transaction.

    Answers, for each participant that changed, whether it was created; one that is absent was already as the
    row states. What a row leaves out stays as stored; documents are merged key by key. Raises psycopg.Error.
    """
    staged = await asyncio.to_thread(lambda: [_staged(row) for row in rows])
    for _ in range(_ATTEMPTS - 1):
        try:
            return await _write(database, program_id, staged)
        except DeadlockDetected:
            continue
    return await _write(database, program_id, staged)


async def _write(database: Database, program_id: UUID, staged: list[tuple[Any, ...]]) -> dict[str, bool]:
    async with database.transaction() as session:
        told = bool(OF_PARTICIPANTS & await listened_types(session, program_id))
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        async with driver.cursor() as cursor:
            await cursor.execute("SELECT set_config(%s, %s, true)", [SOURCE_SETTING, IMPORT_SOURCE])
            await cursor.execute(_CREATE_STAGING)
            async with cursor.copy(_COPY) as copy:
                for values in staged:
                    await copy.write_row(values)
            await cursor.execute(
                f"{_UPSERT} {_WRITTEN_AND_TOLD if told else _WRITTEN}", {"program_id": program_id}
            )
            written = await cursor.fetchall()
            if written:
                await cursor.execute(_LOCK, lock_key(program_id))
                await cursor.execute(_ASK_FOR_REFRESH, {"program_id": program_id})
        if told:
            changes = [_change(created, *rows) for _, created, *rows in written]
            await emit_participant_changes(session, program_id, changes, IMPORT_SOURCE)
        return {external_id: created for external_id, created, *_ in written}


def _change(created: bool, old: dict[str, Any] | None, new: dict[str, Any]) -> ParticipantChange:
    return ParticipantChange(None if created else old, {**new, "id": UUID(new["id"])})


def _staged(row: ParticipantRow) -> tuple[Any, ...]:
    return (
        row.external_id,
        row.email,
        row.phone,
        dialled_unlike_written(row.phone),
        row.first_name,
        row.last_name,
        row.display_name,
        row.locale,
        row.timezone,
        row.status,
        None if row.tags is None else list(row.tags),
        _document(row.attributes),
        _document(row.counters),
        _document(row.tiers),
        _document(row.consent),
    )


def _document(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, allow_nan=False) if values else "{}"
