"""Links that clients write as templates: one without Liquid in it is the same for everybody, and can be checked at once."""

from domain.message_options import is_url

_LIQUID = ("{{", "{%")


def is_broken_link(source: str) -> bool:
    """Whether whoever gets it can never open it."""
    return not is_url(source) and not any(mark in source for mark in _LIQUID)
