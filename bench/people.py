"""A population for benchmarks, made inside the database."""

import psycopg

INSERT = """
INSERT INTO participant (id, program_id, external_id, email, first_name, locale, timezone, tags, counters, tiers,
                         consent, attributes, status)
SELECT gen_random_uuid(), %(program)s, 'p-' || n, 'p-' || n || '@example.com', 'Person ' || n, 'en-GB',
       'Europe/London', CASE WHEN n <= %(sampled)s THEN ARRAY['sample', 'newsletter'] ELSE ARRAY['newsletter'] END,
       jsonb_build_object('points', n %% 1000, 'orders', n %% 7), '{"loyalty": "gold"}', '{"email": "subscribed"}',
       jsonb_build_object('plan', (ARRAY['free', 'basic', 'pro'])[1 + n %% 3], 'city', 'Leeds',
                          'birthday', '1990-02-28'), 'ACTIVE'
FROM generate_series(1, %(count)s) AS n
"""


def populate(database_url: str, program_id: str, count: int, sampled: int) -> None:
    """Participants p-1..p-`count`; the first `sampled` carry the tag `sample`."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(INSERT, {"program": program_id, "count": count, "sampled": sampled})
        connection.execute("ANALYZE participant")
