"""When a rule's failures are worth telling, and to whom."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.storable_text import storable


def _mail_address(address: str) -> str:
    try:
        normal_address(Channel.EMAIL, storable(address))
    except InvalidAddressError:
        raise ValueError("is no e-mail address; expected one, such as on-call@example.com") from None
    return address


class EmailAlert(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["email"]
    to: Annotated[str, StringConstraints(min_length=3, max_length=320), AfterValidator(_mail_address)]


class WebhookAlert(BaseModel):
    """One of the program's webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["webhook"]
    webhook_id: UUID


AlertChannel = Annotated[EmailAlert | WebhookAlert, Field(discriminator="type")]


class AlertSettings(BaseModel):
    """The rule is judged once `min_matched_runs` runs of the window matched and were to act: those that rollout or
    cooldown held back do not count. The window is so many last whole hours and the running one. `cooldown_secs`: at
    least so long between notices of two alerts. `auto_snooze_secs`: a rule that becomes critical is snoozed for so
    long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_matched_runs: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 20
    failure_rate_threshold_pct: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 25.0
    window_hours: Annotated[int, Field(strict=True, ge=1, le=720)] = 24
    channels: Annotated[tuple[AlertChannel, ...], Field(max_length=10)] = ()
    cooldown_secs: Annotated[int, Field(strict=True, ge=0, le=2_592_000)] = 3_600
    auto_snooze_secs: Annotated[int, Field(strict=True, ge=60, le=2_592_000)] | None = None
