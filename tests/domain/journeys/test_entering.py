"""Who may enter: the gates, their order, and what each goes by."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.entering import Applicant, EntryGates, EntryRefusal, Passage, chain_link, entry_gates
from domain.rules.gating import MAX_CHAIN
from tests.domain.journeys.samples import NOW, definition, filters

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def gates(frequency: Any = None, overlap: Any = None, **parts: Any) -> EntryGates:
    settings = {"frequencyLimiter": frequency, "overlapLimiter": overlap}
    return entry_gates("j", definition(settings=settings, **parts))


def interval(amount: int, units: str) -> dict[str, Any]:
    return {"mode": "interval", "duration": {"amount": amount, "units": units}}


def overlap(mode: str, *ids: str, days: int | None = None) -> dict[str, Any]:
    return {"mode": mode, "automationIDs": ids, "withinDays": days}


def test_without_limits_everybody_active_enters_however_often() -> None:
    often = {"j": Passage(NOW, True, NOW)}
    assert gates().refusal(Applicant("ACTIVE", True, often), NOW) is None
    assert gates().refusal(Applicant("SUSPENDED"), NOW) is EntryRefusal.PARTICIPANT_NOT_ACTIVE


def test_once_is_once_for_ever() -> None:
    once = gates({"mode": "once"})
    assert once.refusal(Applicant("ACTIVE", True, {}), NOW) is None
    long_ago = {"j": Passage(NOW - 1_000 * DAY, False, NOW - 999 * DAY)}
    assert once.refusal(Applicant("ACTIVE", True, long_ago), NOW) is EntryRefusal.ENTERED_BEFORE


@pytest.mark.parametrize(
    ("limit", "length"),
    [(interval(36, "h"), 36 * HOUR), (interval(2, "d"), 2 * DAY), (interval(1, "w"), 7 * DAY)],
)
def test_an_interval_counts_from_the_last_entry_not_from_the_end(limit: Any, length: timedelta) -> None:
    limited = gates(limit)
    entered = {"j": Passage(NOW, False, NOW + length / 2)}
    just_before = NOW + length - timedelta(microseconds=1)
    assert (
        limited.refusal(Applicant("ACTIVE", True, entered), just_before)
        is EntryRefusal.ENTERED_WITHIN_INTERVAL
    )
    assert limited.refusal(Applicant("ACTIVE", True, entered), NOW + length) is None


def test_whoever_is_in_another_journey_is_kept_out_while_they_are() -> None:
    limited = gates(None, overlap("currentlyIn", "k", "l"))
    assert (
        limited.refusal(Applicant("ACTIVE", True, {"l": Passage(NOW, True)}), NOW)
        is EntryRefusal.CURRENTLY_IN_ANOTHER
    )
    assert limited.refusal(Applicant("ACTIVE", True, {"l": Passage(NOW - HOUR, False, NOW)}), NOW) is None
    assert limited.refusal(Applicant("ACTIVE", True, {"other": Passage(NOW, True)}), NOW) is None


def test_whoever_was_in_another_journey_is_kept_out_for_some_days_after() -> None:
    limited = gates(None, overlap("recentlyIn", "k", days=2))
    left = {"k": Passage(NOW - 9 * DAY, False, NOW)}
    just_before = NOW + 2 * DAY - timedelta(microseconds=1)
    assert limited.refusal(Applicant("ACTIVE", True, left), just_before) is EntryRefusal.RECENTLY_IN_ANOTHER
    assert limited.refusal(Applicant("ACTIVE", True, left), NOW + 2 * DAY) is None
    assert (
        limited.refusal(Applicant("ACTIVE", True, {"k": Passage(NOW, True)}), NOW)
        is EntryRefusal.CURRENTLY_IN_ANOTHER
    )


def test_waiting_to_be_quiet_is_not_yet_being_in_a_journey() -> None:
    waiting = Passage().with_current([(NOW, True)])
    assert (
        gates(None, overlap("currentlyIn", "k")).refusal(Applicant("ACTIVE", True, {"k": waiting}), NOW)
        is None
    )


@given(st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["none", "now", "before"]))
def test_the_first_gate_that_is_shut_is_told(
    active: bool, in_audience: bool, entered: bool, other: str
) -> None:
    limited = gates({"mode": "once"}, overlap("recentlyIn", "k", days=1))
    passages = {"j": Passage(NOW - DAY, False, NOW - HOUR)} if entered else {}
    if other != "none":
        passages["k"] = Passage(NOW - DAY, other == "now", NOW - HOUR)
    shut = [
        reason
        for is_shut, reason in (
            (not active, EntryRefusal.PARTICIPANT_NOT_ACTIVE),
            (not in_audience, EntryRefusal.AUDIENCE),
            (entered, EntryRefusal.ENTERED_BEFORE),
            (other == "now", EntryRefusal.CURRENTLY_IN_ANOTHER),
            (other == "before", EntryRefusal.RECENTLY_IN_ANOTHER),
        )
        if is_shut
    ]
    status = "ACTIVE" if active else "CLOSED"
    assert limited.refusal(Applicant(status, in_audience, passages), NOW) is (shut[0] if shut else None)


def test_gates_say_which_journeys_they_look_at() -> None:
    assert gates().journeys_looked_at == frozenset()
    assert gates({"mode": "once"}).journeys_looked_at == {"j"}
    assert gates(None, overlap("currentlyIn", "k", "l")).journeys_looked_at == {"k", "l"}


def test_an_audience_is_asked_of_the_participants_values() -> None:
    only_vips = gates(audience=filters(("tag", "eq", "vip")))
    assert only_vips.in_audience({"participant.tags": ["vip"]})
    assert not only_vips.in_audience({"participant.tags": []})
    assert gates().in_audience({})


def test_what_a_journey_has_led_to_does_not_lead_back_to_it_nor_on_without_end() -> None:
    own = (uuid4(), chain_link("j"))
    long = tuple(uuid4() for _ in range(MAX_CHAIN))
    for chain in (own, long):
        assert gates().refusal(Applicant("ACTIVE", chain=chain), NOW) is EntryRefusal.LOOP
    assert gates().refusal(Applicant("ACTIVE", chain=(uuid4(), chain_link("k"))), NOW) is None
