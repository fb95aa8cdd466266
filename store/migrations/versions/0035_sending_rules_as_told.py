"""rules of sending as they may be told from now on: true or false as such, and channels that go to the person"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TOLD = sa.text(
    "SELECT id, settings->'sending' AS sending FROM program WHERE jsonb_typeof(settings->'sending') = 'object'"
)
TELL = sa.text(
    "UPDATE program SET settings = jsonb_set(settings, '{sending}', :sending) WHERE id = :id"
).bindparams(sa.bindparam("sending", type_=JSONB))
PERSONAL = ("email", "sms", "whatsapp", "push")
# What was read as true.
TRUE = (1, "1", "on", "t", "true", "y", "yes")


def upgrade() -> None:
    connection = op.get_bind()
    for program in connection.execute(TOLD).all():
        connection.execute(TELL, {"id": program.id, "sending": as_told(program.sending)})


def downgrade() -> None:
    """What there is now was read before, too."""


def as_told(sending: dict[str, Any]) -> dict[str, Any]:
    """The same rules, without what had no effect."""
    told = dict(sending)
    caps = told.get("frequency_caps")
    if isinstance(caps, list):
        told["frequency_caps"] = [
            cap for cap in caps if not isinstance(cap, dict) or _is_personal(cap.get("channel"))
        ]
    quiet = told.get("quiet_hours")
    if isinstance(quiet, dict) and isinstance(quiet.get("channels"), list) and quiet["channels"]:
        channels = [channel for channel in quiet["channels"] if _is_personal(channel)]
        # No channel would be all of them.
        told["quiet_hours"] = quiet | {"channels": channels} if channels else None
    window = told.get("recently_contacted")
    if isinstance(window, dict) and "same_channel" in window:
        told["recently_contacted"] = window | {"same_channel": _is_true(window["same_channel"])}
    return told


def _is_personal(channel: object) -> bool:
    return channel is None or channel in PERSONAL


def _is_true(value: object) -> bool:
    return (value.lower() if isinstance(value, str) else value) in TRUE
