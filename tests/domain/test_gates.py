import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.gates import (
    GATE_OF_REASON,
    EffectGate,
    Reachability,
    effect_gates,
    message_gate,
    status_gate,
)
from domain.outcomes import Outcome, SkipReason
from domain.participant import Consent, ParticipantStatus


def mail_gate(address: str | None, consent: str | None = Consent.SUBSCRIBED) -> SkipReason | None:
    return message_gate(Channel.EMAIL, Reachability(consent, address))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (ParticipantStatus.ACTIVE.value, None),
        (ParticipantStatus.SUSPENDED.value, SkipReason.PARTICIPANT_NOT_ACTIVE),
        (ParticipantStatus.CLOSED.value, SkipReason.PARTICIPANT_NOT_ACTIVE),
        ("active", SkipReason.PARTICIPANT_NOT_ACTIVE),
        (None, SkipReason.PARTICIPANT_DELETED),
    ],
)
def test_only_an_active_participant_is_reached(status: str | None, reason: SkipReason | None) -> None:
    assert status_gate(status) is reason


@given(st.one_of(st.none(), st.text(), st.sampled_from(Consent)), st.one_of(st.none(), st.text()))
def test_nobody_is_reached_without_consent(consent: str | None, address: str | None) -> None:
    if consent != "subscribed":
        assert mail_gate(address, consent) is SkipReason.NO_CONSENT


@pytest.mark.parametrize("consent", [None, "nonSubscribed", "unsubscribed", "Subscribed", ""])
def test_a_person_who_said_no_is_never_reported_as_unreachable(consent: str | None) -> None:
    for address in (None, "", "nonsense", "ana@example.org"):
        assert mail_gate(address, consent) is SkipReason.NO_CONSENT


@pytest.mark.parametrize("address", [None, ""])
def test_a_person_without_an_address_is_skipped(address: str | None) -> None:
    assert mail_gate(address) is SkipReason.NO_ADDRESS


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.PUSH])
def test_whoever_is_reached_themselves_has_to_consent(channel: Channel) -> None:
    assert message_gate(channel, Reachability(None, "somewhere")) is SkipReason.NO_CONSENT
    assert message_gate(channel, Reachability("subscribed", "somewhere")) is None


@pytest.mark.parametrize("channel", [Channel.WEBHOOK, Channel.CONSOLE, Channel.APPRISE])
def test_a_channel_with_a_configured_destination_needs_no_consent(channel: Channel) -> None:
    assert message_gate(channel, Reachability(None, "customer-1042")) is None


EVERY = tuple(EffectGate)


@pytest.mark.parametrize(
    ("outcome", "reason", "asked"),
    [
        (Outcome.PENDING, None, 1),
        (Outcome.DEFERRED, None, 1),
        (Outcome.SKIPPED, SkipReason.CANCELLED, 1),
        (Outcome.SENT, None, len(EVERY)),
        (Outcome.FAILED, None, len(EVERY)),
    ],
)
def test_a_gate_was_open_where_nothing_was_kept(
    outcome: Outcome, reason: SkipReason | None, asked: int
) -> None:
    open_ = [True] * asked + [None] * (len(EVERY) - asked)
    assert effect_gates(outcome, reason, EVERY) == tuple(zip(EVERY, open_, strict=True))


@pytest.mark.parametrize(
    ("outcome", "reason", "shut"),
    [
        (None, None, EffectGate.FILTER),
        (Outcome.FAILED, SkipReason.INVALID_ADDRESS, EffectGate.ADDRESS),
        *((Outcome.SKIPPED, reason, gate) for reason, gate in GATE_OF_REASON.items()),
    ],
)
def test_the_gate_that_was_shut_is_the_last_that_was_asked(
    outcome: Outcome | None, reason: SkipReason | None, shut: EffectGate
) -> None:
    before = EVERY.index(shut)
    open_ = [True] * before + [False] + [None] * (len(EVERY) - before - 1)
    assert effect_gates(outcome, reason, EVERY) == tuple(zip(EVERY, open_, strict=True))


def test_every_reason_to_skip_belongs_to_a_gate_or_to_the_run_itself() -> None:
    assert set(SkipReason) - GATE_OF_REASON.keys() == {
        SkipReason.CANCELLED,
        SkipReason.MISSED,
        SkipReason.RUN_HELD,
    }
