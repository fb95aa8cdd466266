"""Conditions about segments made at random, and the segments that participants may be in."""

from random import Random

SEGMENTS = (
    "0190b6a0-0000-7000-8000-00000000000a",
    "0190b6a0-0000-7000-8000-00000000000b",
    "f190b6a0-0000-7000-8000-00000000000c",
)
OTHERS = (SEGMENTS[0].upper(), f"{SEGMENTS[0]} ", "", "a\\x00b")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
ITEMS = ("participant.external_id", "participant.email", "participant.attributes.plan", "participant.tags[0]")


def about_segments(random: Random) -> str:
    """A condition that asks for segments, those of SEGMENTS most often."""
    pick = random.choice
    segment = pick((*SEGMENTS, *SEGMENTS, *OTHERS))
    return pick(
        (
            f'in_segment("{segment}")',
            f'in_segment("{segment}")',
            f'"{segment}" in participant.segments',
            f"dyn({pick(('1', 'null', 'true', 'now'))}) in participant.segments",
            f"{pick(ITEMS)} in participant.segments",
            f'in_segment(participant.has_email ? "{segment}" : participant.external_id)',
            f"size(participant.segments) {pick(OPERATORS)} {pick('012')}",
            f'participant.segments[{pick("012")}] == "{segment}"',
            f'participant.segments.{pick(("exists", "all", "exists_one"))}(s, s {pick(OPERATORS)} "{segment}")',
            "participant.segments.exists(s, participant.segments.exists(t, t > s))",
            f'participant.tags.exists(t, in_segment("{segment}"))',
            "participant.tags.all(t, t in participant.segments)",
            "has(participant.segments) && participant.segments != participant.tags",
            f'["{segment}", "x"].all(s, s in participant.segments)',
        )
    )
