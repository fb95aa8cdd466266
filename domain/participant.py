"""Vocabulary of participants: the people of a program."""

from enum import StrEnum


class ParticipantStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class StateType(StrEnum):
    """The kinds of state whose history is kept."""

    ATTRIBUTE = "ATTRIBUTE"
    COUNTER = "COUNTER"
    TAG = "TAG"
    TIER = "TIER"


class Consent(StrEnum):
    """Consent of a participant to one channel; a channel that is absent counts as `nonSubscribed`."""

    SUBSCRIBED = "subscribed"
    NON_SUBSCRIBED = "nonSubscribed"
    UNSUBSCRIBED = "unsubscribed"


CONSENT_CHANNELS = ("email", "sms", "whatsapp", "push")
