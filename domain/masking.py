"""Addresses for eyes that are to tell messages apart, and not to write to anybody."""

import re

_WORD = re.compile(r"[a-z_]+")


def masked_address(address: str) -> str:
    """`noor@example.com` as `n***@example.com`, `+34612345678` as `+346***78`; anything else without its middle."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    if address.startswith("+") and len(address) > 8:
        return f"{address[:4]}***{address[-2:]}"
    return f"{address[:2]}***" if address else ""


def masked_error(error: str | None) -> str | None:
    """A reason in a word stays; what a provider answered may quote the address."""
    return error if error is not None and _WORD.fullmatch(error) else None
