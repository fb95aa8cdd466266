"""Which segments made-up people are in. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from domain.expressions import Condition
from domain.journeys.event_patterns import EventPattern
from domain.journeys.stepping import Row
from domain.segment_events import segments_picked


class SimulatedSegments:
    """By the segments' own conditions, as of any instant: nobody waits for a refresh.

    `conditions`: by segment. `values_of`: what they see of somebody, from a row and the instant.
    """

    def __init__(
        self,
        conditions: Mapping[UUID, Condition],
        values_of: Callable[[Row, datetime], Mapping[str, object]],
    ) -> None:
        self._conditions = dict(sorted(conditions.items()))
        self._values_of = values_of
        self._asked_last: dict[UUID, tuple[Row, datetime, list[str]]] = {}

    def of(self, row: Row, now: datetime) -> list[str]:
        """The ids of the segments that somebody is in, in order."""
        last = self._asked_last.get(row["id"])
        if last is None or last[0] is not row or last[1] != now:
            values = self._values_of(row, now)
            found = [str(id_) for id_, one in self._conditions.items() if one.evaluate(values).matched]
            last = self._asked_last[row["id"]] = (row, now, found)
        return last[2]

    def members(self, people: Mapping[UUID, Row], pattern: EventPattern, now: datetime) -> list[UUID]:
        """Those who are in any segment whose `entered segment` events a trigger picks."""
        picked = {str(id_) for id_ in segments_picked(pattern, self._conditions)}
        return [who for who, row in people.items() if not picked.isdisjoint(self.of(row, now))]
