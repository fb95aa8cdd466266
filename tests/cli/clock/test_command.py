"""`carillon clock`: its tables, its JSON, and its exit status."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.clock import dst as dst_check
from cli.main import app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["clock", *words])


def as_json(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_fires_around_changes_of_the_clocks_are_those_expected() -> None:
    report = as_json("dst", "--zones", "12", "--years", "2026-2027")
    assert (report["zones"], report["years"]) == (12, "2026-2027")
    assert report["transitions"] > 0
    assert len(report["policies"]) == 6
    for policy in report["policies"]:
        assert policy["expected"] == policy["given"] > 0
        assert policy["disagreements"] == 0
    assert report["disagreeing"] == []


def test_each_policy_is_shown_at_work_on_a_gap_and_an_overlap() -> None:
    samples = as_json("dst", "--zones", "1", "--years", "2026")["samples"]
    berlin = [sample for sample in samples if sample["zone"] == "Europe/Berlin"]
    gap, overlap = berlin
    assert gap["fires"]["shift, first"] == ["2026-03-29T03:00:00+02:00"]
    assert gap["fires"]["skip, first"] == []
    assert overlap["fires"]["shift, both"] == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
    assert overlap["fires"]["skip, second"] == ["2026-10-25T02:30:00+01:00"]


def test_a_disagreement_is_counted_named_and_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dst_check._given
    monkeypatch.setattr(dst_check, "_given", lambda *arguments: given(*arguments)[1:])
    result = run("dst", "--zones", "12", "--years", "2026")
    assert result.exit_code == 1
    assert "gap shift, overlap first" in result.stdout


def test_the_dst_table_is_one_for_people_too() -> None:
    result = run("dst", "--zones", "3", "--years", "2026")
    assert result.exit_code == 0
    assert "Disagreements" in result.stdout
    assert "30 2 * * * in Europe/Berlin" in result.stdout


def test_one_year_is_a_span_too() -> None:
    assert as_json("dst", "--zones", "12", "--years", "2026")["transitions"] > 0


@pytest.mark.parametrize("years", ["soon", "2027-2026", "1800-1900", "2026-2200"])
def test_years_that_make_no_sense_are_refused(years: str) -> None:
    result = run("dst", "--years", years)
    assert result.exit_code == 2
    assert years in result.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_zone_agrees() -> None:
    report = as_json("dst", "--all")
    assert report["zones"] > 500
    assert sum(policy["disagreements"] for policy in report["policies"]) == 0


@pytest.mark.parametrize(
    ("cron", "outage", "policy", "fired", "missed"),
    [
        ("every 5 min", "30 min", "skip", 0, 6),
        ("every 5 min", "30 min", "last", 1, 5),
        ("every 5 min", "30 min", "all", 6, 0),
        ("every 5 min", "30 h", "all", 288, 72),
        ("hourly", "2 h", "last", 1, 1),
        ("daily", "2 h", "last", 0, 1),
        ("daily", "2 h", "all", 1, 0),
    ],
)
def test_an_outage_is_made_up_for_as_the_policy_says(
    cron: str, outage: str, policy: str, fired: int, missed: int
) -> None:
    rows = [
        row
        for row in as_json("outage")
        if (row["cron"], row["outage"], row["missed_run_policy"]) == (cron, outage, policy)
    ]
    assert [(row["fired"], row["missed"], row["due"]) for row in rows] == [(fired, missed, fired + missed)]


def test_the_outage_table_has_a_row_for_each_cron_and_length() -> None:
    result = run("outage")
    assert result.exit_code == 0
    assert len(as_json("outage")) == 3 * 4 * 3
    assert all(name in result.stdout for name in ("every 5 min", "hourly", "daily", "30 h", "missed"))


def test_an_expression_is_explained_with_what_the_clock_does_to_it() -> None:
    shown = as_json(
        "explain", "30 2 * * *", "--timezone", "Europe/Berlin", "--after", "2027-03-27", "-n", "2"
    )
    assert shown[1] == {
        "run_at": "2027-03-28T01:00:00+00:00",
        "local": "2027-03-28T03:00:00+02:00",
        "note": "02:30 does not exist on 2027-03-28 in Europe/Berlin; fires at 03:00",
    }
    skipping = as_json(
        *("explain", "30 2 * * *", "-z", "Europe/Berlin", "--after", "2027-03-27T12:00:00Z", "--gap", "skip")
    )
    assert skipping[0]["run_at"] == "2027-03-29T00:30:00+00:00"


def test_an_expression_is_explained_from_now_on_and_in_a_table() -> None:
    result = run("explain", "0 9 * * mon#2", "-n", "1")
    assert result.exit_code == 0
    assert "In UTC" in result.stdout
    assert len(as_json("explain", "@hourly")) == 10


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["0 0 31 2 *"], "cron_expression"), (["@daily", "-z", "Europe/Madird"], "Europe/Madrid")],
)
def test_what_cannot_be_explained_is_refused_with_the_reason(words: list[str], complaint: str) -> None:
    result = run("explain", *words)
    assert result.exit_code == 2
    assert complaint in result.stderr
