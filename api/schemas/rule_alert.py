from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.rules.alert_levels import AlertLevel, AlertReason


class RuleAlertOut(BaseModel):
    """An episode. Level, reason and figures are of its opening, or of when it became critical."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    rule_id: UUID
    level: AlertLevel
    reason: AlertReason
    matched_runs: int = Field(
        description="Runs of the window that matched and were to act: without those that rollout or cooldown held back"
    )
    executed_runs: int
    failure_rate_pct: float
    opened_at: datetime
    recovered_at: datetime | None = Field(description="null while it is open")
    last_notified_at: datetime | None = Field(
        description="When the channels were last told; null when they were not, as the one before it was too close"
    )
    snoozed_until: datetime | None = Field(description="Until when it snoozed the rule, if it did")


class RuleAlertsOut(BaseModel):
    """One page of a list. `total`: how many there are on all pages."""

    items: list[RuleAlertOut]
    next_cursor: str | None
    total: int
