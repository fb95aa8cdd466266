"""Every table of the record."""

from store.tables.api_key import ApiKey
from store.tables.automation import Automation, AutomationChange
from store.tables.channel_pace import ChannelPace
from store.tables.conversation import Conversation, ConversationNote
from store.tables.enrollment import Enrollment, EnrollmentStep, JourneyTally
from store.tables.event import Event
from store.tables.event_type import EventType
from store.tables.idempotency_key import IdempotencyKey
from store.tables.journey import Journey, JourneyVersion
from store.tables.journey_intake import JourneyListener, JourneyRefusal
from store.tables.message import Message
from store.tables.message_click import MessageClick
from store.tables.message_template import MessageTemplate, MessageTemplateVersion
from store.tables.participant import Participant
from store.tables.participant_state_change import ParticipantStateChange
from store.tables.product import Product, ProductSubscription
from store.tables.program import Program
from store.tables.received_callback import ReceivedCallback
from store.tables.rule import AutomationControl, AutomationRule, RuleCooldown, RuleRun, RuleRunTally
from store.tables.rule_alert import RuleAlert
from store.tables.run import AutomationRun, FireReceipt, RunParticipant
from store.tables.run_address import RunAddress
from store.tables.segment import Segment, SegmentMember
from store.tables.short_link import ShortLink
from store.tables.subscription import Subscription
from store.tables.suppression import Suppression
from store.tables.user import LoginAttempt, User, UserSession
from store.tables.visit import ParticipantVisits, RfmScoring
from store.tables.webhook import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Automation",
    "AutomationChange",
    "AutomationControl",
    "AutomationRule",
    "AutomationRun",
    "ChannelPace",
    "Conversation",
    "ConversationNote",
    "Enrollment",
    "EnrollmentStep",
    "Event",
    "EventType",
    "FireReceipt",
    "IdempotencyKey",
    "Journey",
    "JourneyListener",
    "JourneyRefusal",
    "JourneyTally",
    "JourneyVersion",
    "LoginAttempt",
    "Message",
    "MessageClick",
    "MessageTemplate",
    "MessageTemplateVersion",
    "Participant",
    "ParticipantStateChange",
    "ParticipantVisits",
    "Product",
    "ProductSubscription",
    "Program",
    "ReceivedCallback",
    "RfmScoring",
    "RuleAlert",
    "RuleCooldown",
    "RuleRun",
    "RuleRunTally",
    "RunAddress",
    "RunParticipant",
    "Segment",
    "SegmentMember",
    "ShortLink",
    "Subscription",
    "Suppression",
    "User",
    "UserSession",
    "WebhookDelivery",
    "WebhookEndpoint",
]
