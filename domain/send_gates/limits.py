"""Limits on how much one person is sent, and who goes where they leave room for some of what waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.actions import Channel
from domain.outcomes import SkipReason
from domain.participant import CONSENT_CHANNELS
from domain.send_gates.candidates import OPEN, Candidate, Contact, Decision
from domain.send_gates.rules import SendingRules
from domain.send_policy import RecentlyContacted


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many `messages` in any `window`; of one `channel`, or of all."""

    reason: SkipReason
    messages: int
    window: timedelta
    channel: Channel | None

    def covers(self, channel: Channel) -> bool:
        return self.channel is None or self.channel is channel


def counts(candidate: Candidate) -> bool:
    """Whether it takes room under limits: not what the person asked for, nor what does not go to them."""
    return not candidate.policy.transactional and candidate.channel in CONSENT_CHANNELS


def limits_of(candidate: Candidate, rules: SendingRules) -> tuple[Limit, ...]:
    """In the order in which they are asked; none for what does not count either."""
    channel, policy = candidate.channel, candidate.policy
    if not counts(candidate):
        return ()
    windows = (
        _window(said, channel) for said in (policy.recently_contacted, rules.recently_contacted) if said
    )
    caps = (
        Limit(SkipReason.FREQUENCY_CAP, cap.messages, timedelta(hours=cap.hours), cap.channel)
        for cap in rules.frequency_caps
        if cap.channel is None or cap.channel is channel
    )
    return (*windows, *caps)


def longest_window(limits: Iterable[Limit]) -> timedelta:
    return max((limit.window for limit in limits), default=timedelta())


def share_out(
    waiting: Iterable[Candidate], contacts: Sequence[Contact], rules: SendingRules, now: datetime
) -> dict[UUID, Decision]:
    """Which of all the messages that wait for one person may go, by their ids.

    By rank: `priority`, then the id. So it does not matter in which order they came, or who asks first.
    `contacts`: what the person was sent before. A message among them that waits again is not counted against itself.
    """
    again = {candidate.id: candidate for candidate in waiting}
    sent = [contact for contact in contacts if contact.message_id not in again]
    decisions: dict[UUID, Decision] = {}
    admitted: list[Candidate] = []
    for candidate in sorted(again.values(), key=lambda one: one.rank):
        limits = limits_of(candidate, rules)
        decisions[candidate.id] = _place(limits, sent, admitted, now)
        if counts(candidate) and decisions[candidate.id].is_open:
            admitted.append(candidate)
    return decisions


def _place(
    limits: Sequence[Limit], sent: Sequence[Contact], admitted: Sequence[Candidate], now: datetime
) -> Decision:
    for limit in limits:
        before = sum(limit.covers(one.channel) and one.at > now - limit.window for one in sent)
        ahead = [one for one in admitted if limit.covers(one.channel)]
        if before + len(ahead) >= limit.messages:
            return Decision(limit.reason, winner=ahead[-1].id if before < limit.messages else None)
    return OPEN


def _window(said: RecentlyContacted, channel: Channel) -> Limit:
    of_channel = channel if said.same_channel else None
    return Limit(SkipReason.RECENTLY_CONTACTED, 1, timedelta(hours=said.hours), of_channel)
