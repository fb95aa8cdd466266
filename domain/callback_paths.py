"""Where providers tell what became of messages: paths below the public URL."""

from uuid import UUID

TWILIO_STATUS = "/callbacks/twilio/status"


def twilio_status_url(public_url: str, message_id: UUID) -> str:
    """The callback says whose it is by our own id, so it finds the message even when its answer was lost."""
    return f"{public_url}{TWILIO_STATUS}?message_id={message_id}"
