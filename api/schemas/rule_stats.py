from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from domain.rules.alert_levels import AlertLevel, AlertReason

ACTED = "Runs whose actions were carried out"


class RuleStatsOut(BaseModel):
    """Rules as they are now; events and runs of the window."""

    total_rules: int
    active_rules: int = Field(description="Rules with `is_active`, snoozed or not")
    snoozed_rules: int
    total_events: int = Field(description="Events that were stored")
    total_runs: int = Field(description="One for each event and each rule that was asked about it")
    matched_runs: int = Field(
        description="Runs whose conditions held, also those that rollout or cooldown held back"
    )
    executed_runs: int = Field(description=ACTED)
    failed_events: int = Field(description="Events of the window that have been given up")


class RuleRunBucketOut(BaseModel):
    bucket: datetime = Field(description="Its beginning, a midnight in UTC")
    total_runs: int
    matched_runs: int = Field(
        description="Runs whose conditions held, also those that rollout or cooldown held back"
    )
    executed_runs: int = Field(description=ACTED)


class RuleAlertStatOut(BaseModel):
    rule_id: UUID
    rule_name: str
    matched_runs: int = Field(
        description="Runs that matched and were to act: without those that rollout or cooldown held back"
    )
    executed_runs: int = Field(description=ACTED)
    failure_rate_pct: float = Field(
        description="(matched_runs - executed_runs) / matched_runs * 100, with two decimals"
    )
    alert_level: AlertLevel
    reason: AlertReason | None = Field(description="null exactly when the level is `ok`")
