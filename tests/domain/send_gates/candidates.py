"""Messages that wait, people and surroundings for tests of the gates."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.actions import Channel
from domain.send_gates import NO_RULES, Candidate, Decision, Person, SendingRules, Surroundings, decide_alone
from domain.send_policy import SendPolicy

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PROGRAM, ANA = UUID(int=1), UUID(int=2)


def candidate(number: int = 7, channel: Channel = Channel.EMAIL, **policy: Any) -> Candidate:
    return Candidate(
        id=UUID(int=number),
        participant_id=ANA,
        channel=channel,
        address="ana@example.com" if channel is Channel.EMAIL else "+34612345678",
        policy=SendPolicy(**policy),
        source=UUID(int=9),
    )


def person(**fields: Any) -> Person:
    said: dict[str, Any] = {"status": "ACTIVE", "consent": {"email": "subscribed", "sms": "subscribed"}}
    return Person(id=ANA, **said | fields)


def around(**fields: Any) -> Surroundings:
    said: dict[str, Any] = {"program_timezone": "UTC", "suppressed": {}, "now": NOON}
    return Surroundings(program_id=PROGRAM, **said | fields)


def decided(
    waiting: Candidate, whom: Person | None, rules: SendingRules = NO_RULES, **fields: Any
) -> Decision:
    return decide_alone(waiting, whom, rules, around(**fields))
