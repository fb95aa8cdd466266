"""What rules made of events, for benchmarks, made inside the database: nothing has really happened."""

from dataclasses import dataclass
from uuid import UUID

import psycopg

RULES = 50
TYPES = 20
# Types, rules and conversations are unevenly busy, as they are in life. What is pending waits for tomorrow.
EVENTS = """
INSERT INTO event (id, program_id, participant_id, conversation_id, kind, type, event_data, payload_hash, source,
                   status, attempts, error, event_timestamp, created_at, available_at, processed_at)
SELECT gen_random_uuid(), %(program)s::uuid, md5('p' || n %% 10000)::uuid,
       CASE WHEN n %% 3 = 0 THEN md5('c' || floor(50000 * power(random(), 3)) || %(program)s::uuid)::uuid END,
       'EXTERNAL', 'type-' || floor(%(types)s * power(random(), 3)),
       jsonb_build_object('type', 'purchase', 'amount', n, 'note', 'one of many'),
       encode(sha256(convert_to((n %% 400000)::text, 'UTF8')), 'hex'),
       (ARRAY['api', 'api', 'api', 'rule', 'participant'])[1 + n %% 5],
       CASE WHEN n <= %(count)s / 100 THEN 'RECEIVED' WHEN n %% 1000 = 7 THEN 'FAILED' ELSE 'COMPLETED' END,
       1, CASE WHEN n %% 1000 = 7 THEN 'TypeError' END, at, at,
       CASE WHEN n <= %(count)s / 100 THEN now() + interval '1 day' ELSE at END,
       CASE WHEN n > %(count)s / 100 THEN at + interval '20 milliseconds' END
FROM (SELECT n, now() - n * interval '2 seconds' AS at FROM generate_series(%(count)s, 1, -1) AS n) AS made
"""
RUNS = """
INSERT INTO rule_run (program_id, event_id, rule_id, rule_name, event_type, event_source, conversation_id,
                      contact_id, matched, executed, stopped_by, result, created_at)
SELECT program_id, id, md5('rule-' || number || %(program)s::uuid)::uuid, 'Rule ' || number, type, source,
       conversation_id, participant_id, luck < 0.2, luck < 0.15,
       CASE WHEN luck >= 0.2 THEN 'conditions' WHEN luck >= 0.15 THEN 'cooldown' END,
       CASE WHEN luck < 0.15 THEN '{"actions": [{"type": "add_tag", "status": "done"}]}'::jsonb ELSE '{}' END,
       created_at + interval '20 milliseconds'
FROM (
    SELECT *, random() AS luck, floor(%(rules)s * power(random(), 3)) AS number
    FROM event WHERE program_id = %(program)s::uuid OFFSET 0
) AS asked
ORDER BY created_at
"""
TALLIES = """
INSERT INTO rule_run_tally (rule_id, hour, program_id, total, matched, executed, held)
SELECT rule_id, date_trunc('hour', created_at, 'UTC'), program_id, count(*), count(*) FILTER (WHERE matched),
       count(*) FILTER (WHERE executed), count(*) FILTER (WHERE stopped_by = 'cooldown')
FROM rule_run WHERE program_id = %(program)s::uuid GROUP BY 1, 2, 3
"""
THINGS = """
SELECT (SELECT rule_id FROM rule_run WHERE program_id = %(program)s::uuid GROUP BY 1 ORDER BY count(*) DESC LIMIT 1),
       (SELECT rule_id FROM rule_run WHERE program_id = %(program)s::uuid GROUP BY 1 ORDER BY count(*) LIMIT 1),
       (SELECT conversation_id FROM event WHERE program_id = %(program)s::uuid AND conversation_id IS NOT NULL
        GROUP BY 1 ORDER BY count(*) DESC LIMIT 1),
       event_id, id, (SELECT payload_hash FROM event WHERE id = event_id)
FROM rule_run WHERE program_id = %(program)s::uuid ORDER BY created_at OFFSET %(middle)s LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RuleHistory:
    """Things of a program to ask about. The event, the run and the fingerprint are from its middle."""

    busiest_rule: UUID
    idlest_rule: UUID
    busiest_conversation: UUID
    event: UUID
    run: UUID
    payload_hash: str


def add_rule_history(database_url: str, program_id: str, count: int) -> RuleHistory:
    """`count` events over the last 2 * `count` seconds, on each of which one rule ran."""
    values = {"program": program_id, "count": count, "rules": RULES, "types": TYPES, "middle": count // 2}
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in (EVENTS, RUNS, TALLIES):
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE event, rule_run, rule_run_tally")
        things = connection.execute(THINGS, values).fetchone()
    assert things is not None
    return RuleHistory(*things)
