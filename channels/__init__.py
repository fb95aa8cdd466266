"""Ways to reach a person: one provider a file, behind one small protocol."""

from channels.channel import Channels, Delivery, MessageChannel, Outgoing
from channels.email import EmailChannel

__all__ = ["Channels", "Delivery", "EmailChannel", "MessageChannel", "Outgoing"]
