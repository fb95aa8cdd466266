"""The words that answers may hold are on the page that tells of them."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from domain.actions import Channel
from domain.automation import MissedRunPolicy, ScheduleType
from domain.contract import RunCause
from domain.firing import Refusal
from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from domain.journeys.entering import EntryRefusal
from domain.journeys.publishing import PublishMode
from domain.journeys.resume_policy import ResumeMode
from domain.journeys.statistics import Metric
from domain.journeys.stepping import Decision
from domain.journeys.validation.faults import FaultKind
from domain.messages import MessageStatus
from domain.outcomes import Outcome
from domain.participant_state.standing import SubscriptionStatus
from domain.products import ProductStatus
from domain.rules.alert_levels import AlertLevel
from domain.rules.alert_presets import AlertPreset
from domain.rules.effective_state import InactiveReason
from domain.rules.effects import ActionStatus
from domain.rules.rule import Gate
from domain.run_status import RunStatus
from domain.stock_automations import StockName
from domain.suppressions import SuppressionReason
from domain.webhooks import DisabledReason, WebhookDeliveryStatus, WebhookType

DOCS = Path(__file__).parents[1] / "docs"

TOLD_ON: dict[str, tuple[type[StrEnum], ...]] = {
    "alerting": (AlertLevel, AlertPreset),
    "automations": (MissedRunPolicy, Outcome, Refusal, RunCause, RunStatus),
    "channels": (Channel,),
    "journey-engine": (Decision, EnrollmentStatus, ExitReason),
    "journey-entry": (EntryRefusal,),
    "journeys": (FaultKind, Metric, PublishMode, ResumeMode),
    "messages": (MessageStatus,),
    "omnisend-data": (ProductStatus,),
    "participant-state": (ScheduleType, SubscriptionStatus),
    "rules": (ActionStatus, Gate, InactiveReason),
    "stock-automations": (StockName,),
    "unsubscribing": (SuppressionReason,),
    "webhooks": (DisabledReason, WebhookDeliveryStatus, WebhookType),
}
# No answer holds them: a second delivery leaves no receipt of its own, and who is unsubscribed is not shown.
UNTOLD = {Refusal.ALREADY_HANDLED, SubscriptionStatus.CANCELLED}


@pytest.mark.parametrize(
    ("page", "words"),
    [(page, words) for page, all_words in TOLD_ON.items() for words in all_words],
    ids=lambda given: given if isinstance(given, str) else given.__name__,
)
def test_every_word_is_on_its_page(page: str, words: type[StrEnum]) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    told = {*re.findall(r"`(.+?)`", text), *re.findall(r"^### (\w+)$", text, re.MULTILINE)}
    assert {word.value for word in words if word not in UNTOLD} <= told
