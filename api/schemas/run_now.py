from typing import Literal

from pydantic import BaseModel, Field

from api.plain_errors import timestamp_now
from domain.run_report import RunReport


class AutomationExecuted(BaseModel):
    """processed = sent + skipped + failed, as far as it was counted when this was answered."""

    success: Literal[True] = True
    processed: int = Field(description="People whose outcome is known; the others' is being decided")
    sent: int = Field(description="Messages sent; without an action, events made")
    skipped: int
    failed: int = Field(description="Also those of whom it is not known whether they were reached")
    errors: list[str] = Field(
        description="Of the first hundred: what was not sent to whom, and why",
        examples=[["Failed to send to +34612345678: Invalid phone number"]],
    )
    message: str | None = Field(
        default=None,
        description="Of a run that is held, still under way, or has messages that wait: that it is so",
        examples=["Held: 10 of the last 10 messages did not arrive; 50 pending"],
    )
    timestamp: str = Field(examples=["2026-03-04T10:30:00.000Z"])

    @classmethod
    def of(cls, report: RunReport) -> "AutomationExecuted":
        return cls(
            processed=report.processed,
            sent=report.sent,
            skipped=report.skipped,
            failed=report.failed,
            errors=list(report.errors),
            message=report.message,
            timestamp=timestamp_now(),
        )


class AutomationInactive(BaseModel):
    """Nothing was done."""

    success: Literal[True] = True
    message: Literal["Automation is not active"] = "Automation is not active"
    processed: Literal[0] = 0
    sent: Literal[0] = 0
    skipped: Literal[0] = 0
    failed: Literal[0] = 0
    timestamp: str = Field(default_factory=timestamp_now, examples=["2026-03-04T10:30:00.000Z"])
