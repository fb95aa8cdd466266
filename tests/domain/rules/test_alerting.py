"""Alert settings as clients write them, and the presets."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.rules.alert_presets import ALERT_PRESETS, AlertPreset
from domain.rules.alerting import AlertSettings


def settings(**document: Any) -> AlertSettings:
    return AlertSettings.model_validate(document)


def test_settings_are_kept_as_they_are_written() -> None:
    document = {
        "min_matched_runs": 5,
        "failure_rate_threshold_pct": 12.5,
        "window_hours": 6,
        "channels": [
            {"type": "email", "to": "on-call@example.com"},
            {"type": "webhook", "webhook_id": "7f0f1f4c-0a8b-4c62-9f0c-3f4f9a9f5f11"},
        ],
        "cooldown_secs": 0,
        "auto_snooze_secs": 600,
    }
    assert settings(**document).model_dump(mode="json") == document


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "Ana <ana@example.com>",
        "a@b.c, d@e.f",
        "a@b.c\nBcc: e@f.g",
        "a\0@b.c",
    ],
)
def test_an_address_that_no_mail_can_go_to_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(channels=[{"type": "email", "to": address}])
    assert refused.value.errors()[0]["loc"] == ("channels", 0, "email", "to")


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_matched_runs": 0},
        {"min_matched_runs": True},
        {"failure_rate_threshold_pct": 0},
        {"failure_rate_threshold_pct": 100.1},
        {"failure_rate_threshold_pct": float("nan")},
        {"window_hours": 721},
        {"cooldown_secs": -1},
        {"auto_snooze_secs": 59},
        {"channels": [{"type": "pager"}]},
        {"channels": [{"type": "email", "to": "a@example.com"}] * 11},
        {"threshold": 1},
    ],
    ids=str,
)
def test_settings_beyond_their_bounds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_a_stricter_preset_tells_sooner() -> None:
    strict, balanced, relaxed = (ALERT_PRESETS[preset] for preset in AlertPreset)
    for field in ("min_matched_runs", "failure_rate_threshold_pct", "window_hours", "cooldown_secs"):
        assert getattr(strict, field) < getattr(balanced, field) < getattr(relaxed, field), field


def test_a_preset_tells_nobody_and_snoozes_nothing_by_itself() -> None:
    for preset in ALERT_PRESETS.values():
        assert preset.channels == ()
        assert preset.auto_snooze_secs is None
