"""People whom a program, an automation or a rule sends nothing to, so that one can tell what sending does."""

from uuid import UUID, uuid5

from domain.rules.rollout import is_rolled_out

_SALT = "holdout"


def is_held_out(source: UUID, participant_id: UUID, percentage: int) -> bool:
    """Always the same people for one source, others for another; whoever is at one percentage is at every higher one.

    Salted, so that a rule's holdout is not the part of its people that it is rolled out to first.
    """
    return percentage > 0 and is_rolled_out(uuid5(source, _SALT), participant_id, percentage)
