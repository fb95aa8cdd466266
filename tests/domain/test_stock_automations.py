"""Automations that one can have by name: whom they are for, what is usual, and what parameters change."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.actions import Channel
from domain.automation import Definition
from domain.definition_rules import check_definition
from domain.expressions import compile_condition
from domain.stock_automations import (
    STOCK,
    STOCK_BY_NAME,
    Stock,
    StockParameters,
    automation_body,
    without_effect,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
USUAL = StockParameters()
TEMPLATE = UUID("00000000-0000-4000-8000-000000000001")


def is_for(stock: str, now: datetime = NOW, asked: StockParameters = USUAL, **person: Any) -> bool:
    condition = compile_condition(automation_body(STOCK_BY_NAME[stock], asked)["participant_filter"])
    values = {"tags": [], "attributes": {}, "timezone": "UTC"} | person
    named = {f"participant.{name}": value for name, value in values.items()}
    return condition.evaluate({"now": now, "program.timezone": "UTC", **named}).matched


def came(at: str, **attributes: object) -> dict[str, object]:
    return {"attributes": {"last_visit_at": at} | attributes}


@pytest.mark.parametrize("stock", STOCK, ids=lambda stock: stock.name)
def test_each_is_an_automation_that_may_be_saved(stock: Stock) -> None:
    body = automation_body(stock, USUAL)
    trigger = body.pop("trigger")
    timing = {name: value for name, value in trigger.items() if name != "type"}
    check_definition(Definition(**body, trigger_type=trigger["type"], **timing), {})


@pytest.mark.parametrize(
    ("stock", "person", "wanted"),
    [
        ("inactive_customers", came("2026-09-29T12:00:00Z"), True),
        ("inactive_customers", came("2026-09-30T12:00:00Z"), False),
        ("inactive_customers", {}, False),
        ("vip_rewards", {"tags": ["vip"]}, True),
        ("vip_rewards", {"attributes": {"is_vip": True}}, True),
        ("vip_rewards", {"attributes": {"is_vip": False}}, False),
        ("vip_rewards", {}, False),
        ("post_visit", came("2026-11-27T12:00:00Z"), True),
        ("post_visit", came("2026-11-24T12:01:00Z"), True),
        ("post_visit", came("2026-11-24T12:00:00Z"), False),
        ("post_visit", came("2026-11-28T09:00:00Z"), False),
        ("reservation_confirmation", {"attributes": {"reservation_at": "2026-11-28T19:30:00Z"}}, True),
        ("reservation_confirmation", {"attributes": {"reservation_at": "2026-11-29T12:00:00+00:00"}}, True),
        ("reservation_confirmation", {"attributes": {"reservation_at": "2026-11-29T12:01:00Z"}}, False),
        ("reservation_confirmation", {"attributes": {"reservation_at": "2026-11-28T11:00:00Z"}}, False),
        ("reservation_confirmation", {"attributes": {"reservation_at": "tonight"}}, False),
        ("at_risk", came("2026-08-01T12:00:00Z", rfm_segment="at_risk"), True),
        ("at_risk", came("2026-10-01T12:00:00Z", rfm_segment="at_risk"), False),
        ("at_risk", came("2026-08-01T12:00:00Z", rfm_segment="loyal"), False),
        ("cannot_lose", came("2026-07-31T12:00:00Z", rfm_segment="cannot_lose"), True),
        ("cannot_lose_notice", came("2026-07-31T12:00:00Z", rfm_segment="cannot_lose"), True),
        ("cannot_lose_notice", came("2026-07-29T12:00:00Z", rfm_segment="cannot_lose"), True),
        ("cannot_lose_notice", came("2026-07-28T12:00:00Z", rfm_segment="cannot_lose"), False),
        ("cannot_lose_notice", came("2026-08-01T12:00:00Z", rfm_segment="cannot_lose"), False),
        ("hibernating", came("2026-05-01T12:00:00Z", rfm_segment="hibernating"), True),
        ("champions", {"attributes": {"rfm_segment": "champions"}}, True),
        ("loyal", {"attributes": {"rfm_segment": "loyal"}}, True),
        ("potential_loyalists", {"attributes": {"rfm_segment": "potential_loyalist"}}, True),
        ("potential_loyalists", {"attributes": {}}, False),
    ],
)
def test_whom_they_are_for(stock: str, person: dict[str, Any], wanted: bool) -> None:
    assert is_for(stock, **person) is wanted


@pytest.mark.parametrize(
    ("born", "now", "zone", "wanted"),
    [
        ("1990-11-28", "2026-11-28T12:00:00Z", "UTC", True),
        ("1990-11-28", "2026-11-27T23:30:00Z", "Asia/Tokyo", True),
        ("1990-11-28", "2026-11-28T23:30:00Z", "Asia/Tokyo", False),
        ("1990-10-28", "2026-11-28T12:00:00Z", "UTC", False),
        ("1992-02-29", "2028-02-29T12:00:00Z", "UTC", True),
        ("1992-02-29", "2028-02-28T12:00:00Z", "UTC", False),
        ("1992-02-29", "2027-02-28T12:00:00Z", "UTC", True),
        ("1992-02-29", "2027-03-01T12:00:00Z", "UTC", False),
        ("28/11/1990", "2026-11-28T12:00:00Z", "UTC", False),
        (None, "2026-11-28T12:00:00Z", "UTC", False),
    ],
)
def test_a_birthday_is_todays_where_the_person_is(
    born: str | None, now: str, zone: str, wanted: bool
) -> None:
    at = datetime.fromisoformat(now)
    assert is_for("birthday", at, attributes={"birthday": born}, timezone=zone) is wanted
    asked = StockParameters(attribute="birth_date")
    assert is_for("birthday", at, asked, attributes={"birth_date": born}, timezone=zone) is wanted


def test_parameters_replace_what_is_usual() -> None:
    asked = StockParameters(
        name="Long gone",
        days=400,
        quiet_days=7,
        channel=Channel.SMS,
        subject="",
        body="Hello",
        timezone="Europe/Madrid",
        time_of_day="18:30",
    )
    body = automation_body(STOCK_BY_NAME["inactive_customers"], asked)
    assert body["name"] == "Long gone"
    assert body["participant_filter"].endswith(">= 400")
    assert body["trigger"] == {
        "type": "cron",
        "timezone": "Europe/Madrid",
        "cron_expression": "30 18 * * *",
    }
    assert body["action"] == {
        "type": "send_message",
        "channel": "sms",
        "subject": "",
        "body": "Hello",
        "sending": {"recently_contacted": {"hours": 156}},
    }


def test_a_template_stands_for_the_texts() -> None:
    asked = StockParameters(template_id=TEMPLATE, quiet_days=0)
    body = automation_body(STOCK_BY_NAME["inactive_customers"], asked)
    assert body["action"] == {"type": "send_message", "channel": "email", "template_id": str(TEMPLATE)}


@pytest.mark.parametrize(
    ("year", "month"), [(2026, 3), (2026, 10), (2026, 11)], ids=["spring", "autumn", "no_change"]
)
@pytest.mark.parametrize("stock", ["post_visit", "cannot_lose_notice"])
def test_whoever_comes_is_followed_up_whenever_the_clocks_change_or_a_run_is_missed(
    stock: str, year: int, month: int
) -> None:
    """By a daily cron, and each visit once: so it is enough that two runs find it."""
    days = STOCK_BY_NAME[stock].days
    assert days is not None
    nines = [
        datetime(year, month, 1, 9, tzinfo=ZoneInfo("Europe/Madrid")) + timedelta(days=day)
        for day in range(days + 45)
    ]
    for hour in range(24 * 31):
        visit = datetime(year, month, 1, tzinfo=UTC) + timedelta(hours=hour)
        person = came(visit.isoformat(), rfm_segment="cannot_lose")
        near = [at for at in nines if abs((at - visit).days - days) < 6]
        found = [at for at in near if is_for(stock, at.astimezone(UTC), **person)]
        assert len(found) >= 2
    assert automation_body(STOCK_BY_NAME[stock], USUAL)["action"]["once_per"] == {
        "attribute": "last_visit_at"
    }


@pytest.mark.parametrize("hour", range(24))
def test_whoever_reserves_less_than_a_day_ahead_is_found_as_soon_as_they_have(hour: int) -> None:
    reserved = {"attributes": {"reservation_at": "2026-11-29T12:00:00Z"}}
    assert is_for("reservation_confirmation", NOW + timedelta(hours=hour), **reserved)


def test_a_reservation_is_looked_for_all_day_and_confirmed_once() -> None:
    body = automation_body(STOCK_BY_NAME["reservation_confirmation"], StockParameters(attribute="table_at"))
    assert body["trigger"]["cron_expression"] == "*/30 * * * *"
    assert body["action"]["once_per"] == {"attribute": "table_at"}
    assert body["action"]["sending"] == {"transactional": True, "consent": "nonSubscribed"}


def test_a_birthday_gives_way_to_nothing_and_is_greeted_once_a_year() -> None:
    action = automation_body(STOCK_BY_NAME["birthday"], StockParameters(attribute="born"))["action"]
    assert action["sending"] == {"priority": -10}
    assert action["once_per"] == {"attribute": "born", "hours": 4_320}


@pytest.mark.parametrize(
    "stock", [stock for stock in STOCK if stock.quiet_days], ids=lambda stock: stock.name
)
def test_the_window_of_quiet_days_ends_before_the_run_of_the_next_day(stock: Stock) -> None:
    """Yesterday's message left a while after nine; today has 23 hours less."""
    hours = automation_body(stock, USUAL)["action"]["sending"]["recently_contacted"]["hours"]
    assert (stock.quiet_days - 1) * 24 < hours < stock.quiet_days * 24 - 1


@pytest.mark.parametrize(
    ("stock", "channel", "nothing"),
    [
        ("reservation_confirmation", None, {"quiet_days", "time_of_day"}),
        ("cannot_lose_notice", None, {"quiet_days"}),
        ("cannot_lose_notice", Channel.EMAIL, set()),
        ("inactive_customers", Channel.WEBHOOK, {"quiet_days"}),
        ("inactive_customers", None, set()),
    ],
)
def test_what_would_have_no_effect_is_known(stock: str, channel: Channel | None, nothing: set[str]) -> None:
    assert set(without_effect(STOCK_BY_NAME[stock], channel)) == nothing


def test_there_are_no_windows_on_channels_that_do_not_lead_to_the_person() -> None:
    body = automation_body(STOCK_BY_NAME["inactive_customers"], StockParameters(channel=Channel.WEBHOOK))
    assert "sending" not in body["action"]


def test_the_rhythms() -> None:
    monthly = automation_body(STOCK_BY_NAME["vip_rewards"], USUAL)["trigger"]
    assert monthly["cron_expression"] == "0 9 1 * *"
    every = automation_body(STOCK_BY_NAME["hibernating"], StockParameters(days=200, every_days=30))
    assert every["trigger"]["schedule_config"] == {"interval_days": 30, "time_of_day": "09:00"}
    assert every["participant_filter"].endswith(">= 200")


@pytest.mark.parametrize(
    ("stock", "days", "every_days"),
    [
        ("champions", None, 90),
        ("loyal", None, 60),
        ("at_risk", 90, None),
        ("cannot_lose", 120, None),
        ("hibernating", 180, 60),
    ],
)
def test_the_usual_times_of_those_by_rfm(stock: str, days: int | None, every_days: int | None) -> None:
    assert (STOCK_BY_NAME[stock].days, STOCK_BY_NAME[stock].every_days) == (days, every_days)
