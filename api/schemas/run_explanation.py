from datetime import datetime
from typing import Any

from pydantic import BaseModel

from api.schemas.expression import ExpressionExplained
from domain.gates import EffectGate
from domain.outcomes import Outcome


class ExplainedEffectGate(BaseModel):
    """`open` is null where the gate was not asked, as one before it was shut or the run is not as far yet.

    `inputs`: what the gate looks at, as it is now; of an address only whether there is one.
    """

    gate: EffectGate
    open: bool | None
    inputs: dict[str, Any]


class RunExplained(BaseModel):
    """What became of a participant in a run, and why.

    `outcome`, `reason`, `error`: as the run recorded them; `outcome` is null for somebody it did not enroll. The
    conditions are those that the run started with, null for one it has not. Each is explained on the participant's
    attributes, counters, tags and tiers as they were when it was asked, and on all else as it is now.
    """

    outcome: Outcome | None
    reason: str | None
    error: str | None
    gates: list[ExplainedEffectGate]
    filtered_at: datetime
    participant_filter: ExpressionExplained | None
    guarded_at: datetime | None
    guard_condition: ExpressionExplained | None
