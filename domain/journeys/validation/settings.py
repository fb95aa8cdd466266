"""The settings of a journey: who gets its messages, and how often people may enter."""

from collections.abc import Iterator

from domain.condition_forms.errors import Place
from domain.journeys.definition import LimiterMode, LimiterUnit, OverlapMode
from domain.journeys.validation.faults import JourneyFault, missing, not_allowed, out_of_range, required
from domain.journeys.validation.reading import Document, child, is_given, text, whole_number
from domain.journeys.validation.surroundings import Surroundings

MOST_OF = {LimiterUnit.HOURS: 8_760, LimiterUnit.DAYS: 365, LimiterUnit.WEEKS: 52}


def settings_faults(settings: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    limiter = child(settings, "frequencyLimiter")
    yield from _frequency_faults(limiter, place.of("frequencyLimiter"))
    overlap = child(settings, "overlapLimiter")
    yield from _overlap_faults(overlap, around, place.of("overlapLimiter"))


def _frequency_faults(limiter: Document, place: Place) -> Iterator[JourneyFault]:
    at = place.of("duration")
    mode = text(limiter, "mode")
    if mode == LimiterMode.ONCE and is_given(limiter, "duration"):
        yield not_allowed(at, "not with mode once", "no such field")
    if mode == LimiterMode.INTERVAL and not is_given(limiter, "duration"):
        yield required(at, "a duration, with mode interval")
    duration = child(limiter, "duration")
    amount, units = whole_number(duration, "amount"), text(duration, "units")
    if amount is not None and units in tuple(LimiterUnit) and amount > (most := MOST_OF[LimiterUnit(units)]):
        yield out_of_range(at.of("amount"), "too much", f"at most {most}{units}")


def _overlap_faults(limiter: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    at = place.of("withinDays")
    mode = text(limiter, "mode")
    if mode == OverlapMode.CURRENTLY_IN and is_given(limiter, "withinDays"):
        yield not_allowed(at, "not with mode currentlyIn", "no such field")
    if mode == OverlapMode.RECENTLY_IN and not is_given(limiter, "withinDays"):
        yield required(at, "1 to 7, with mode recentlyIn")
    ids = limiter.get("automationIDs")
    if isinstance(ids, list | tuple):
        for index, each_id in enumerate(ids):
            where = place.of("automationIDs").of(index)
            if isinstance(each_id, str) and each_id == around.own_id:
                yield not_allowed(where, "this automation itself", "other automations")
            elif isinstance(each_id, str) and each_id not in around.journeys:
                yield missing(where, "automation")
