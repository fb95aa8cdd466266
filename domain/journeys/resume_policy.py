"""What becomes of the people inside a journey that was disabled with a resume policy, once it is enabled again."""

from enum import StrEnum

from domain.journeys.shape import Shape


class ResumeMode(StrEnum):
    """Of steps that fell due meanwhile: `hold` takes them at once, `trickle` so many a minute, and `drop` has the
    people leave who had one. `shift` moves the end of every wait by the time that the journey stood still."""

    HOLD = "hold"
    SHIFT = "shift"
    DROP = "drop"
    TRICKLE = "trickle"


class ResumePolicy(Shape):
    """`per_minute`: with trickle alone."""

    mode: ResumeMode
    per_minute: int | None = None
