"""Limits on what one person is sent, and who goes where they leave room for some."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actions import Channel
from domain.outcomes import SkipReason
from domain.send_gates import (
    Candidate,
    Contact,
    Decision,
    FrequencyCap,
    SendingRules,
    counts,
    limits_of,
    share_out,
)
from domain.send_policy import RecentlyContacted
from tests.domain.send_gates.candidates import NOON, candidate

A_DAY = SendingRules(frequency_caps=(FrequencyCap(messages=1, hours=24),))


def contact(number: int, hours_ago: float, channel: Channel = Channel.EMAIL) -> Contact:
    return Contact(UUID(int=number), channel, NOON - timedelta(hours=hours_ago))


def shared(
    waiting: Sequence[Candidate], contacts: Sequence[Contact] = (), rules: SendingRules = A_DAY
) -> dict[int, Decision]:
    return {id_.int: decision for id_, decision in share_out(waiting, contacts, rules, NOON).items()}


def test_without_limits_everything_goes() -> None:
    waiting = [candidate(number) for number in range(5)]
    assert all(one.is_open for one in shared(waiting, [contact(9, 0)] * 9, SendingRules()).values())


def test_priority_decides_who_goes_and_the_loser_names_the_winner() -> None:
    waiting = [candidate(1, priority=5), candidate(2, priority=-5)]
    assert shared(waiting) == {
        1: Decision(SkipReason.FREQUENCY_CAP, winner=UUID(int=2)),
        2: Decision(),
    }


def test_where_the_past_has_taken_the_room_there_is_no_winner() -> None:
    assert shared([candidate(1)], [contact(9, 23.9)]) == {1: Decision(SkipReason.FREQUENCY_CAP)}
    assert shared([candidate(1)], [contact(9, 24)]) == {1: Decision()}


def test_a_cap_of_one_channel_counts_that_channel_alone() -> None:
    rules = SendingRules(frequency_caps=(FrequencyCap(messages=1, hours=24, channel=Channel.SMS),))
    texted = [contact(9, 1, Channel.SMS)]
    assert shared([candidate(1), candidate(2, Channel.SMS)], texted, rules) == {
        1: Decision(),
        2: Decision(SkipReason.FREQUENCY_CAP),
    }


def test_what_the_person_asked_for_is_neither_kept_nor_counted() -> None:
    waiting = [candidate(1, transactional=True, priority=-9), candidate(2), candidate(3, transactional=True)]
    assert all(one.is_open for one in shared(waiting).values())


def test_what_goes_to_a_configured_destination_is_neither_kept_nor_counted() -> None:
    waiting = [candidate(number, Channel.WEBHOOK) for number in range(4)]
    assert all(one.is_open for one in shared([*waiting, candidate(9)]).values())


def test_a_message_that_is_tried_again_does_not_stand_in_its_own_way() -> None:
    assert shared([candidate(1)], [contact(1, 0.1)]) == {1: Decision()}


def test_the_window_of_an_automation_is_asked_besides_that_of_the_program() -> None:
    window = {"hours": 72}
    mailed = [contact(9, 48)]
    assert shared([candidate(1), candidate(2, recently_contacted=window)], mailed, SendingRules()) == {
        1: Decision(),
        2: Decision(SkipReason.RECENTLY_CONTACTED),
    }
    everybody = SendingRules(recently_contacted=RecentlyContacted(hours=24))
    assert shared([candidate(1)], [contact(9, 23)], everybody) == {1: Decision(SkipReason.RECENTLY_CONTACTED)}
    assert shared([candidate(1)], [contact(9, 25)], everybody) == {1: Decision()}


def test_a_window_may_be_of_the_same_channel() -> None:
    same = {"hours": 24, "same_channel": True}
    texted = [contact(9, 1, Channel.SMS)]
    assert shared([candidate(1, recently_contacted=same)], texted, SendingRules()) == {1: Decision()}


def test_of_two_who_want_nothing_recent_before_them_one_goes() -> None:
    waiting = [candidate(1, recently_contacted={"hours": 1}), candidate(2, recently_contacted={"hours": 1})]
    assert shared(waiting, rules=SendingRules()) == {
        1: Decision(),
        2: Decision(SkipReason.RECENTLY_CONTACTED, winner=UUID(int=1)),
    }


CHANNELS = st.sampled_from([Channel.EMAIL, Channel.SMS, Channel.WEBHOOK])
POLICIES = st.fixed_dictionaries(
    {"priority": st.integers(-2, 2), "transactional": st.booleans()},
    optional={
        "recently_contacted": st.fixed_dictionaries(
            {"hours": st.integers(1, 48), "same_channel": st.booleans()}
        )
    },
)
CAPS = st.builds(
    FrequencyCap,
    messages=st.integers(1, 3),
    hours=st.integers(1, 48),
    channel=st.sampled_from([None, Channel.EMAIL, Channel.SMS]),
)
WINDOWS = st.builds(RecentlyContacted, hours=st.integers(1, 48), same_channel=st.booleans())
RULES = st.builds(
    SendingRules,
    frequency_caps=st.lists(CAPS, max_size=3).map(tuple),
    recently_contacted=st.one_of(st.none(), WINDOWS),
)
WAITING = st.lists(st.tuples(CHANNELS, POLICIES), min_size=1, max_size=6).map(
    lambda said: [candidate(number, channel, **policy) for number, (channel, policy) in enumerate(said)]
)
CONTACTS = st.lists(
    st.builds(
        contact, st.integers(100, 200), st.integers(0, 60), st.sampled_from([Channel.EMAIL, Channel.SMS])
    ),
    max_size=5,
)


@settings(max_examples=100)
@given(WAITING, CONTACTS, RULES, st.randoms(use_true_random=False))
def test_the_order_in_which_messages_come_changes_nothing(
    waiting: list[Candidate], contacts: list[Contact], rules: SendingRules, order: random.Random
) -> None:
    expected = shared(waiting, contacts, rules)
    order.shuffle(waiting)
    order.shuffle(contacts)
    assert shared(waiting, contacts, rules) == expected


@settings(max_examples=100)
@given(WAITING, CONTACTS, RULES)
def test_no_cap_is_exceeded_and_nobody_yields_to_a_lower_rank(
    waiting: list[Candidate], contacts: list[Contact], rules: SendingRules
) -> None:
    decisions = share_out(waiting, contacts, rules, NOON)
    by_id = {one.id: one for one in waiting}
    admitted = [one for one in waiting if decisions[one.id].is_open]
    for cap in rules.frequency_caps:
        covers = [cap.channel] if cap.channel else [Channel.EMAIL, Channel.SMS]
        new = sum(one.channel in covers and counts(one) for one in admitted)
        old = sum(one.channel in covers and one.at > NOON - timedelta(hours=cap.hours) for one in contacts)
        assert new == 0 or old + new <= cap.messages
    for id_, decision in decisions.items():
        if decision.winner is not None:
            assert decisions[decision.winner].is_open
            assert by_id[decision.winner].rank < by_id[id_].rank
        if not limits_of(by_id[id_], rules):
            assert decision.is_open


@settings(max_examples=100)
@given(WAITING, CONTACTS, RULES, st.randoms(use_true_random=False))
def test_whoever_asks_one_by_one_gets_the_same_answers(
    waiting: list[Candidate], contacts: list[Contact], rules: SendingRules, order: random.Random
) -> None:
    """As two paths do that send at once: each settles one of its own while all others still wait.

    But for windows of single automations, which look at what was sent before them.
    """
    waiting = [
        replace(one, policy=one.policy.model_copy(update={"recently_contacted": None})) for one in waiting
    ]
    expected = share_out(waiting, contacts, rules, NOON)
    left, sent = list(waiting), list(contacts)
    got: dict[UUID, Decision] = {}
    while left:
        one: Any = order.choice(left)
        got[one.id] = share_out(left, sent, rules, NOON)[one.id]
        left.remove(one)
        if got[one.id].is_open and counts(one):
            sent.append(Contact(one.id, one.channel, NOON))
    assert {id_: decision.reason for id_, decision in got.items()} == {
        id_: decision.reason for id_, decision in expected.items()
    }
