"""The checks that can keep an effect from one participant, in the order they are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.actions import Channel
from domain.outcomes import Outcome, SkipReason
from domain.participant import CONSENT_CHANNELS, Consent, ParticipantStatus
from domain.send_policy import ConsentThreshold


class EffectGate(StrEnum):
    """What can keep a run's effect from a participant, in the order in which it is asked."""

    FILTER = "filter"
    STATUS = "status"
    GUARD = "guard"
    CONSENT = "consent"
    ADDRESS = "address"
    SUPPRESSION = "suppression"
    ONCE = "once"
    HOLDOUT = "holdout"
    QUIET_HOURS = "quiet_hours"
    RECENTLY_CONTACTED = "recently_contacted"
    FREQUENCY_CAP = "frequency_cap"
    ONCE_PER_ADDRESS = "once_per_address"
    JOURNEY = "journey"


# Explanations are of what is decided for good.
UNDECIDED = (Outcome.PENDING, Outcome.SENDING, Outcome.DEFERRED)

GATE_OF_REASON = {
    SkipReason.PARTICIPANT_NOT_ACTIVE: EffectGate.STATUS,
    SkipReason.PARTICIPANT_DELETED: EffectGate.STATUS,
    SkipReason.GUARD_FALSE: EffectGate.GUARD,
    SkipReason.NO_CONSENT: EffectGate.CONSENT,
    SkipReason.NO_ADDRESS: EffectGate.ADDRESS,
    SkipReason.INVALID_ADDRESS: EffectGate.ADDRESS,
    SkipReason.SUPPRESSED: EffectGate.SUPPRESSION,
    SkipReason.ALREADY_SENT: EffectGate.ONCE,
    SkipReason.HOLDOUT: EffectGate.HOLDOUT,
    SkipReason.QUIET_HOURS: EffectGate.QUIET_HOURS,
    SkipReason.RECENTLY_CONTACTED: EffectGate.RECENTLY_CONTACTED,
    SkipReason.FREQUENCY_CAP: EffectGate.FREQUENCY_CAP,
    SkipReason.DUPLICATE_ADDRESS: EffectGate.ONCE_PER_ADDRESS,
    SkipReason.JOURNEY_NOT_ENABLED: EffectGate.JOURNEY,
    SkipReason.LOOP: EffectGate.JOURNEY,
    SkipReason.AUDIENCE: EffectGate.JOURNEY,
    SkipReason.ENTERED_BEFORE: EffectGate.JOURNEY,
    SkipReason.ENTERED_WITHIN_INTERVAL: EffectGate.JOURNEY,
    SkipReason.CURRENTLY_IN_ANOTHER: EffectGate.JOURNEY,
    SkipReason.RECENTLY_IN_ANOTHER: EffectGate.JOURNEY,
}


@dataclass(frozen=True, slots=True)
class Reachability:
    """What the message gates look at."""

    consent: str | None
    address: str | None
    threshold: ConsentThreshold = ConsentThreshold.SUBSCRIBED


def effect_gates(
    outcome: Outcome | None, reason: SkipReason | None, gates: Sequence[EffectGate]
) -> tuple[tuple[EffectGate, bool | None], ...]:
    """`gates` in their order, each with whether it was open; None where it was not asked.

    `outcome`: of the ledger's row, None when the run did not enroll the participant. An address that is none
    makes it `failed`, and is a gate all the same.
    """
    if outcome is None:
        stop: EffectGate | None = EffectGate.FILTER
    elif outcome is Outcome.SKIPPED or reason is SkipReason.INVALID_ADDRESS:
        stop = None if reason is None else GATE_OF_REASON.get(reason)
    else:
        stop = None
    if stop is None and outcome in (*UNDECIDED, Outcome.SKIPPED):
        # Not decided yet, or cancelled before it was: only that they were enrolled is known.
        return tuple((gate, True if gate is EffectGate.FILTER else None) for gate in gates)
    asked = len(gates) if stop is None else gates.index(stop)
    return tuple(
        (gate, True if place < asked else False if place == asked else None)
        for place, gate in enumerate(gates)
    )


def status_gate(status: str | None) -> SkipReason | None:
    """`status` is None when the person was deleted after the run enrolled them."""
    if status is None:
        return SkipReason.PARTICIPANT_DELETED
    return None if status == ParticipantStatus.ACTIVE else SkipReason.PARTICIPANT_NOT_ACTIVE


def is_wanted(consent: str | None, threshold: ConsentThreshold) -> bool:
    """Whether somebody with this consent is written to. A consent that nobody knows counts as a no."""
    match threshold:
        case ConsentThreshold.SUBSCRIBED:
            return consent == Consent.SUBSCRIBED
        case ConsentThreshold.NON_SUBSCRIBED:
            return consent in (None, Consent.SUBSCRIBED, Consent.NON_SUBSCRIBED)
        case ConsentThreshold.ALL:
            return True


def message_gate(channel: Channel, reach: Reachability) -> SkipReason | None:
    """Consent first, then the address: a person who said no is never reported as unreachable.

    Nobody consents to a channel whose destination is configured: it does not go to the person.
    """
    if channel in CONSENT_CHANNELS and not is_wanted(reach.consent, reach.threshold):
        return SkipReason.NO_CONSENT
    if not reach.address:
        return SkipReason.NO_ADDRESS
    return None
