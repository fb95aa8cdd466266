import pickle
from typing import Any

import pytest

from domain.automation import ScheduleType
from domain.participant_state import ScheduleConfigError, parse_schedule_config

DATE, INTERVAL, CRON, THRESHOLD = ScheduleType
GOOD: list[tuple[ScheduleType, dict[str, Any]]] = [
    (DATE, {"attribute": "birthday"}),
    (
        DATE,
        {
            "attribute": "joined",
            "offset_days": -366,
            "offset_hours": 8784,
            "time_of_day": "23:59",
            "recurrence": "once",
            "feb_29": "mar_1",
        },
    ),
    (INTERVAL, {"interval_days": 30, "max_triggers": None}),
    (INTERVAL, {"interval_days": 1, "time_of_day": "00:00", "max_triggers": 1}),
    (INTERVAL, {"interval_hours": 87_840}),
    (INTERVAL, {"interval_minutes": 1}),
    (CRON, {"cron_expression": "0 9 1 * *", "max_triggers": 3}),
    (THRESHOLD, {"counter": "lifetime_spend", "value": 1000}),
    (THRESHOLD, {"counter": "balance", "operator": "<", "value": -0.5, "repeat": True}),
]
BAD: list[tuple[ScheduleType, dict[str, Any], str]] = [
    (DATE, {}, "attribute"),
    (DATE, {"attribute": ""}, "attribute"),
    (DATE, {"attribute": "x" * 256}, "attribute"),
    (DATE, {"attribute": "a\0b"}, "attribute"),
    (DATE, {"attribute": 7}, "attribute"),
    (DATE, {"attribute": "a", "offset_days": 367}, "offset_days"),
    (DATE, {"attribute": "a", "offset_days": True}, "offset_days"),
    (DATE, {"attribute": "a", "offset_days": "1"}, "offset_days"),
    (DATE, {"attribute": "a", "offset_days": None}, "offset_days"),
    (DATE, {"attribute": "a", "offset_hours": -8785}, "offset_hours"),
    (DATE, {"attribute": "a", "time_of_day": "24:00"}, "time_of_day"),
    (DATE, {"attribute": "a", "time_of_day": "9:00"}, "time_of_day"),
    (DATE, {"attribute": "a", "time_of_day": "09:00\n"}, "time_of_day"),
    (DATE, {"attribute": "a", "recurrence": "monthly"}, "recurrence"),
    (DATE, {"attribute": "a", "feb_29": "mar_2"}, "feb_29"),
    (DATE, {"attribute": "a", "interval_days": 3}, "interval_days"),
    (INTERVAL, {"interval_days": 0}, "interval_days"),
    (INTERVAL, {"interval_days": 3661}, "interval_days"),
    (INTERVAL, {"interval_minutes": 1.0}, "interval_minutes"),
    (INTERVAL, {"interval_hours": True}, "interval_hours"),
    (INTERVAL, {"interval_hours": 2, "time_of_day": "09:00"}, "time_of_day"),
    (INTERVAL, {"interval_days": 2, "max_triggers": 0}, "max_triggers"),
    (CRON, {}, "cron_expression"),
    (CRON, {"cron_expression": 5}, "cron_expression"),
    (CRON, {"cron_expression": "0 0 31 2 *"}, "cron_expression"),
    (CRON, {"cron_expression": "TZ=UTC 0 9 * * *"}, "cron_expression"),
    (CRON, {"cron_expression": "0 9 * * *", "max_triggers": 2**31}, "max_triggers"),
    (THRESHOLD, {"counter": "a"}, "value"),
    (THRESHOLD, {"value": 1}, "counter"),
    (THRESHOLD, {"counter": "a", "value": "10"}, "value"),
    (THRESHOLD, {"counter": "a", "value": True}, "value"),
    (THRESHOLD, {"counter": "a", "value": float("inf")}, "value"),
    (THRESHOLD, {"counter": "a", "value": float("nan")}, "value"),
    (THRESHOLD, {"counter": "a", "value": 1, "operator": "=="}, "operator"),
    (THRESHOLD, {"counter": "a", "value": 1, "repeat": 1}, "repeat"),
]


def refused(schedule_type: ScheduleType, document: Any) -> ScheduleConfigError:
    with pytest.raises(ScheduleConfigError) as caught:
        parse_schedule_config(schedule_type, document)
    return caught.value


@pytest.mark.parametrize(("schedule_type", "document"), GOOD)
def test_a_config_of_its_type_is_read_as_stated(
    schedule_type: ScheduleType, document: dict[str, Any]
) -> None:
    config = parse_schedule_config(schedule_type, document)
    assert config.schedule_type is schedule_type
    assert config.model_dump(mode="json", include=set(document)) == document


@pytest.mark.parametrize(("schedule_type", "document", "name"), BAD)
def test_a_wrong_field_is_named_with_what_was_expected(
    schedule_type: ScheduleType, document: dict[str, Any], name: str
) -> None:
    error = refused(schedule_type, document)
    assert error.field == f"schedule_config.{name}"
    assert error.reason
    assert error.expected


@pytest.mark.parametrize(
    "document", [{}, {"max_triggers": 3}, {"interval_days": 1, "interval_hours": 1}, {"interval_days": None}]
)
def test_an_interval_has_exactly_one_length(document: dict[str, Any]) -> None:
    error = refused(ScheduleType.INTERVAL, document)
    assert error.field == "schedule_config"
    assert error.expected == "exactly one of interval_days, interval_hours, interval_minutes"


@pytest.mark.parametrize("schedule_type", ScheduleType)
def test_what_is_no_object_is_no_config(schedule_type: ScheduleType) -> None:
    assert refused(schedule_type, ["x"]).field == "schedule_config"


def test_the_defaults_are_a_yearly_date_and_a_single_crossing_from_below() -> None:
    dated = parse_schedule_config(DATE, {"attribute": "a"}).model_dump(mode="json")
    assert dated == {
        "attribute": "a",
        "offset_days": 0,
        "offset_hours": 0,
        "time_of_day": None,
        "recurrence": "yearly",
        "feb_29": "feb_28",
    }
    crossed = parse_schedule_config(THRESHOLD, {"counter": "a", "value": 2}).model_dump(mode="json")
    assert crossed == {"counter": "a", "operator": ">=", "value": 2, "repeat": False}


def test_an_error_says_where_what_and_what_instead_and_survives_copying() -> None:
    error = refused(DATE, {"attribute": "a", "offset_days": 400})
    assert str(error) == (
        "schedule_config.offset_days is not a whole number from -366 to 366; "
        "expected a whole number from -366 to 366."
    )
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
