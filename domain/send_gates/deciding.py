"""The gates that look at one message and its person: all but the limits, which messages share."""

from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.gates import Reachability, message_gate, status_gate
from domain.outcomes import SkipReason
from domain.participant import CONSENT_CHANNELS
from domain.send_gates.candidates import OPEN, Candidate, Decision, Person, Surroundings
from domain.send_gates.holdout import is_held_out
from domain.send_gates.quiet_hours import end_of_quiet, zone_of
from domain.send_gates.rules import QuietPolicy, SendingRules
from domain.send_policy import ConsentThreshold
from domain.suppressions import SuppressionReason


def decide_alone(
    candidate: Candidate, person: Person | None, rules: SendingRules, around: Surroundings
) -> Decision:
    """The first gate that is shut, in the order of `EffectGate`. `person` is None for somebody who is gone."""
    shut = status_gate(None if person is None else person.status)
    if shut is not None or person is None:
        return Decision(shut)
    channel, policy = candidate.channel, candidate.policy
    reach = Reachability(person.consent.get(channel.value), candidate.address, policy.consent)
    shut = message_gate(channel, reach)
    if shut is not None:
        return Decision(shut)
    assert candidate.address is not None
    if not is_address(channel, candidate.address):
        # It goes no further than its channel, which says what is wrong with it.
        return OPEN
    if _is_suppressed(candidate, around):
        return Decision(SkipReason.SUPPRESSED)
    if candidate.id in around.sent_before:
        return Decision(SkipReason.ALREADY_SENT)
    if policy.transactional:
        return OPEN
    if _is_held_out(candidate, rules, around):
        return Decision(SkipReason.HOLDOUT)
    return _quiet(candidate, person, rules, around)


def is_address(channel: Channel, address: str | None) -> bool:
    try:
        normal_address(channel, address or "")
    except InvalidAddressError:
        return False
    return True


def _is_suppressed(candidate: Candidate, around: Surroundings) -> bool:
    """Whoever unsubscribed is still sent what goes to `all`; to an address that bounces or complained goes nothing."""
    reason = around.suppressed.get((candidate.channel, candidate.address or ""))
    if reason is SuppressionReason.UNSUBSCRIBE:
        return candidate.policy.consent is not ConsentThreshold.ALL
    return reason is not None


def _is_held_out(candidate: Candidate, rules: SendingRules, around: Surroundings) -> bool:
    person = candidate.participant_id
    if is_held_out(around.program_id, person, rules.holdout_percentage):
        return True
    source = candidate.source
    return source is not None and is_held_out(source, person, candidate.policy.holdout_percentage)


def _quiet(candidate: Candidate, person: Person, rules: SendingRules, around: Surroundings) -> Decision:
    quiet = rules.quiet_hours
    if quiet is None or candidate.channel not in CONSENT_CHANNELS:
        return OPEN
    if quiet.channels and candidate.channel not in quiet.channels:
        return OPEN
    until = end_of_quiet(quiet, zone_of(person.timezone, around.program_timezone), around.now)
    if until is None:
        return OPEN
    return Decision(SkipReason.QUIET_HOURS, until if quiet.policy is QuietPolicy.DEFER else None)
