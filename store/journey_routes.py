"""Published versions of journeys, compiled to be walked. They never change, so a process compiles each once."""

from collections import OrderedDict
from collections.abc import Collection
from functools import lru_cache
from time import thread_time

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import PARTICIPANT_EVENT, Condition, compile_condition, with_breaker
from domain.expressions.limits import CACHED_CONDITIONS
from domain.journeys.definition import JourneyDefinition
from domain.journeys.route import Route, compile_route
from store.tables import JourneyVersion

MOST_KEPT = 2_000
_kept: OrderedDict[tuple[str, str], Route] = OrderedDict()


async def routes_of(session: AsyncSession, journey_id: str, versions: Collection[str]) -> dict[str, Route]:
    """The routes of versions of a journey, by content hash; of a version that is gone there is none."""
    found = {hash_: route for hash_ in versions if (route := _kept.get((journey_id, hash_))) is not None}
    missing = [hash_ for hash_ in versions if hash_ not in found]
    if missing:
        statement = select(JourneyVersion).where(
            col(JourneyVersion.journey_id) == journey_id, col(JourneyVersion.content_hash).in_(missing)
        )
        for version in await session.exec(statement):
            found[version.content_hash] = _compiled(version)
    return found


def _compiled(version: JourneyVersion) -> Route:
    definition = JourneyDefinition.model_validate(version.definition)
    route = compile_route(version.journey_id, version.content_hash, definition, _timed)
    _kept[version.journey_id, version.content_hash] = route
    if len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return route


@lru_cache(maxsize=CACHED_CONDITIONS)
def _timed(text: str) -> Condition:
    """One for all slices, as whether a condition is slow shows over many evaluations."""
    return with_breaker(compile_condition(text, PARTICIPANT_EVENT), thread_time)
