"""What a condition can say, and what it then means."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.expressions import PARTICIPANT, PARTICIPANT_EVENT, compile_condition

from .values import NOW, values


@pytest.mark.parametrize(
    "text",
    [
        '"vip" in participant.tags && participant.counters.points >= 1000',
        "participant.counters.points >= 1000.5",
        "participant.counters.spend < 100",
        "participant.counters.points == 1200.0",
        'participant.tiers.loyalty == "gold"',
        'participant.consent.email == "subscribed"',
        'participant.attributes["plan"] == "pro"',
        'participant.attributes.address.city == "Oslo"',
        '"plan" in participant.attributes',
        "participant.attributes.note == null",
        'participant.attributes.exists(key, key == "plan")',
        "participant.tags.size() == 2",
        'participant.tags.exists(tag, tag.startsWith("beta-"))',
        'participant.tags.filter(tag, tag != "vip").map(tag, tag.size()).all(size, size == 6)',
        'participant.email.matches("^[a-z]+@corp[.]example$")',
        'participant.has_email ? participant.email.endsWith(".example") : false',
        'participant.created_at < timestamp("2026-05-02T00:00:00Z")',
        'now - participant.created_at == duration("240h")',
        'program.timezone == "UTC" && participant.status == "ACTIVE"',
        'participant.first_name == "Ada" // her first name',
        "double(participant.counters.points) / 2.0 == 600.0",
        'participant.attributes.plan in ["basic", "pro"]',
    ],
)
def test_these_conditions_hold(text: str) -> None:
    assert compile_condition(text).evaluate(values()).matched


@pytest.mark.parametrize(
    "text",
    [
        'get(participant.counters, "purchase_count", 0.0) < 10.0',
        'get(participant.counters, "points", 0.0) >= 10.0',
        'get(get(participant.attributes, "address", {}), "city", "nowhere") == "Oslo"',
        'get(participant.attributes, participant.first_name, "none") == "none"',
        'get(participant.consent, "sms", "nonSubscribed") == "nonSubscribed"',
        "participant.tags.exists(tag, get(participant.counters, tag, 0) == 0)",
        "round(participant.attributes.score, 1) == 7.3",
        "round(participant.counters.points, 0) == 1200",
        "round(-2.5, 0) == -3.0",
        "days_since(participant.created_at) == 10",
        "days_since(participant.created_at) >= 9.5",
        'days_since(timestamp("2026-05-12T13:00:00Z")) == -1',
        'in_segment("s-1") && !in_segment("s-2")',
        'participant.tags.exists(tag, days_since(participant.created_at) > 9 && tag == "vip")',
    ],
)
def test_helpers_are_available(text: str) -> None:
    assert compile_condition(text).evaluate(values()).matched


def test_a_helper_shows_in_the_variables_that_it_reads() -> None:
    assert compile_condition("days_since(participant.created_at) > 1").variables == {
        "participant.created_at",
        "now",
    }
    assert compile_condition('in_segment("a")').variables == {"participant.segments"}


@pytest.mark.parametrize(
    "text",
    [
        "has(participant.email)",
        "!has(participant.phone)",
        "has( participant\n.email )\n&& true",
        "!has(participant.last_contacted_at) || days_since(participant.last_contacted_at) > 7",
        "has(participant.attributes.plan) && !has(participant.attributes.nothing)",
        "has(participant.tags) && has(program.name)",
    ],
)
def test_has_tells_of_fields_and_of_whole_variables(text: str) -> None:
    assert compile_condition(text).evaluate(values()).matched


def test_has_in_text_is_just_text() -> None:
    condition = compile_condition('participant.first_name == "has(participant.email)"')
    assert condition.evaluate(values(first_name="has(participant.email)")).matched
    assert condition.variables == {"participant.first_name"}


def test_variables_are_those_referred_to() -> None:
    condition = compile_condition(
        '"vip" in participant.tags && now > participant.created_at && has(participant.email)'
    )
    assert condition.variables == {"participant.tags", "now", "participant.created_at", "participant.email"}


def test_only_the_variables_referred_to_are_needed() -> None:
    assert compile_condition("participant.has_email").evaluate({"participant.has_email": True}).matched


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=-8)), timezone(timedelta(hours=5, minutes=30))]
)
def test_one_instant_is_the_same_in_any_zone(zone: timezone) -> None:
    condition = compile_condition('participant.created_at == timestamp("2026-05-01T12:00:00.000001Z")')
    moment = datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC).astimezone(zone)
    assert condition.evaluate(values(created_at=moment)).matched


def test_the_event_is_there_only_where_there_is_one() -> None:
    text = 'event.amount >= 50 && get(event, "coupon", "") == ""'
    condition = compile_condition(text, PARTICIPANT_EVENT)
    assert condition.evaluate({"event": {"amount": 50.0}}).matched
    assert not condition.evaluate({"event": {"amount": 50.0, "coupon": "X"}}).matched
    assert "event" not in PARTICIPANT.variables


def test_the_same_text_is_compiled_once() -> None:
    assert compile_condition("now > participant.created_at") is compile_condition(
        "now > participant.created_at"
    )


def test_now_is_the_value_given_not_the_clock() -> None:
    condition = compile_condition("days_since(participant.created_at) == 3650")
    later = {**values(), "now": NOW + timedelta(days=3640)}
    assert condition.evaluate(later).matched


@pytest.mark.parametrize(
    ("participants", "programs", "hour"),
    [("Asia/Kolkata", "Europe/Oslo", 17), (None, "Europe/Oslo", 14), ("America/New_York", "UTC", 8)],
)
def test_local_time_is_the_participants_or_else_the_programs(
    participants: str | None, programs: str, hour: int
) -> None:
    condition = compile_condition(f"local(now).getHours() == {hour}")
    own = values(timezone=participants) | {"program.timezone": programs}
    assert condition.evaluate(own).matched
    assert condition.variables == {"now", "participant.timezone", "program.timezone"}
