"""Each construct that SQL can tell, on its own: what it selects, and whether the engine still has to be asked."""

from typing import Any
from uuid import UUID

import pytest

from domain.expressions import compile_condition
from store.database import Database
from store.expression_sql import compile_to_sql
from store.tables import Program
from tests.store.expression_sql.agreement import Tally, add_participant, bounds, compare
from tests.store.expression_sql.generated import NOW
from tests.store.expression_sql.segment_conditions import SEGMENTS

PERSON: dict[str, Any] = {
    "email": "ada@corp.example",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "attributes": {
        "plan": "pro",
        "level": 7,
        "score": 7.5,
        "big": 2**53 + 1,
        "optin": True,
        "note": None,
        "empty": "",
        "digits": "7",
        "zero": -0.0,
        "address": {"city": "Oslo"},
        "orders": [{"sku": "b1", "qty": 2, "price": 60.5}, {"sku": "é", "qty": 1, "price": 5.25}],
        "visited": "2026-05-01T10:00:00Z",
    },
    "counters": {"points": 1200},
    "tags": ["vip", "beta-é"],
    "tiers": {"loyalty": "gold"},
    "consent": {"email": "subscribed"},
    "created_at": NOW.replace(day=1, month=4),
}

TRUE_AND_EXACT = [
    'participant.attributes.plan == "pro"',
    'participant.attributes["plan"] != "free"',
    "participant.attributes.digits != 7 && participant.attributes.level == 7.0",
    "participant.attributes.level > 6.5 && participant.attributes.level <= 7",
    "participant.attributes.score == 7.5",
    "participant.attributes.zero == 0",
    "participant.attributes.big != 9007199254740992",
    "participant.attributes.big == 9007199254740992.0",
    "participant.attributes.optin && true",
    "participant.attributes.optin == true && participant.attributes.optin != 1",
    "participant.attributes.note == null",
    'participant.attributes.empty == ""',
    'participant.attributes.plan < "z" && participant.attributes.plan > "Z"',
    'participant.attributes.address.city == "Oslo"',
    "participant.attributes.orders[0].qty == 2",
    "has(participant.attributes.note) && !has(participant.attributes.nothing)",
    "has(participant.email) && !has(participant.phone)",
    "participant.has_email && !participant.has_phone",
    'get(participant.attributes, "nothing", 3) == 3',
    'get(get(participant.attributes, "address", {}), "city", "") == "Oslo"',
    '"vip" in participant.tags && !("x" in participant.tags)',
    '"plan" in participant.attributes',
    'participant.attributes.plan in ["free", "pro"]',
    'participant.tags[0] == "vip"',
    "size(participant.tags) == 2",
    "size(participant.attributes.plan) == 3",
    "size(participant.attributes.orders) == 2",
    "size(participant.attributes.address) == 1",
    "size(participant.first_name) == 3",
    'participant.first_name.startsWith("A") && participant.first_name.endsWith("a")',
    'participant.email.contains("@corp") && !participant.email.contains("_")',
    'participant.email.matches("@corp[.]example$")',
    'participant.first_name.matches("^Ada$")',
    'participant.first_name + " " + participant.last_name == "Ada Lovelace"',
    "participant.counters.points + 1 == 1201 && participant.counters.points / 7 == 171",
    "participant.attributes.level % 4 == 3 && -participant.attributes.level == -7",
    "participant.attributes.score * 2.0 == 15.0",
    'participant.tags.exists(t, t.startsWith("beta")) && !participant.tags.all(t, t == "vip")',
    'participant.tags.exists_one(t, t == "vip")',
    '["vip", "x"].exists(t, t in participant.tags)',
    'participant.has_email ? participant.attributes.plan == "pro" : false',
    "participant.created_at < now - duration('720h')",
    "now - participant.created_at > duration('720h')",
    'participant.created_at > timestamp("2026-01-01T00:00:00Z")',
    "days_since(participant.created_at) == 61",
    'participant.consent.email == "subscribed" && participant.tiers.loyalty == "gold"',
    'participant.status == "ACTIVE" && program.name == "Club"',
    '!in_segment("s-1")',
    f'in_segment("{SEGMENTS[0]}") && !in_segment("{SEGMENTS[2]}")',
    f'!in_segment("{SEGMENTS[0].upper()}") && !in_segment("{SEGMENTS[0]} ")',
    f'"{SEGMENTS[1]}" in participant.segments && size(participant.segments) == 2',
    f'participant.segments[1] == "{SEGMENTS[1]}"',
    f'participant.segments.exists(s, s == "{SEGMENTS[0]}")',
    f'participant.tags.all(t, t != "x" && in_segment("{SEGMENTS[0]}"))',
    f'in_segment(participant.has_email ? "{SEGMENTS[0]}" : "none")',
    "participant.attributes.nothing == 1 || participant.attributes.level == 7",
    '(participant.attributes.plan == "pro") == participant.has_email',
]
TRUE_AND_SEEN_BY_SQL = [
    "timestamp(participant.attributes.visited) < now",
    "participant.attributes.orders.exists(o, o.qty == 2)",
    "participant.attributes.orders.all(o, o.price > 5.0)",
    "participant.attributes.orders.filter(o, o.qty > 1).map(o, o.price * 2.0).exists(p, p > 100.0)",
    "size(participant.attributes.orders.filter(o, o.qty > 1)) == 1",
    "double(participant.counters.points) / 2.0 == 600.0",
]
LEFT_TO_THE_ENGINE = [
    'participant.attributes.plan.matches("^p.o$")',
    "round(participant.attributes.score, 0) == 8.0",
    "participant.attributes.address == participant.attributes.address",
    "type(participant.attributes.plan) == string",
]
ERRORS = [
    "participant.attributes.nothing == 1",
    "participant.attributes.plan > 1",
    "participant.attributes.level / 0 == 1",
    "participant.attributes.big * 9007199254740993 > 0",
    "participant.attributes.level + 0.5 > 0.0",
    "participant.attributes.plan.nothing == 1",
    "participant.attributes.orders[2].qty == 1",
    "participant.attributes.orders[-1].qty == 1",
    "size(participant.attributes.level) == 1",
    "has(participant.attributes.plan.nothing)",
    'participant.phone == "x"',
    "participant.tags[5] == ''",
    '"a" in participant.attributes.plan',
    "participant.attributes.level ? true : true",
]


async def certainty(database: Database, program_id: UUID, condition: str) -> tuple[bool, bool, bool]:
    """Whether it is certainly true, possibly true and possibly false of PERSON, once both engines agree."""
    compiled = compile_condition(condition)
    async with database.transaction() as session:
        program = await session.get_one(Program, program_id)
        await add_participant(session, program_id, SEGMENTS[:2], **PERSON)
        tally = Tally()
        await compare(session, program, compiled, tally)
        assert tally.disagreements == []
        (row,) = await bounds(session, program, compiled)
    return row["certain"], row["t_hi"], row["f_hi"]


@pytest.mark.parametrize("condition", TRUE_AND_EXACT)
async def test_sql_alone_tells_that_this_holds(database: Database, program_id: UUID, condition: str) -> None:
    assert await certainty(database, program_id, condition) == (True, True, False)
    assert await certainty_of_negation(database, program_id, condition) == (False, False, True)


async def certainty_of_negation(
    database: Database, program_id: UUID, condition: str
) -> tuple[bool, bool, bool]:
    async with database.transaction() as session:
        other = Program(name="Club")
        session.add(other)
    return await certainty(database, other.id, f"!({condition})")


@pytest.mark.parametrize("condition", TRUE_AND_SEEN_BY_SQL)
async def test_sql_tells_that_this_holds_of_data_in_its_usual_form(
    database: Database, program_id: UUID, condition: str
) -> None:
    assert await certainty(database, program_id, condition) == (True, True, False)


@pytest.mark.parametrize("condition", LEFT_TO_THE_ENGINE)
async def test_this_is_left_to_the_engine(database: Database, program_id: UUID, condition: str) -> None:
    certain, possible, _ = await certainty(database, program_id, condition)
    assert (certain, possible) == (False, True)


@pytest.mark.parametrize("condition", ERRORS)
async def test_an_error_is_neither_true_nor_false(
    database: Database, program_id: UUID, condition: str
) -> None:
    assert await certainty(database, program_id, condition) == (False, False, False)


@pytest.mark.parametrize(
    "condition",
    [
        'participant.attributes.zebra == "zebra"',
        'participant.attributes["\' OR zebra"] < "zebra\\""',
        "participant.attributes.zebra > 4242.4242 && participant.attributes.zebra + 42424242 > 3",
        'has(participant.attributes.zebra) && has(participant.consent.zebra) && "zebra" in participant.tags',
        'get(participant.attributes, "zebra", "zebra") in ["zebra"]',
        'participant.tags.exists(zebra, zebra.startsWith("zebra") || zebra.matches("^zebra.*"))',
        'participant.first_name + "zebra" == "zebra" && program.name == "zebra"',
        'timestamp(participant.attributes.zebra) < timestamp("4242-01-01T00:00:00Z")',
        'now - participant.created_at > duration("4242h") && participant.attributes.zebra[4242] == 1',
        'in_segment("42424242-4242-4242-4242-424242424242") && "zebra" in participant.segments',
    ],
)
def test_nothing_that_a_client_wrote_is_part_of_the_sql(condition: str) -> None:
    compiled = compile_to_sql(compile_condition(condition), Program(name="zebra"), NOW)
    sql = " ".join((compiled.t_lo, compiled.t_hi, compiled.f_lo, compiled.f_hi, compiled.is_fit))
    assert "zebra" not in sql
    assert "4242" not in sql


def test_a_condition_that_would_make_endless_sql_is_left_to_the_engine() -> None:
    test = 'participant.attributes.a == "x"'
    for _ in range(14):
        test = f"({test} ? participant.has_email : participant.has_phone)"
    compiled = compile_to_sql(compile_condition(test), Program(name="Club"), NOW)
    assert len(compiled.t_hi) < 200_000
    assert not compiled.is_exact
