"""What the conditions and the messages of a journey see of somebody."""

from collections.abc import Callable, Mapping
from datetime import datetime

from domain.journeys.stepping import Row
from store.participant_values import template_values, values_of_everything
from store.tables import Program


def values_at(program: Program, now: datetime) -> Callable[[Row, Row], Mapping[str, object]]:
    """What conditions see, from a row and the data of the event that brought them here."""
    constants: dict[str, object] = {
        "now": now,
        "program.id": str(program.id),
        "program.name": program.name,
        "program.timezone": program.timezone,
    }

    def values(row: Row, event: Row) -> Mapping[str, object]:
        return {**constants, **values_of_everything(row), "event": event}

    return values


def message_values(row: Row, event: Row) -> Mapping[str, object]:
    person = template_values(row)
    return {"participant": person, "contact": person, "event": event}
