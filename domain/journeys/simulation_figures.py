"""What a simulation came to, in figures."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.simulating import Trace

MOST_PATHS = 20


@dataclass(frozen=True, slots=True)
class PathTaken:
    """What was decided on the way, block by block, and how many took it."""

    steps: tuple[str, ...]
    passes: int


@dataclass(frozen=True, slots=True)
class SimulationFigures:
    """`ended`: passes by status, and by reason within it. `per_person`: how many people got how many messages.
    `blocks`: what was decided at each."""

    entered: int
    refused: Mapping[str, int]
    inside: int
    ended: Mapping[str, Mapping[str, int]]
    converted: int
    sent_on: int
    messages: int
    per_day: Mapping[date, int]
    per_block: Mapping[str, int]
    per_channel: Mapping[str, int]
    per_person: Mapping[int, int]
    held_back: Mapping[str, int]
    deferred: int
    blocks: Mapping[str, Mapping[str, int]]
    paths: tuple[PathTaken, ...]


def figures_of(trace: Trace, people: int) -> SimulationFigures:
    """`people`: how many there were, most of whom may have got nothing."""
    ended: dict[str, Counter[str]] = {status: Counter() for status in EnrollmentStatus if _is_end(status)}
    for status, reason in trace.ended.values():
        ended[status][reason or "reached the end"] += 1
    blocks: dict[str, Counter[str]] = {}
    ways: dict[str, list[str]] = {}
    for taken in trace.steps:
        blocks.setdefault(taken.step.block_id, Counter())[taken.step.outcome] += 1
        ways.setdefault(taken.entry_key, []).append(f"{taken.step.block_id}: {taken.step.outcome}")
    by_person: Counter[UUID] = Counter(message.participant_id for message in trace.messages)
    per_person = Counter(by_person.values())
    per_person[0] = people - len(by_person)
    paths = Counter(tuple(way) for way in ways.values()).most_common(MOST_PATHS)
    return SimulationFigures(
        entered=len(trace.entered),
        refused=_sorted(Counter(reason.value for reason in trace.refused)),
        inside=len(trace.entered) - len(trace.ended),
        ended={status: _sorted(reasons) for status, reasons in ended.items()},
        converted=len(trace.converted),
        sent_on=trace.sent_on,
        messages=len(trace.messages),
        per_day=_sorted(Counter(message.at.date() for message in trace.messages)),
        per_block=_sorted(Counter(message.block_id for message in trace.messages)),
        per_channel=_sorted(Counter(message.channel.value for message in trace.messages)),
        per_person=_sorted(per_person),
        held_back=_sorted(Counter(reason.value for reason in trace.held_back)),
        deferred=trace.deferred,
        blocks={block_id: _sorted(counted) for block_id, counted in sorted(blocks.items())},
        paths=tuple(PathTaken(steps, passes) for steps, passes in paths),
    )


def _is_end(status: EnrollmentStatus) -> bool:
    return status in (EnrollmentStatus.COMPLETED, EnrollmentStatus.EXITED, EnrollmentStatus.CANCELLED)


def _sorted(counted: Mapping[Any, int]) -> dict[Any, int]:
    return dict(sorted(counted.items()))
