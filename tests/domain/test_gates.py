import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.gates import (
    GATE_OF_REASON,
    MAX_ADDRESS_LENGTH,
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


@pytest.mark.parametrize(
    "address",
    ["ana@example.org", "Ana.Nuñez+tag@sub.example.org", "o'brien@example.org", "a@b", "ana@exämple.org"],
)
def test_a_mail_address_passes(address: str) -> None:
    assert mail_gate(address) is None


@pytest.mark.parametrize(
    "address",
    [
        " ",
        "ana",
        "@example.org",
        "ana@",
        "Ana <ana@example.org>",
        "ana@example.org, bo@example.org",
        "ana@example.org\nBcc: eve@example.org",
        "ana @example.org",
        "ana@example.org\0",
        "a" * MAX_ADDRESS_LENGTH + "@example.org",
    ],
)
def test_what_is_no_single_mail_address_is_skipped(address: str) -> None:
    assert mail_gate(address) is SkipReason.INVALID_ADDRESS


@given(st.text())
def test_no_text_breaks_the_gate_and_no_line_break_passes_it(address: str) -> None:
    if mail_gate(address) is None:
        assert "@" in address
        assert not any(character.isspace() and ord(character) < 33 for character in address)


EVERY = tuple(EffectGate)


@pytest.mark.parametrize(
    ("outcome", "reason", "open_"),
    [
        (None, None, (False, None, None, None, None)),
        (Outcome.PENDING, None, (True, None, None, None, None)),
        (Outcome.SKIPPED, SkipReason.CANCELLED, (True, None, None, None, None)),
        (Outcome.SKIPPED, SkipReason.PARTICIPANT_NOT_ACTIVE, (True, False, None, None, None)),
        (Outcome.SKIPPED, SkipReason.GUARD_FALSE, (True, True, False, None, None)),
        (Outcome.SKIPPED, SkipReason.NO_CONSENT, (True, True, True, False, None)),
        (Outcome.SKIPPED, SkipReason.NO_ADDRESS, (True, True, True, True, False)),
        (Outcome.SENT, None, (True, True, True, True, True)),
        (Outcome.FAILED, None, (True, True, True, True, True)),
    ],
)
def test_which_gates_were_open_follows_from_what_became_of_the_effect(
    outcome: Outcome | None, reason: SkipReason | None, open_: tuple[bool | None, ...]
) -> None:
    assert effect_gates(outcome, reason, EVERY) == tuple(zip(EVERY, open_, strict=True))


def test_every_reason_to_skip_belongs_to_a_gate_or_to_the_run_itself() -> None:
    assert set(SkipReason) - GATE_OF_REASON.keys() == {SkipReason.CANCELLED, SkipReason.MISSED}
