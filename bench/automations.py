"""Automations for benchmarks, made inside the database: no workflow stands behind them."""

import psycopg

# The newest tenth is archived, and what is rare is far from the first page: the worst case of a list.
INSERT = """
INSERT INTO automation (id, program_id, name, event_name, payload, source, status, trigger_type, scope,
                        timezone, cron_expression, filter_hints, cohort_size, dst_policy, missed_run_policy,
                        jitter_seconds, execution_status, run_count, created_at, updated_at)
SELECT gen_random_uuid(), %(program)s,
       CASE WHEN n %% 10 = 0 THEN 'Spring offer ' WHEN n > %(count)s - 20 THEN 'Unicorn ' ELSE 'Reminder ' END || n,
       'bench', '{"campaign": "bench"}',
       CASE WHEN n > %(count)s - 40 THEN 'rule_action' ELSE 'api' END,
       CASE WHEN n <= %(count)s / 10 THEN 'archived' WHEN n > %(count)s - 60 THEN 'failed'
            ELSE (ARRAY['active', 'active', 'paused', 'completed'])[1 + n %% 4] END,
       CASE WHEN n > %(count)s - 80 THEN 'immediate' WHEN n %% 3 = 0 THEN 'one_time' ELSE 'cron' END,
       CASE WHEN n %% 2 = 0 THEN 'participants' ELSE 'program' END,
       'Europe/Madrid', CASE WHEN n %% 3 = 0 THEN NULL ELSE '0 9 * * 1' END, '[]', '"auto"', '{}', 'last', 0,
       'idle', 0, now() - n * interval '1 second', now()
FROM generate_series(1, %(count)s) AS n
"""
RUNS = """
INSERT INTO automation_run (id, automation_id, program_id, number, scope, cause, status, requested_by, definition,
                            cohort_size, total, counts, requested_at, started_at, completed_at)
SELECT gen_random_uuid(), id, program_id, 1, scope, 'manual', 'completed', 'bench', '{}', '"auto"', 100,
       '{"total": 100, "sent": 97, "skipped": {"guard_false": 3}, "failed": 0, "unknown": 0, "pending": 0}',
       created_at, created_at, created_at
FROM automation WHERE program_id = %(program)s AND scope = 'participants'
"""
CURRENT_RUNS = """
UPDATE automation SET current_run_id = run.id, execution_status = 'completed', run_count = 1
FROM automation_run AS run WHERE run.automation_id = automation.id AND automation.program_id = %(program)s
"""


def add_automations(database_url: str, program_id: str, count: int) -> None:
    """`count` automations, newest first by number; those of participants scope have a finished run each."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in (INSERT, RUNS, CURRENT_RUNS):
            connection.execute(statement, {"program": program_id, "count": count})
        connection.execute("VACUUM ANALYZE automation, automation_run")
