import pickle

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.schedules import ScheduleError, parse_cron

from .expressions import expressions


def refusal_of(text: str) -> ScheduleError:
    with pytest.raises(ScheduleError) as refusal:
        parse_cron(text)
    assert refusal.value.field == "cron_expression"
    return refusal.value


def test_fields_are_read_into_ascending_values() -> None:
    cron = parse_cron("*/20 22-2 1,15 NOV-feb *")
    assert cron.text == "*/20 22-2 1,15 NOV-feb *"
    assert cron.minutes == (0, 20, 40)
    assert cron.hours == (0, 1, 2, 22, 23)
    assert cron.months == (1, 2, 11, 12)
    assert cron.days.month_days == {1, 15}
    assert cron.days.weekdays is None


@pytest.mark.parametrize(
    ("alias", "written_out"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@MONTHLY", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ],
)
def test_an_alias_means_what_it_stands_for(alias: str, written_out: str) -> None:
    one, other = parse_cron(alias), parse_cron(written_out)
    assert (one.minutes, one.hours, one.months, one.days) == (
        other.minutes,
        other.hours,
        other.months,
        other.days,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("* * * *", "has 4 fields"),
        ("*", "has 1 field;"),
        ("0 0 9 * * 1", "seconds are not supported"),
        ("0 0 9 * * 1 2026", "seconds and years are not supported"),
        ("* * * * * * * *", "has 8 fields"),
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "use timezone"),
        ("tz=UTC 0 9 * * *", "use timezone"),
        ("TZ=UTC @daily", "use timezone"),
        ("H * * * *", "hashed (H)"),
        ("0 h(0-7) * * *", "hashed (H)"),
        ("5,H/15 * * * *", "hashed (H)"),
        ("0 0 R(1-10)/3 * *", "random (R)"),
        ("r r * * *", "random (R)"),
        ("@reboot", "'@reboot' is not supported"),
        ("@every 5m", "'@every' is not supported"),
        ("@every 1 2 3 4", "'@every' is not supported"),
        (" @daily", "'@daily' is not supported"),
        ("0\0 9 * * *", "NUL"),
        ("0 9 * * *" + " " * 255, "264 characters"),
        ("60 * * * *", "'60' as minute; expected 0-59"),
        ("* 24 * * *", "'24' as hour; expected 0-23"),
        ("* * 0 * *", "'0' as day-of-month"),
        ("* * 32 * *", "'32' as day-of-month"),
        ("* * * 13 *", "'13' as month"),
        ("* * * 0 *", "'0' as month"),
        ("* * * * 8", "'8' as day-of-week"),
        ("* * * * 1#6", "'1#6' as day-of-week"),
        ("* * * * 5L", "'5L' as day-of-week"),
        ("* * * * mon,tue#2", "'mon,tue#2' as day-of-week"),
        ("*/0 * * * *", "'*/0' as minute"),
        ("-5 * * * *", "'-5' as minute"),
        ("1.5 * * * *", "'1.5' as minute"),
        ("１ * * * *", "'１' as minute"),
        ("? * * * *", "'?' as minute"),
        ("* * L-3 * *", "'L-3' as day-of-month"),
        ("* * 15W,16 * *", "'15W,16' as day-of-month"),
        ("* * LW * *", "'LW' as day-of-month"),
        ("0 9 * * monday", "'monday' as day-of-week"),
        ("0\u00a09 * * *", "has 4 fields"),
        ("0 0 31 2 *", "never matches"),
        ("0 0 30 feb *", "never matches"),
        ("0 0 31 4,6,9,11 *", "never matches"),
        ("0 0 1 * 1#2", "never matches"),
        ("0 0 15W * 6", "never matches"),
        ("0 0 29 2,4 0#4", "never matches"),
    ],
)
def test_a_refusal_names_what_is_wrong(text: str, said: str) -> None:
    refusal = refusal_of(text)
    assert said in str(refusal)
    assert str(refusal).startswith("cron_expression ")
    assert refusal.expected


@pytest.mark.parametrize(
    "text",
    [
        "0 0 29 2 *",
        "0 0 31 2 1",
        "0 0 31 * *",
        "0 0 29 2 *,1#5",
        "0 0 31W 2 *",
        "0\t9  * * 1-5\n",
        "0 0 ? * ?",
        "0 9 * * 1-7",
        "0 9 8 * 1#2",
        "0 0 1-31 * *,1",
        f"{','.join(map(str, range(60)))} * * * *",
    ],
)
def test_a_rare_or_unusual_expression_is_accepted(text: str) -> None:
    assert parse_cron(text).text == text


@settings(max_examples=1000, deadline=None)
@given(expressions)
def test_exactly_the_expressions_that_croniter_can_fire_are_accepted(text: str) -> None:
    try:
        croniter(text, 1_767_225_600.0).get_next()
        accepted = True
    except (CroniterBadDateError, ValueError):
        accepted = False
    try:
        parse_cron(text)
    except ScheduleError:
        assert not accepted
    else:
        assert accepted


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("0123456789*/-,#?LlWwHhRr@ \tjanmonTZ=()", max_size=40)))
def test_no_text_gives_any_other_error(text: str) -> None:
    try:
        parse_cron(text)
    except ScheduleError as refusal:
        assert str(refusal)


def test_a_refusal_survives_pickling() -> None:
    refusal = refusal_of("61 * * * *")
    copy = pickle.loads(pickle.dumps(refusal))  # noqa: S301
    assert (copy.field, copy.reason, copy.expected, str(copy)) == (
        refusal.field,
        refusal.reason,
        refusal.expected,
        str(refusal),
    )
