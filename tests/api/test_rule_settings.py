"""Snooze, effective state, alert settings, schedule and rollout of a rule over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.rules.alert_presets import ALERT_PRESETS, AlertPreset
from tests.api.rules_surface import RulesSurface, assert_faults

MORNINGS = {
    "timezone": "Europe/Madrid",
    "windows": [{"days": ["monday", "tuesday"], "start": "09:00", "end": "10:30"}],
    "blackout_dates": ["2026-12-08", {"from": "2026-12-24", "to": "2027-01-06"}],
}
OVER = {"end_at": "2020-01-01T00:00:00Z"}
SHOWN_OF_THE_STATE = {
    *("rule_id", "is_active", "is_snoozed", "snoozed_until", "global_paused", "schedule_active"),
    *("effective_active", "reasons", "next_active_at"),
}


def in_(**length: int) -> datetime:
    return datetime.now(UTC) + timedelta(**length)


def instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


async def state(rules: RulesSurface, rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await rules.read(f"/rules/{rule['id']}/effective-state")
    return found


async def snooze(rules: RulesSurface, rule: dict[str, Any], until: object) -> dict[str, Any]:
    answer = await rules.post(f"/rules/{rule['id']}/snooze", {"snoozed_until": until})
    assert answer.status_code == 200, answer.text
    answered: dict[str, Any] = answer.json()
    return answered


async def test_a_snoozed_rule_says_until_when(rules: RulesSurface) -> None:
    rule = await rules.create()
    until = in_(hours=1)
    answer = await snooze(rules, rule, until.isoformat())
    assert set(answer) == {"message", "id", "snoozed_until"}
    assert (answer["message"], answer["id"]) == ("Rule snoozed", rule["id"])
    assert instant(answer["snoozed_until"]) == until
    found = await rules.read(f"/rules/{rule['id']}")
    assert found["snoozed_until"] == answer["snoozed_until"]
    assert found["updated_at"] > rule["updated_at"]


@pytest.mark.parametrize("until", [None, "2020-01-01T00:00:00+02:00", "0001-01-01T00:00:00+14:00"])
async def test_null_or_an_instant_that_has_passed_ends_the_snooze(
    rules: RulesSurface, until: str | None
) -> None:
    rule = await rules.create()
    await snooze(rules, rule, in_(hours=1).isoformat())
    answer = await snooze(rules, rule, until)
    assert (answer["message"], answer["snoozed_until"]) == ("Rule no longer snoozed", None)
    assert (await state(rules, rule))["effective_active"] is True
    assert await rules.read("/rules/snoozed") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"snoozed_until": "tomorrow"},
        {"snoozed_until": "2030-01-01T00:00:00"},
        {"snoozed_until": 4_000_000_000},
        {"snoozed_until": "9999-12-31T23:59:59-14:00"},
        {"snoozed_until": in_(days=3_700).isoformat()},
    ],
)
async def test_a_snooze_that_is_wrong_is_refused(rules: RulesSurface, body: dict[str, Any]) -> None:
    rule = await rules.create()
    assert_faults(await rules.post(f"/rules/{rule['id']}/snooze", body), "snoozed_until")
    assert await rules.read(f"/rules/{rule['id']}") == rule


async def test_the_state_of_a_rule_that_nothing_keeps_from_acting(rules: RulesSurface) -> None:
    rule = await rules.create()
    shown = await state(rules, rule)
    assert set(shown) == SHOWN_OF_THE_STATE
    assert shown["rule_id"] == rule["id"]
    assert (shown["effective_active"], shown["reasons"]) == (True, [])
    assert abs(instant(shown["next_active_at"]) - datetime.now(UTC)) < timedelta(minutes=5)


async def test_the_state_tells_everything_that_keeps_a_rule_from_acting(rules: RulesSurface) -> None:
    rule = await rules.create(is_active=False, schedule_settings=OVER)
    await snooze(rules, rule, in_(hours=1).isoformat())
    await rules.patch("/control", {"is_paused": True})
    shown = await state(rules, rule)
    assert shown["reasons"] == ["inactive", "snoozed", "paused", "outside_schedule"]
    assert (shown["is_active"], shown["is_snoozed"], shown["global_paused"]) == (False, True, True)
    assert (shown["schedule_active"], shown["effective_active"]) == (False, False)
    assert shown["next_active_at"] is None


async def test_the_state_tells_when_a_rule_could_act_next(rules: RulesSurface) -> None:
    rule = await rules.create()
    snoozed, paused = in_(hours=1), in_(hours=2)
    await snooze(rules, rule, snoozed.isoformat())
    assert instant((await state(rules, rule))["next_active_at"]) == snoozed
    await rules.patch("/control", {"is_paused": True, "paused_until": paused.isoformat()})
    assert instant((await state(rules, rule))["next_active_at"]) == paused
    await rules.patch(
        f"/rules/{rule['id']}/schedule", {"schedule_settings": {"start_at": in_(days=9).isoformat()}}
    )
    assert instant((await state(rules, rule))["next_active_at"]) > paused


@pytest.mark.parametrize("preset", AlertPreset)
async def test_alert_settings_are_set_by_the_name_of_a_preset(
    rules: RulesSurface, preset: AlertPreset
) -> None:
    rule = await rules.create()
    answer = await rules.patch(f"/rules/{rule['id']}/alert-settings", {"preset": preset})
    assert answer.json()["alert_settings"] == ALERT_PRESETS[preset].model_dump(mode="json")
    assert await rules.read(f"/rules/{rule['id']}") == answer.json()


async def test_a_preset_says_when_to_tell_and_not_whom(rules: RulesSurface) -> None:
    channels = [{"type": "email", "to": "on-call@example.com"}]
    rule = await rules.create(alert_settings={"channels": channels, "auto_snooze_secs": 60})
    changed = (await rules.patch(f"/rules/{rule['id']}/alert-settings", {"preset": "strict"})).json()
    assert changed["alert_settings"]["channels"] == channels
    assert changed["alert_settings"]["min_matched_runs"] == ALERT_PRESETS[AlertPreset.STRICT].min_matched_runs


async def test_alert_settings_are_set_one_by_one(rules: RulesSurface) -> None:
    rule = await rules.create()
    webhook = {"type": "webhook", "webhook_id": await rules.webhook()}
    sent = {"failure_rate_threshold_pct": 12.5, "min_matched_runs": 3, "channels": [webhook]}
    changed = await rules.patch(f"/rules/{rule['id']}/alert-settings", {"alert_settings": sent})
    stored = changed.json()["alert_settings"]
    assert stored == stored | sent
    assert stored["window_hours"] == 24


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "preset"),
        ({"preset": None, "alert_settings": None}, "preset"),
        ({"preset": "strict", "alert_settings": {}}, "alert_settings"),
        ({"preset": "loud"}, "preset"),
        ({"alert_settings": {"window_hours": 0}}, "alert_settings.window_hours"),
        ({"alert_settings": {"channels": [{"type": "pigeon"}]}}, "alert_settings.channels.0.type"),
        ({"alert_settings": {"channels": [{"type": "email", "to": "ana"}]}}, "alert_settings.channels.0.to"),
        (
            {
                "alert_settings": {
                    "channels": [{"type": "webhook", "webhook_id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"}]
                }
            },
            "alert_settings.channels.0.webhook_id",
        ),
    ],
)
async def test_alert_settings_that_are_wrong_are_refused(
    rules: RulesSurface, body: dict[str, Any], field: str
) -> None:
    rule = await rules.create()
    assert_faults(await rules.patch(f"/rules/{rule['id']}/alert-settings", body), field)
    assert await rules.read(f"/rules/{rule['id']}") == rule


async def test_a_schedule_is_set_and_taken_away(rules: RulesSurface) -> None:
    rule = await rules.create()
    path = f"/rules/{rule['id']}/schedule"
    changed = (await rules.patch(path, {"schedule_settings": MORNINGS})).json()
    assert changed["schedule_settings"] == MORNINGS | {"start_at": None, "end_at": None}
    assert await rules.read(f"/rules/{rule['id']}") == changed
    assert (await rules.patch(path, {"schedule_settings": None})).json()["schedule_settings"] is None


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"timezone": "Mars/Phobos"}, "timezone"),
        ({"windows": [{"start": "25:00", "end": "10:00"}]}, "windows.0.start"),
        ({"windows": [{"days": ["funday"], "start": "09:00", "end": "10:00"}]}, "windows.0.days.0"),
        ({"start_at": "2026-12-01"}, "start_at"),
        ({"blackout_dates": ["2026-02-30"]}, "blackout_dates.0"),
        ({"blackout_dates": [{"from": "2026-02-02", "to": "2026-02-01"}]}, "blackout_dates.0.to"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_schedule_that_is_wrong_is_refused(
    rules: RulesSurface, settings: dict[str, Any], field: str
) -> None:
    rule = await rules.create(schedule_settings=MORNINGS)
    answer = await rules.patch(f"/rules/{rule['id']}/schedule", {"schedule_settings": settings})
    assert_faults(answer, f"schedule_settings.{field}")
    assert_faults(await rules.patch(f"/rules/{rule['id']}/schedule", {}), "schedule_settings")
    assert await rules.read(f"/rules/{rule['id']}") == rule


@pytest.mark.parametrize("percentage", [0, 37, 100])
async def test_the_rollout_is_set(rules: RulesSurface, percentage: int) -> None:
    rule = await rules.create()
    changed = await rules.patch(f"/rules/{rule['id']}/rollout", {"rollout_percentage": percentage})
    assert changed.json()["rollout_percentage"] == percentage


@pytest.mark.parametrize("percentage", [-1, 101, 12.5, "50", True, None])
async def test_a_rollout_that_is_no_percentage_is_refused(rules: RulesSurface, percentage: object) -> None:
    rule = await rules.create()
    answer = await rules.patch(f"/rules/{rule['id']}/rollout", {"rollout_percentage": percentage})
    assert_faults(answer, "rollout_percentage")


async def test_the_preview_tells_the_windows_within_the_hours_asked_for(rules: RulesSurface) -> None:
    rule = await rules.create(schedule_settings=MORNINGS)
    shown = await rules.read(
        f"/rules/{rule['id']}/schedule/preview", start_at="2026-11-30T08:30:00Z", hours=8 * 24
    )
    assert shown == {
        "rule_id": rule["id"],
        "timezone": "Europe/Madrid",
        "windows": [
            {"start_at": "2026-11-30T08:30:00Z", "end_at": "2026-11-30T09:30:00Z"},
            {"start_at": "2026-12-01T08:00:00Z", "end_at": "2026-12-01T09:30:00Z"},
            {"start_at": "2026-12-07T08:00:00Z", "end_at": "2026-12-07T09:30:00Z"},
        ],
    }


async def test_the_preview_is_of_the_next_week_unless_it_is_told_otherwise(rules: RulesSurface) -> None:
    rule = await rules.create()
    shown = await rules.read(f"/rules/{rule['id']}/schedule/preview")
    (window,) = shown["windows"]
    assert shown["timezone"] == "UTC"
    assert instant(window["end_at"]) - instant(window["start_at"]) == timedelta(days=7)
    assert abs(instant(window["start_at"]) - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_schedule_that_is_over_has_no_windows(rules: RulesSurface) -> None:
    rule = await rules.create(schedule_settings=OVER)
    assert (await rules.read(f"/rules/{rule['id']}/schedule/preview", hours=8_784))["windows"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 0},
        {"hours": 8_785},
        {"hours": "many"},
        {"start_at": "today"},
        {"start_at": "2026-12-01T00:00:00"},
        {"start_at": "1999-12-31T23:59:59Z"},
        {"start_at": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_a_preview_of_what_cannot_be_told_is_refused(
    rules: RulesSurface, wrong: dict[str, Any]
) -> None:
    rule = await rules.create(schedule_settings=MORNINGS)
    answer = await rules.call("GET", f"/rules/{rule['id']}/schedule/preview", params=wrong)
    assert_faults(answer, *wrong)
