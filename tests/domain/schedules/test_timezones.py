import zoneinfo
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from domain.schedules import ScheduleError, timezone_names, timezones, validate_timezone

A_DAY = datetime(2030, 1, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    "name",
    ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "US/Eastern", "Etc/GMT+5", "Asia/Kathmandu"],
)
def test_an_iana_name_gives_its_zone(name: str) -> None:
    assert validate_timezone(name).key == name


def test_every_listed_zone_loads() -> None:
    for name in timezone_names():
        assert validate_timezone(name).utcoffset(A_DAY) is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "localtime",
        "Factory",
        "posixrules",
        "europe/berlin",
        "Europe/Berlin ",
        "Europe",
        "Mars/Olympus_Mons",
        "PST",
        "+02:00",
        "UTC+2",
        "/usr/share/zoneinfo/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "Europe/Berlin\0",
        "x" * 100_000,
    ],
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError) as refusal:
        validate_timezone(name)
    assert refusal.value.field == "timezone"
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("Europ/Berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("nonsense", "Europe/Berlin"),
    ],
)
def test_the_refusal_suggests_the_name_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(ScheduleError) as refusal:
        validate_timezone(typed)
    assert meant in (refusal.value.expected or "")


def test_the_rules_come_from_the_pinned_data_not_from_the_machine(tmp_path: Path) -> None:
    wrong = tmp_path / "Asia" / "Kathmandu"
    wrong.parent.mkdir()
    wrong.write_bytes(files("tzdata").joinpath("zoneinfo", "UTC").read_bytes())
    timezones._load.cache_clear()
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        zone = validate_timezone("Asia/Kathmandu")
        assert zoneinfo.ZoneInfo.no_cache("Asia/Kathmandu").utcoffset(A_DAY) == timedelta(0)
        assert zone.utcoffset(A_DAY) == timedelta(hours=5, minutes=45)
    finally:
        zoneinfo.reset_tzpath()
