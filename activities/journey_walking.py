"""Deciding the steps of a slice of people."""

from datetime import datetime
from uuid import UUID

from domain.journeys.composing import Composer
from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from domain.journeys.stepping import Row, Surroundings, Traveller, Walked, leave_without, walk
from domain.program_settings import readable_rules
from domain.schedules import timezone_names, validate_timezone
from domain.send_gates import Surroundings as GateSurroundings
from store.journey_slices import Due, Slice
from store.journey_values import message_values, values_at


def walk_people(slice_: Slice, now: datetime) -> list[Walked]:
    """What each of the slice decides, in their order. Somebody who is there twice goes on as they were left."""
    zone = validate_timezone(slice_.program.timezone)
    around = Surroundings(now, zone, values_at(slice_.program, now), _composer(slice_, now).compose)
    rows: dict[UUID, Row] = {}
    walks = []
    for due in slice_.people:
        row = rows.get(due.person["id"], due.person)
        walks.append(_walked(due, row, around))
        rows[due.person["id"]] = walks[-1].row
    return walks


def _walked(due: Due, row: Row, around: Surroundings) -> Walked:
    if due.route is None:
        return Walked(row, EnrollmentStatus.EXITED, due.position.block_id, reason=ExitReason.BLOCK_GONE)
    if due.kept_back is not None:
        return leave_without(row, due.position.block_id, *due.kept_back)
    own = row["timezone"]
    traveller = Traveller(
        participant_id=row["id"],
        # Whoever had to be quiet first is in from now on.
        entered_at=around.now if due.status is EnrollmentStatus.WAITING_INACTIVITY else due.entered_at,
        position=due.position,
        row=row,
        zone=validate_timezone(own) if own in timezone_names() else around.zone,
        event=due.event,
        received=due.received,
    )
    return walk(due.route, traveller, around)


def _composer(slice_: Slice, now: datetime) -> Composer:
    program = slice_.program
    around = GateSurroundings(program.id, program.timezone, slice_.suppressed, now)
    rules = readable_rules(program.settings)
    return Composer(message_values, slice_.templates, rules, around, slice_.utm)
