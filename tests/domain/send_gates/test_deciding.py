"""The gates that look at one message and its person, in their order."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.gates import is_wanted
from domain.outcomes import SkipReason
from domain.send_gates import OPEN, Decision, QuietHours, SendingRules
from domain.send_policy import ConsentThreshold
from domain.suppressions import SuppressionReason
from tests.domain.send_gates.candidates import NOON, candidate, decided, person

ADDRESS = (Channel.EMAIL, "ana@example.com")
QUIET = QuietHours(start="11:00", end="14:00")


@pytest.mark.parametrize(
    ("threshold", "written_to"),
    [
        ("subscribed", {"subscribed"}),
        ("nonSubscribed", {"subscribed", "nonSubscribed", None}),
        ("all", {"subscribed", "nonSubscribed", "unsubscribed", None, "nonsense"}),
    ],
)
def test_a_threshold_says_whose_consent_is_enough(threshold: str, written_to: set[str | None]) -> None:
    known = ("subscribed", "nonSubscribed", "unsubscribed", None, "nonsense")
    assert {consent for consent in known if is_wanted(consent, ConsentThreshold(threshold))} == written_to


@given(st.one_of(st.none(), st.text(), st.sampled_from(["subscribed", "nonSubscribed", "unsubscribed"])))
def test_each_threshold_writes_to_everybody_that_the_one_before_it_does(consent: str | None) -> None:
    wanted = [is_wanted(consent, threshold) for threshold in ConsentThreshold]
    assert wanted == sorted(wanted)


@pytest.mark.parametrize(("reason", "by_all"), [(each, each == "unsubscribe") for each in SuppressionReason])
def test_a_suppressed_address_gets_nothing_but_what_goes_to_all_who_unsubscribed(
    reason: SuppressionReason, by_all: bool
) -> None:
    kept = Decision(SkipReason.SUPPRESSED)
    suppressed = {ADDRESS: reason}
    assert decided(candidate(), person(), suppressed=suppressed) == kept
    assert decided(candidate(consent="nonSubscribed"), person(), suppressed=suppressed) == kept
    assert decided(candidate(transactional=True), person(), suppressed=suppressed) == kept
    assert decided(candidate(consent="all"), person(), suppressed=suppressed) == (OPEN if by_all else kept)


def test_what_was_sent_for_the_same_before_keeps_also_what_the_person_asked_for() -> None:
    kept = Decision(SkipReason.ALREADY_SENT)
    for asked in (candidate(7), candidate(7, transactional=True)):
        assert decided(asked, person(), sent_before={UUID(int=7)}) == kept
    assert decided(candidate(8), person(), sent_before={UUID(int=7)}) == OPEN


def test_a_suppression_is_of_one_channel() -> None:
    suppressed = {(Channel.SMS, "ana@example.com"): SuppressionReason.MANUAL}
    assert decided(candidate(), person(), suppressed=suppressed) == OPEN


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "SUSPENDED", "consent": {}}, SkipReason.PARTICIPANT_NOT_ACTIVE),
        ({"consent": {}}, SkipReason.NO_CONSENT),
        ({}, SkipReason.SUPPRESSED),
    ],
)
def test_the_first_gate_that_is_shut_is_the_reason(fields: dict[str, Any], reason: SkipReason) -> None:
    rules = SendingRules(holdout_percentage=100, quiet_hours=QUIET)
    suppressed = {ADDRESS: SuppressionReason.BOUNCE}
    assert decided(candidate(), person(**fields), rules, suppressed=suppressed) == Decision(reason)


def test_the_holdout_comes_before_quiet_hours_so_that_it_is_the_same_at_any_time() -> None:
    rules = SendingRules(holdout_percentage=100, quiet_hours=QUIET)
    assert decided(candidate(), person(), rules) == Decision(SkipReason.HOLDOUT)


def test_somebody_who_is_gone_is_not_written_to() -> None:
    assert decided(candidate(), None) == Decision(SkipReason.PARTICIPANT_DELETED)


def test_an_address_that_is_none_is_left_to_its_channel_to_refuse() -> None:
    nowhere = replace(candidate(), address="ana@nowhere")
    assert decided(nowhere, person(), SendingRules(holdout_percentage=100)) == OPEN


def test_what_the_person_asked_for_passes_the_holdout_and_quiet_hours() -> None:
    rules = SendingRules(holdout_percentage=100, quiet_hours=QUIET)
    assert decided(candidate(transactional=True), person(), rules) == OPEN


def test_in_quiet_hours_a_message_waits_for_their_end_on_the_persons_clock() -> None:
    rules = SendingRules(quiet_hours=QUIET)
    assert decided(candidate(), person(timezone="America/New_York"), rules) == OPEN
    in_madrid = decided(candidate(), person(timezone="Europe/Madrid"), rules)
    assert in_madrid == OPEN
    in_london = decided(candidate(), person(timezone="Europe/London"), rules)
    assert in_london == Decision(SkipReason.QUIET_HOURS, datetime(2026, 6, 1, 13, 0, tzinfo=UTC))


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "localtime"])
def test_without_a_zone_of_their_own_the_programs_clock_counts(zone: str | None) -> None:
    rules = SendingRules(quiet_hours=QUIET)
    answer = decided(candidate(), person(timezone=zone), rules, program_timezone="Europe/London")
    assert answer == Decision(SkipReason.QUIET_HOURS, datetime(2026, 6, 1, 13, 0, tzinfo=UTC))


def test_quiet_hours_may_skip_and_may_be_of_some_channels() -> None:
    skipping = SendingRules(quiet_hours=QUIET.model_copy(update={"policy": "skip"}))
    assert decided(candidate(), person(), skipping, now=NOON) == Decision(SkipReason.QUIET_HOURS)
    of_sms = SendingRules(quiet_hours=QUIET.model_copy(update={"channels": (Channel.SMS,)}))
    assert decided(candidate(), person(), of_sms) == OPEN
    assert not decided(candidate(channel=Channel.SMS), person(), of_sms).is_open


def test_what_goes_to_a_configured_destination_knows_no_quiet_hours() -> None:
    rules = SendingRules(quiet_hours=QUIET)
    assert decided(candidate(channel=Channel.WEBHOOK), person(consent={}), rules) == OPEN


@given(st.uuids(), st.integers(0, 100), st.integers(0, 100))
def test_a_holdout_keeps_its_people_and_grows(someone: UUID, one: int, other: int) -> None:
    low, high = sorted((one, other))
    waiting = replace(candidate(), participant_id=someone)
    held = [
        not decided(waiting, person(), SendingRules(holdout_percentage=percentage)).is_open
        for percentage in (0, low, high, 100)
    ]
    assert held == sorted(held)
    assert (held[0], held[-1]) == (False, True)


def test_each_source_holds_out_people_of_its_own_in_about_the_share_it_says() -> None:
    people = [UUID(int=number) for number in range(2_000)]

    def held_out(source: UUID) -> set[UUID]:
        waiting = replace(candidate(holdout_percentage=10), source=source)
        return {one for one in people if not decided(replace(waiting, participant_id=one), person()).is_open}

    first, second = held_out(UUID(int=1)), held_out(UUID(int=2))
    assert 140 <= len(first) <= 260
    assert 140 <= len(second) <= 260
    assert len(first & second) < 60
