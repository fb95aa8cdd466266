"""Ways to reach a person: one provider a file, behind one small protocol."""

from channels.channel import Channels, Delivery, MessageChannel, Outgoing
from channels.email import EmailChannel
from channels.registry import build_channels

__all__ = ["Channels", "Delivery", "EmailChannel", "MessageChannel", "Outgoing", "build_channels"]
