"""Delays, and the durations that blocks wait."""

import re
from collections.abc import Iterator, Mapping

from domain.condition_forms.errors import Place
from domain.journeys.blocks import DelayMode, DelayUnit
from domain.journeys.validation.faults import JourneyFault, malformed, not_allowed, out_of_range, required
from domain.journeys.validation.reading import Document, child, is_given, text, whole_number

# Ten years, in each unit.
MOST_OF: Mapping[DelayUnit, int] = {
    DelayUnit.MINUTES: 5_256_000,
    DelayUnit.HOURS: 87_600,
    DelayUnit.DAYS: 3_650,
    DelayUnit.WEEKS: 520,
    DelayUnit.MONTHS: 120,
}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def delay_faults(delay: Document, place: Place) -> Iterator[JourneyFault]:
    mode = text(delay, "mode")
    if mode not in tuple(DelayMode):
        return
    for name, owner in (("duration", DelayMode.DURATION), ("time", DelayMode.SPECIFIC_TIME)):
        if mode == owner and not is_given(delay, name):
            yield required(place.of(name), f"a {name}, with mode {owner}")
        elif mode != owner and is_given(delay, name):
            yield not_allowed(place.of(name), f"not with mode {mode}", f"mode {owner}, or no such field")
    yield from duration_faults(child(delay, "duration"), place.of("duration"))
    clock = text(delay, "time")
    if clock is not None and not _CLOCK.fullmatch(clock):
        yield malformed(place.of("time"), "not a time of day", "HH:MM, from 00:00 to 23:59")


def duration_faults(duration: Document, place: Place) -> Iterator[JourneyFault]:
    amount, units = whole_number(duration, "amount"), text(duration, "units")
    if amount is not None and units in tuple(DelayUnit) and amount > (most := MOST_OF[DelayUnit(units)]):
        yield out_of_range(place.of("amount"), "longer than ten years", f"at most {most}{units}")
