"""Definitions that are right, to be varied by the tests."""

from datetime import UTC, datetime
from typing import Any

from domain.automation import Definition

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MAIL = {
    "type": "send_message",
    "channel": "email",
    "subject": "Hi {{ participant.first_name }}",
    "body": "Bye",
}


def cron(**fields: Any) -> Definition:
    return _definition(trigger_type="cron", **{"cron_expression": "0 9 * * *"} | fields)


def one_time(**fields: Any) -> Definition:
    return _definition(trigger_type="one_time", **{"trigger_at": NOON} | fields)


def immediate(**fields: Any) -> Definition:
    return _definition(trigger_type="immediate", **fields)


def watching(**fields: Any) -> Definition:
    birthday = {"schedule_type": "ATTRIBUTE_DATE", "schedule_config": {"attribute": "birthday"}}
    return _definition(trigger_type="participant_state", **birthday | fields)


def _definition(**fields: Any) -> Definition:
    return Definition.model_validate(
        {"name": "Digest", "event_name": "digest", "scope": "participants"} | fields
    )
