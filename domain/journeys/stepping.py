"""One person's next steps in a journey: from where they stand to where they wait or to the end. Pure.

The engine, its tests' reference and the simulator all decide here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.contact_tags import contact_tag
from domain.journeys.arms import arm_of, is_within, place
from domain.journeys.blocks import Action, ActionType, Block, BlockType, DelayZone
from domain.journeys.conditions import Received
from domain.journeys.delays import end_of_delay, end_of_duration
from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from domain.journeys.plan import Node
from domain.journeys.route import Route
from domain.json_limits import MAX_ITEMS, check_json_limits

Row = Mapping[str, Any]


class Decision(StrEnum):
    """What was decided at a block. `sent`: handed over to be sent; what became of it, the message tells. The last three
    are no decisions of a walk: an operator moved or restarted somebody, or publishing moved them to another version."""

    WAITING = "waiting"
    BRANCHED = "branched"
    SENT = "sent"
    CHANGED = "changed"
    ENROLLED = "enrolled"
    SKIPPED = "skipped"
    PASSED = "passed"
    CONVERTED = "converted"
    HELD_OUT = "held_out"
    CANCELLED = "cancelled"
    MOVED = "moved"
    RESTARTED = "restarted"
    MIGRATED = "migrated"


# A wait's end is told by its branch, after its beginning was.
ENDS_OF_WAITS = frozenset({"branched:event", "branched:timeout"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody stands: at `block_id`, None before the first. `waiting_since`: the block's wait has begun, and
    since steps are asked for, is over. `event_came`: the event that the block is about has come."""

    block_id: str | None = None
    waiting_since: datetime | None = None
    event_came: bool = False


@dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody who is due. `row`: their columns by name. `event`: the data of the one that brought them here.
    `received`: by block, what became of the messages that the route asks about."""

    participant_id: UUID
    entered_at: datetime
    position: Position
    row: Row
    zone: ZoneInfo
    event: Row
    received: Mapping[str, Received]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody cannot be sent what a block sends, as a code without anybody's data."""

    reason: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What steps need beyond the person. `now`: when they are taken. `zone`: of the program.

    `values_of`: what conditions see, from a row and the event's data. `compose`: what a block of a route sends to a
    row, as whoever hands it over wants it, or why it sends nothing.
    """

    now: datetime
    zone: ZoneInfo
    values_of: Callable[[Row, Row], Mapping[str, object]]
    compose: Callable[[Route, Block, Row, Row], "object | Refusal"]


@dataclass(frozen=True, slots=True)
class Step:
    block_id: str
    decision: Decision
    reason: str | None = None

    @property
    def outcome(self) -> str:
        """The decision with what distinguishes it, as `branched:true` and `skipped:no_consent`; not until when somebody
        waits, nor why a condition could not be asked."""
        if self.reason is None or self.decision is Decision.WAITING:
            return self.decision.value
        return f"{self.decision.value}:{self.reason.partition(':')[0]}"


@dataclass(frozen=True, slots=True)
class Sending:
    """`content`: what was composed."""

    block_id: str
    content: Any


@dataclass(frozen=True, slots=True)
class EnrollingElsewhere:
    block_id: str
    journey_id: str


Effect = Sending | EnrollingElsewhere


@dataclass(slots=True)
class Walked:
    """The steps that were taken, and where they led. `row`: as they left it.

    Whoever is still `active` stands at `block_id`, waiting since now, until `wake_at`; whoever is not, has left there.
    """

    row: Row
    status: EnrollmentStatus = EnrollmentStatus.ACTIVE
    block_id: str | None = None
    wake_at: datetime | None = None
    reason: str | None = None
    steps: list[Step] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)


SENDS = frozenset(
    {
        ActionType.SEND_EMAIL,
        ActionType.SEND_SMS,
        ActionType.SEND_PUSH,
        ActionType.SEND_WHATSAPP,
        ActionType.SEND_WEBHOOK,
    }
)


def walk(route: Route, traveller: Traveller, around: Surroundings) -> Walked:
    """Take steps until the person waits, or is through. They end: no block leads back."""
    stands = traveller.position
    walked = Walked(traveller.row, block_id=stands.block_id)
    begun = stands.block_id is not None
    at = stands.block_id if begun else route.plan.first
    walker = _Walker(route, traveller, around, walked)
    while at is not None and walked.status is EnrollmentStatus.ACTIVE:
        node = route.plan.nodes.get(at)
        if node is None:
            walked.status, walked.reason = EnrollmentStatus.EXITED, ExitReason.BLOCK_GONE
            return walked
        walked.block_id = at
        at = walker.take(node)
        if walked.wake_at is not None:
            return walked
    if walked.status is EnrollmentStatus.ACTIVE:
        walked.status = EnrollmentStatus.COMPLETED
    return walked


def leave_without(row: Row, stands_at: str | None, block_id: str, reason: str) -> Walked:
    """The next step of somebody whom the message of `block_id` was kept from when it was due, and may not be: they
    leave where they stand."""
    step = Step(block_id, Decision.CANCELLED, reason)
    return Walked(row, EnrollmentStatus.CANCELLED, stands_at, reason=reason, steps=[step])


class _Walker:
    def __init__(self, route: Route, traveller: Traveller, around: Surroundings, walked: Walked) -> None:
        self._route = route
        self._traveller = traveller
        self._around = around
        self._walked = walked

    def take(self, node: Node) -> str | None:
        """What is decided at a block; answers the next one."""
        return _TAKE[node.block.type](self, node)

    def delay(self, node: Node) -> str | None:
        delay = node.block.delay
        assert delay is not None
        if self._has_waited(node):
            return node.next
        zone = self._traveller.zone if delay.timezone is DelayZone.CONTACT else self._around.zone
        end = end_of_delay(delay, self._begins(node), zone)
        if end <= self._around.now:
            self._step(node, Decision.PASSED)
            return node.next
        return self._wait(node, end)

    def wait(self, node: Node) -> str | None:
        block = node.block.wait
        assert block is not None
        came, timed_out = node.branches
        if self._has_waited(node):
            event_came = self._traveller.position.event_came
            self._step(node, Decision.BRANCHED, "event" if event_came else "timeout")
            return came if event_came else timed_out
        return self._wait(node, end_of_duration(block.timeout, self._around.now, self._around.zone))

    def split(self, node: Node) -> str | None:
        holds, problem = self._route.splits[node.id].judge(self._values, self._traveller.received)
        self._step(
            node, Decision.BRANCHED, ("true" if holds else "false") + (f": {problem}" if problem else "")
        )
        return node.branches[0 if holds else 1]

    def ab_testing(self, node: Node) -> str | None:
        assert node.block.ab_testing is not None
        is_a = is_within(node.block.ab_testing.a_blocks_percentage, self._place(node))
        self._step(node, Decision.BRANCHED, "a" if is_a else "b")
        return node.branches[0 if is_a else 1]

    def random_split(self, node: Node) -> str | None:
        assert node.block.random_split is not None
        arm = arm_of([arm.weight for arm in node.block.random_split.arms], self._place(node))
        self._step(node, Decision.BRANCHED, f"arm {arm + 1}")
        return node.branches[arm]

    def holdout(self, node: Node) -> str | None:
        assert node.block.holdout is not None
        if is_within(node.block.holdout.percentage, self._place(node)):
            self._step(node, Decision.HELD_OUT)
            self._walked.status, self._walked.reason = EnrollmentStatus.EXITED, ExitReason.HELD_OUT
            return None
        self._step(node, Decision.PASSED)
        return node.next

    def goal(self, node: Node) -> str | None:
        stands = self._traveller.position
        reached = stands.event_came and stands.block_id == node.id
        self._step(node, Decision.CONVERTED if reached else Decision.PASSED)
        return node.next

    def action(self, node: Node) -> str | None:
        action = node.block.action
        assert action is not None
        if action.type in SENDS:
            self._send(node, action)
        elif action.enroll_journey is not None:
            self._walked.effects.append(EnrollingElsewhere(node.id, action.enroll_journey.automation_id))
            self._step(node, Decision.ENROLLED)
        else:
            problem = self._change(action)
            self._step(node, Decision.CHANGED if problem is None else Decision.SKIPPED, problem)
        return node.next

    def _send(self, node: Node, action: Action) -> None:
        content = self._around.compose(self._route, node.block, self._walked.row, self._traveller.event)
        if not isinstance(content, Refusal):
            self._walked.effects.append(Sending(node.id, content))
            self._step(node, Decision.SENT)
        elif is_skip_allowed(action):
            self._step(node, Decision.SKIPPED, content.reason)
        else:
            self._step(node, Decision.CANCELLED, content.reason)
            self._walked.status, self._walked.reason = EnrollmentStatus.CANCELLED, content.reason

    def _change(self, action: Action) -> str | None:
        """Change the row; why it could not be changed, if so."""
        row = self._walked.row
        if action.add_tag is not None and action.add_tag.value not in row["tags"]:
            if len(row["tags"]) >= MAX_ITEMS:
                return "too many tags"
            self._walked.row = {**row, "tags": [*row["tags"], action.add_tag.value]}
        elif action.remove_tag is not None:
            kept = [tag for tag in row["tags"] if contact_tag(tag) != action.remove_tag.value]
            if len(kept) < len(row["tags"]):
                self._walked.row = {**row, "tags": kept}
        elif action.update_attribute is not None:
            name, value = action.update_attribute.name, action.update_attribute.value
            attributes = {key: kept for key, kept in row["attributes"].items() if key != name}
            if value is not None:
                attributes[name] = value
            if check_json_limits(attributes):
                return "too large attributes"
            self._walked.row = {**row, "attributes": attributes}
        return None

    def _begins(self, node: Node) -> datetime:
        """What comes first counts from the entry, which may be that of an event long ago."""
        first = node.id == self._route.plan.first
        return self._traveller.entered_at if first else self._around.now

    def _has_waited(self, node: Node) -> bool:
        stands = self._traveller.position
        return stands.block_id == node.id and stands.waiting_since is not None

    def _wait(self, node: Node, until: datetime) -> str:
        self._walked.wake_at = until
        self._step(node, Decision.WAITING, f"until {until.isoformat(timespec='seconds')}")
        return node.id

    def _place(self, node: Node) -> int:
        return place(self._route.journey_id, node.id, self._traveller.participant_id)

    def _values(self) -> Mapping[str, object]:
        return self._around.values_of(self._walked.row, self._traveller.event)

    def _step(self, node: Node, decision: Decision, reason: str | None = None) -> None:
        self._walked.steps.append(Step(node.id, decision, reason))


_TAKE: Mapping[BlockType, Callable[[_Walker, Node], str | None]] = {
    BlockType.DELAY: _Walker.delay,
    BlockType.ACTION: _Walker.action,
    BlockType.SPLIT: _Walker.split,
    BlockType.AB_TESTING: _Walker.ab_testing,
    BlockType.WAIT: _Walker.wait,
    BlockType.GOAL: _Walker.goal,
    BlockType.HOLDOUT: _Walker.holdout,
    BlockType.RANDOM_SPLIT: _Walker.random_split,
}


def is_skip_allowed(action: Action) -> bool:
    """Whether whoever cannot be sent this goes on without it. Of a webhook they always do."""
    for send in (action.send_email, action.send_sms, action.send_push, action.send_whatsapp):
        if send is not None:
            return send.is_skip_allowed
    return True
