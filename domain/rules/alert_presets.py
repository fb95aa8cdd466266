"""Alert settings by name, for who would rather not choose numbers."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from domain.rules.alerting import AlertSettings


class AlertPreset(StrEnum):
    """How soon a rule's failures are worth telling."""

    STRICT = "strict"
    BALANCED = "balanced"
    RELAXED = "relaxed"


# They say when, not whom: channels are chosen by the rule.
ALERT_PRESETS: Mapping[AlertPreset, AlertSettings] = MappingProxyType(
    {
        AlertPreset.STRICT: AlertSettings(
            min_matched_runs=5, failure_rate_threshold_pct=5.0, window_hours=6, cooldown_secs=900
        ),
        AlertPreset.BALANCED: AlertSettings(),
        AlertPreset.RELAXED: AlertSettings(
            min_matched_runs=50, failure_rate_threshold_pct=50.0, window_hours=72, cooldown_secs=21_600
        ),
    }
)
