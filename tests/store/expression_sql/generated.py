"""Conditions and participants made at random, to find where two ways of evaluating differ."""

import math
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.store.expression_sql.segment_conditions import about_segments

NOW = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)

PATHS = (
    "participant.attributes.plan",
    "participant.attributes.level",
    "participant.attributes.score",
    "participant.attributes.optin",
    "participant.attributes.last_visit",
    "participant.attributes.referrer",
    "participant.attributes.orders",
    "participant.attributes.orders[0].qty",
    "participant.attributes.orders[1].sku",
    "participant.attributes.orders[0]",
    "participant.attributes.plan.pro",
    "participant.attributes['first']",
    "participant.attributes.nope",
    "participant.counters.points",
    "participant.counters.spend",
    "participant.tiers.loyalty",
    'get(participant.attributes, "plan", "free")',
    'get(participant.attributes, "level", 0.0)',
    'get(participant.counters, "points", 0)',
    'get(get(participant.attributes, "orders", {}), "qty", null)',
    "(participant.has_email ? participant.attributes.level : participant.counters.points)",
)
TEXTS = (
    "participant.email",
    "participant.first_name",
    "participant.external_id",
    "participant.status",
    "participant.locale",
    "participant.consent.email",
    "participant.tags[0]",
)
CONSTANTS = (
    *('"pro"', '"vip"', '"é"', '""', '"b"', '"Ada"', '"beta"', '"1"', '"\\U0001F600"', '"\\uFFFD"'),
    *("0", "1", "-1", "7", "1000", "9007199254740993", "9223372036854775807", "-9223372036854775808"),
    *("1.0", "0.5", "50.0", "-0.0", "0.1", "9007199254740992.0", "1e300", "7u", "9223372036854775808u"),
    *("true", "false", "null", '"2026-05-01T00:00:00Z"', '"a\\x00b"'),
)
NUMBERS = (
    "0",
    "1",
    "2",
    "5",
    "1000",
    "1.0",
    "50.5",
    "-1",
    "0.0",
    "0.1",
    "0.30000000000000004",
    "9007199254740993",
)
NEEDLES = ('"b"', '"beta"', '""', '"é"', '"pro"', '"com"', '"%"', '"_"', '"Ada"')
PATTERNS = (
    *('"^b"', '"o$"', '"^pro$"', '"a"', '"^[a-z]+@"', '"^be?ta"', '"^a.*[.]com$"', '"(?i)PRO"', '"^vip|pro"'),
    *('"^"', '"$"', '""', '"\\\\.com$"', '"^a+"', '"^pr{1,2}o"'),
)
SPANS = ('"720h"', '"0s"', '"-24h"', '"1000.5s"', '"2h45m"', '"2500000h"')
MOMENTS = (
    "now",
    "participant.created_at",
    "participant.last_contacted_at",
    'timestamp("2026-05-01T00:00:00Z")',
    'timestamp("2026-05-01T00:01:00Z")',
    'timestamp("2026-05-01T02:00:00.000001+02:00")',
    "timestamp(participant.attributes.last_visit)",
    "timestamp(participant.attributes.plan)",
)
LISTS = ("participant.tags", '["vip", "pro"]', "[]", "participant.segments")
ORDERS = ("<", "<=", ">", ">=")


class Conditions:
    """Texts of conditions. `item`: the variable of the macro that a part is written in."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def condition(self, depth: int, item: str | None = None, *, in_tags: bool = False) -> str:
        pick = self._random.choice
        if depth == 0:
            return self._leaf(item, in_tags=in_tags)

        def part() -> str:
            return self.condition(depth - 1, item, in_tags=in_tags)

        match self._random.randint(0, 6):
            case 0 | 1:
                return f"({part()} && {part()})"
            case 2:
                return f"({part()} || {part()})"
            case 3:
                return f"!({part()})"
            case 4:
                return f"({part()} ? {part()} : {part()})"
            case 5 if item is None:
                return self._macro(depth)
            case 6:
                return f"({part()}) {pick(('==', '!='))} ({part()})"
        return self._leaf(item, in_tags=in_tags)

    def _macro(self, depth: int) -> str:
        pick = self._random.choice
        macro = pick(("exists", "exists", "all", "all", "exists_one"))
        match self._random.randint(0, 4):
            case 0 | 1:
                return f"participant.tags.{macro}(t, {self.condition(depth - 1, 't', in_tags=True)})"
            case 2:
                return f"{pick(PATHS)}.{macro}(t, {self.condition(depth - 1, 't')})"
            case 3:
                listed = ", ".join(pick(CONSTANTS) for _ in range(self._random.randint(0, 3)))
                return f"[dyn({pick(CONSTANTS)}), {listed}].{macro}(t, {self.condition(depth - 1, 't')})".replace(
                    ", ]", "]"
                )
        chain = f"participant.attributes.orders.filter(o, {self._leaf('o')})"
        if pick((True, False)):
            chain += f".map(m, {pick(('m.qty', 'm.price * 2.0', 'm.price', 'm.sku', 'm'))})"
        if pick((True, False)):
            return f"size({chain}) {pick(ORDERS)} {pick(('0', '1', '2'))}"
        return f"{chain}.{macro}(q, {self._leaf('q')})"

    def _leaf(self, item: str | None, *, in_tags: bool = False) -> str:
        pick = self._random.choice
        if in_tags and pick((True, True, False)):
            return self._of_text(item or "", self._random.randint(0, 4))
        if item is not None and not in_tags and self._random.random() < 0.8:
            subject = pick((item, item, f"{item}.qty", f"{item}.price", f"{item}.sku"))
        else:
            subject = pick(PATHS)
        match self._random.randint(0, 15):
            case 0:
                return self._of_text(pick(TEXTS), self._random.randint(0, 6))
            case 1:
                return self._of_time()
            case 2:
                return self._of_list(subject)
            case 3:
                return self._of_number(subject)
            case 4:
                return self._of_presence()
            case 5:
                return f"{pick(PATHS)} {pick(('==', '!=', *ORDERS))} {subject}"
            case kind:
                return self._of_any(subject, kind % 8)

    def _of_any(self, subject: str, kind: int) -> str:
        pick = self._random.choice
        match kind:
            case 0 | 1:
                return f"{subject} {pick(('==', '!='))} {pick(CONSTANTS)}"
            case 2 | 3:
                return f"{subject} {pick(ORDERS)} {pick(NUMBERS)}"
            case 4:
                return f"{subject} {pick(ORDERS)} {pick(('true', *CONSTANTS[:10]))}"
            case 5:
                return f"size({subject}) {pick(('==', *ORDERS))} {pick(('0', '1', '2', '3', '2.5'))}"
            case 6:
                return f"{subject}.{pick(('startsWith', 'endsWith', 'contains'))}({pick(NEEDLES)})"
        return f"{subject}.matches({pick(PATTERNS)})"

    def _of_text(self, text: str, kind: int) -> str:
        pick = self._random.choice
        match kind:
            case 0:
                return f"{text} {pick(('==', '!=', *ORDERS))} {pick(CONSTANTS[:10])}"
            case 1:
                return f"{text}.{pick(('startsWith', 'endsWith', 'contains'))}({pick(NEEDLES)})"
            case 2:
                return f"{text}.matches({pick(PATTERNS)})"
            case 3:
                return f"size({text}) {pick(ORDERS)} {pick(('0', '3'))}"
            case 4:
                return f"{text} in {pick(LISTS)}"
            case 5:
                return f'{text} + " " + {pick(TEXTS)} {pick(("==", "<"))} "Ada ACTIVE"'
        return f"{text} == {pick((*TEXTS, *PATHS))}"

    def _of_time(self) -> str:
        pick = self._random.choice
        match self._random.randint(0, 3):
            case 0:
                return f"{pick(MOMENTS)} {pick(('==', '!=', *ORDERS))} {pick(MOMENTS)}"
            case 1:
                return f"{pick(MOMENTS)} {pick(ORDERS)} {pick(MOMENTS)} {pick('+-')} duration({pick(SPANS)})"
            case 2:
                return f"{pick(MOMENTS)} - {pick(MOMENTS)} {pick(ORDERS)} duration({pick(SPANS)})"
        return f"days_since({pick(MOMENTS)}) {pick(('==', *ORDERS))} {pick(('0', '-1', '30', '30.5', '1.0'))}"

    def _of_list(self, subject: str) -> str:
        pick = self._random.choice
        listed = ", ".join(f"dyn({pick(CONSTANTS)})" for _ in range(self._random.randint(0, 3)))
        return pick(
            (
                f"{subject} in [{listed}]",
                f"{pick(CONSTANTS)} in {subject}",
                f"{subject} in participant.tags",
                f"{pick(NEEDLES)} in participant.tags",
                f"{pick(NEEDLES)} in participant.attributes",
                "size(participant.tags) > 1",
                "size(participant.attributes) > 5",
            )
        )

    def _of_number(self, subject: str) -> str:
        pick = self._random.choice
        operand = pick(
            (*NUMBERS, *PATHS[:3], "participant.counters.points", "participant.attributes.orders[0].price")
        )
        match self._random.randint(0, 3):
            case 0 | 1:
                return f"{subject} {pick('+-*/%')} {operand} {pick(('==', *ORDERS))} {pick(NUMBERS)}"
            case 2:
                return f"{pick(('double', 'int'))}({subject}) {pick(ORDERS)} {pick(('1', '5'))}"
        return f"-{subject} {pick(ORDERS)} {pick(NUMBERS)}"

    def _of_presence(self) -> str:
        return self._random.choice(
            (
                "has(participant.attributes.plan)",
                "has(participant.attributes.plan.pro)",
                "has(participant.attributes.nope.x)",
                "has(participant.counters.points)",
                "has(participant.email)",
                "has(participant.last_contacted_at)",
                "participant.has_email",
                "participant.has_phone",
                'in_segment("s-1")',
                about_segments(self._random),
                'program.name == "Club"',
                "round(participant.attributes.score, 1) > 50.0",
                "local(now).getHours() > 6",
            )
        )


def hostile(random: Random) -> Any:
    """A JSON value that a condition written for another may not expect."""
    return random.choice(
        [
            *(
                None,
                "",
                0,
                1,
                1.0,
                0.5,
                50.5,
                0.1,
                0.1 + 0.2,
                -0.0,
                True,
                False,
                [],
                {},
                "pro",
                ["pro"],
                {"pro": 1},
            ),
            *(
                -1,
                "é",
                "beta-é",
                "1",
                "a%b_c",
                "\U0001f600",
                "\ufffd",
                "Zoë",
                "pro\n",
                "x" * 300,
                7,
                1000,
                1000.0,
            ),
            *(
                2**53,
                2**53 + 1,
                float(2**53),
                10**17,
                2**63 - 1,
                -(2**63),
                1e19,
                1e300,
                5e-324,
                1e-120,
                1.5e200,
            ),
            *(
                "2026-13-01T00:00:00Z",
                "2026-02-30T00:00:00Z",
                "2026-05-01T00:00:00Z",
                "2026-05-01T02:00:00+02:00",
            ),
            *(
                "2026-04-30T23:59:59.5Z",
                "2026-05-01t00:00:00z",
                "2026-05-01T24:00:00Z",
                "2026-05-01T00:00:60Z",
            ),
            *(
                " 026-05-01T00:00:00Z",
                "2026-05-01T00:00:60.000000Z",
                "2026-05-02T11:59:59.999999Z",
                "0000-05-01T00:00:00Z",
            ),
            *(
                "2024-02-29T00:00:00Z",
                "2026-05-01",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59Z",
                1777593600,
            ),
            *("2026-05-02T08:00:00.123456Z", "1500-01-01T00:00:00Z", "2026-05-01T00:00:00-13:59"),
            *([1, "vip", None, True], ["beta-1", "vip"], {"vip": None, "qty": 3}, [[1], {"a": 1}], [1e300]),
            [{"qty": 1, "price": 60.0, "sku": "b1"}, {"qty": 2, "price": 5, "sku": "é"}],
            [{"qty": "1", "price": None}, {"sku": "b"}],
            [{"id": 2**63 - 1}],
        ]
    )


def participant(random: Random) -> dict[str, Any]:
    """The columns of a participant; most have something odd."""
    attributes: dict[str, Any] = {
        "plan": random.choice(["free", "basic", "pro"]),
        "first": random.choice(["Ada", "Bob", "é"]),
        "level": random.randint(0, 20),
        "score": round(random.random() * 100, 2),
        "optin": random.random() < 0.6,
        "last_visit": f"{NOW - timedelta(seconds=random.randint(0, 90 * 86_400)):%Y-%m-%dT%H:%M:%SZ}",
        "orders": [
            {
                "sku": random.choice(["b1", "S2", "é"]),
                "qty": random.randint(1, 4),
                "price": round(-80 * math.log(1 - random.random()), 2),
            }
            for _ in range(random.randint(0, 3))
        ],
    }
    counters: dict[str, Any] = {"points": random.randint(0, 2_000), "spend": random.random() * 1_000}
    tags = random.sample(["vip", "newsletter", "beta-1", "é", "", "b"], random.randint(0, 4))
    if random.random() < 0.8:
        for _ in range(random.randint(1, 4)):
            name = random.choice(list(attributes))
            if random.random() < 0.3:
                del attributes[name]
            else:
                attributes[name] = hostile(random)
        if random.random() < 0.4:
            counters["points"] = hostile(random)
    tiers = {"loyalty": random.choice(["gold", "pro", None])} if random.random() < 0.7 else {}
    consent: dict[str, Any] = {"email": random.choice(["subscribed", "pro"])} if random.random() < 0.7 else {}
    return {
        "external_id": f"x-{random.random()}",
        "email": random.choice([None, "", "a@example.com", "b@x.org", "Ada"]),
        "phone": random.choice([None, "", "+47"]),
        "first_name": random.choice([None, "Ada", "é", "pro", "\U0001f600", "\ufffd"]),
        "locale": random.choice([None, "en-GB", "b"]),
        "timezone": random.choice([None, "Asia/Tokyo", "nowhere"]),
        "attributes": attributes,
        "counters": counters,
        "tags": tags,
        "tiers": tiers,
        "consent": consent,
        "created_at": random.choice(
            [
                NOW - timedelta(days=random.randint(-40, 400)),
                NOW,
                NOW - timedelta(hours=720),
                datetime(1, 1, 1, tzinfo=UTC),
                datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
                datetime(1733, 1, 1, tzinfo=UTC),
            ]
        ),
        "last_contacted_at": random.choice([None, NOW - timedelta(days=30), NOW - timedelta(microseconds=1)]),
    }
