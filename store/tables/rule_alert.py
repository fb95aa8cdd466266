from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from store.tables.columns import instant, reference, text_field

# Queries say it in these words: with a parameter in it, a prepared statement could not use the index below.
OPEN = "recovered_at IS NULL"


class RuleAlert(SQLModel, table=True):
    """An episode: from when a rule's figures were alarming until they no longer were; one of a rule is open at a time.

    Level, reason and figures are of its opening, or of when it became critical. `last_notified_at`: None while nobody
    has been told. `snoozed_until`: the snooze that it brought the rule.
    """

    __tablename__ = "rule_alert"
    __table_args__ = (
        Index("rule_alert_is_open_once", "rule_id", unique=True, postgresql_where=text(OPEN)),
        Index("rule_alert_page", "rule_id", "opened_at", "id"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    program_id: UUID
    rule_id: UUID = reference("automation_rule.id")
    level: str = text_field()
    reason: str = text_field()
    matched_runs: int
    executed_runs: int
    failure_rate_pct: float
    opened_at: datetime = instant(nullable=False)
    recovered_at: datetime | None = instant()
    last_notified_at: datetime | None = instant()
    snoozed_until: datetime | None = instant()
