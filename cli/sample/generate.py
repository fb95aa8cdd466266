"""Write the sample participants: `python -m cli.sample.generate [ROWS] > participants.csv`.

The same number of rows is always the same file.
"""

import csv
import sys
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import TextIO

from cli.sample.countries import COUNTRIES, Country

SEED = 1510
ROWS = 3000

HEADER = (
    "external_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "display_name",
    "locale",
    "timezone",
    "status",
    "tags",
    "attributes.birthday:date",
    "attributes.city",
    "attributes.country",
    "attributes.plan",
    "attributes.last_purchase_at:date",
    "attributes.favourite_category",
    "counters.orders",
    "counters.lifetime_spend",
    "counters.points",
    "tiers.loyalty",
    "consent.email",
    "consent.sms",
    "attributes.last_visit_at:date",
    "attributes.total_visits:number",
    "attributes.total_spend:number",
)

_MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
_CATEGORIES = (
    "books",
    "coffee",
    "garden",
    "home",
    "music",
    "outdoor",
    "sports",
    "toys",
    "travel",
    "wellness",
)
_FIRST_PURCHASE, _LAST_PURCHASE = date(2025, 1, 1), date(2026, 11, 30)
_LAPSED_BEFORE = date(2025, 9, 1)
_OLDEST_BIRTHDAY, _YOUNGEST_BIRTHDAY = date(1940, 1, 1), date(2008, 12, 31)
_LEAP_BIRTH_YEARS = tuple(range(1944, 2009, 4))
# One in this many people is born on 29 February, far more than in life, so that the day is seen.
_LEAP_DAY_BIRTHS = 125


def write_participants(stream: TextIO, rows: int = ROWS) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(participants(rows))


def participants(rows: int) -> Iterator[tuple[str, ...]]:
    """The cells of each person, in the order of HEADER."""
    random = Random(SEED)  # noqa: S311
    weights = [country.weight for country in COUNTRIES]
    for number in range(1, rows + 1):
        country = random.choices(COUNTRIES, weights)[0]
        yield _person(random, number, country)


def _person(random: Random, number: int, country: Country) -> tuple[str, ...]:
    city, zone = random.choice(country.cities)
    first, first_latin = _native_and_latin(random.choice(country.first_names))
    last, last_latin = _native_and_latin(random.choice(country.last_names))
    named = random.random() >= 0.03
    birthday = _birthday(random)
    orders, spend, points, last_purchase = _purchases(random)
    return (
        f"P{number:06d}",
        _email(random, number, first_latin, last_latin) if random.random() >= 0.05 else "",
        _phone(random, country) if random.random() >= 0.18 else "",
        first if named else "",
        last if named and random.random() >= 0.02 else "",
        _display_name(random, country, first, last) if named else "",
        country.locale,
        zone,
        random.choices(("ACTIVE", "SUSPENDED", "CLOSED"), (94, 4, 2))[0],
        "|".join(_tags(random, birthday, spend, last_purchase)),
        birthday.isoformat() if random.random() >= 0.1 else "",
        city,
        country.code,
        random.choices(("free", "basic", "pro"), (60, 28, 12))[0],
        last_purchase.isoformat() if last_purchase else "",
        random.choice(_CATEGORIES) if random.random() >= 0.07 else "",
        str(orders),
        f"{spend / 100:.2f}",
        str(points),
        "gold" if spend >= 150_000 else "silver" if spend >= 40_000 else "bronze",
        _consent(random),
        _consent(random),
        # Their purchases were visits: as a system that was used before this one tells of them.
        last_purchase.isoformat() if last_purchase else "",
        str(orders) if last_purchase else "",
        f"{spend / 100:.2f}" if last_purchase else "",
    )


def _native_and_latin(name: str) -> tuple[str, str]:
    native, _, latin = name.partition("/")
    return native, latin or _latin(native)


def _latin(name: str) -> str:
    plain = name.casefold().translate(str.maketrans("łıøđ", "liod"))
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "".join(letter for letter in letters if letter.isalpha())


def _email(random: Random, number: int, first: str, last: str) -> str:
    local = random.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}_{first}", f"{first}+club"))
    return f"{local}{number}@{random.choice(_MAIL_DOMAINS)}"


def _phone(random: Random, country: Country) -> str:
    pattern = random.choice(country.phones)
    return "".join(str(random.randrange(10)) if character == "#" else character for character in pattern)


def _display_name(random: Random, country: Country, first: str, last: str) -> str:
    if random.random() < 0.5:
        return ""
    return f"{last}{first}" if country.family_name_first else f"{first} {last[0]}."


def _birthday(random: Random) -> date:
    if random.randrange(_LEAP_DAY_BIRTHS) == 0:
        return date(random.choice(_LEAP_BIRTH_YEARS), 2, 29)
    days = (_YOUNGEST_BIRTHDAY - _OLDEST_BIRTHDAY).days
    return _OLDEST_BIRTHDAY + timedelta(days=random.randrange(days + 1))


def _purchases(random: Random) -> tuple[int, int, int, date | None]:
    """Orders, spend in hundredths, points, and the day of the last purchase."""
    if random.random() < 0.15:
        return 0, 0, random.choice((0, 0, 50)), None
    orders = min(120, 1 + int(random.expovariate(1 / 7)))
    spend = sum(random.randrange(500, 15_000) for _ in range(orders))
    points = spend // 100 + random.choice((0, 0, 100, 250))
    days = (_LAST_PURCHASE - _FIRST_PURCHASE).days
    return orders, spend, points, _FIRST_PURCHASE + timedelta(days=random.randrange(days + 1))


def _tags(random: Random, birthday: date, spend: int, last_purchase: date | None) -> Iterator[str]:
    if spend >= 180_000:
        yield "vip"
    if random.random() < 0.55:
        yield "newsletter"
    if last_purchase is not None and last_purchase < _LAPSED_BEFORE:
        yield "lapsed"
    if birthday.year >= 2000 and random.random() < 0.4:
        yield "student"
    if birthday.year < 1960 and random.random() < 0.5:
        yield "senior"
    if random.random() < 0.08:
        yield random.choice(("beta", "referrer", "press", "staff"))


def _consent(random: Random) -> str:
    return random.choices(("subscribed", "nonSubscribed", "unsubscribed", ""), (70, 15, 12, 3))[0]


if __name__ == "__main__":
    write_participants(sys.stdout, int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
