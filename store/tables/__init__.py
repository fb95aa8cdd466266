"""Every table of the record."""

from store.tables.api_key import ApiKey
from store.tables.automation import Automation, AutomationChange
from store.tables.event import Event
from store.tables.idempotency_key import IdempotencyKey
from store.tables.message import Message
from store.tables.participant import Participant
from store.tables.participant_state_change import ParticipantStateChange
from store.tables.program import Program
from store.tables.run import AutomationRun, FireReceipt, RunParticipant
from store.tables.subscription import Subscription
from store.tables.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Automation",
    "AutomationChange",
    "AutomationRun",
    "Event",
    "FireReceipt",
    "IdempotencyKey",
    "Message",
    "Participant",
    "ParticipantStateChange",
    "Program",
    "RunParticipant",
    "Subscription",
    "WebhookDelivery",
    "WebhookEndpoint",
]
