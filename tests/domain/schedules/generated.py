"""Random five-field expressions in croniter's grammar from a seed, so that every run reads the same ones."""

from random import Random

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def random_expression(random: Random) -> str:
    """Most are valid; some name days that no calendar has, or are refused for another reason."""
    return " ".join(
        (
            _field(random, 0, 59),
            _field(random, 0, 23),
            _day(random),
            _field(random, 1, 12, MONTHS),
            _weekday(random),
        )
    )


def _field(random: Random, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    if random.random() < 0.25:
        return "*"
    items = [_item(random, low, high, names) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return ",".join(items)


def _item(random: Random, low: int, high: int, names: tuple[str, ...]) -> str:
    step = random.randint(1, max(2, high // 2))
    return random.choice(
        (
            lambda: _value(random, low, high, names),
            lambda: f"{_value(random, low, high, names)}-{_value(random, low, high, names)}",
            lambda: f"{_value(random, low, high, names)}-{_value(random, low, high, names)}/{step}",
            lambda: f"{_value(random, low, high, names)}/{step}",
            lambda: f"*/{step}",
        )
    )()


def _value(random: Random, low: int, high: int, names: tuple[str, ...]) -> str:
    if names and random.random() < 0.4:
        name = random.choice(names)
        return name.upper() if random.random() < 0.3 else name
    return str(random.randint(low, high))


def _day(random: Random) -> str:
    chance = random.random()
    if chance < 0.3:
        return random.choice(("*", "*", "?"))
    if chance < 0.4:
        return random.choice(("L", "l", "15,L", "l,1-3", "20-L"))
    if chance < 0.5:
        return f"{random.randint(1, 31)}W"
    return _field(random, 1, 31)


def _weekday(random: Random) -> str:
    chance = random.random()
    if chance < 0.3:
        return random.choice(("*", "*", "?"))
    if chance < 0.5:
        return ",".join(_nth(random) for _ in range(random.choice((1, 1, 2))))
    return _field(random, 0, 7, WEEKDAYS)


def _nth(random: Random) -> str:
    if random.random() < 0.3:
        return f"L{random.randint(0, 7)}"
    return f"{random.choice((*WEEKDAYS, *'01234567'))}#{random.randint(1, 5)}"
