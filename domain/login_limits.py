"""How often a login may be tried, and what attempts are counted by."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
# An office shares one address, so it may err more often than one person.
PER_ADDRESS = 100
# One customer of a provider has a whole network of this size.
_IPV6_NETWORK_BITS = 64
_IPV6_BITS = 128


@dataclass(frozen=True, slots=True)
class LoginSubject:
    """What attempts are counted by: `digest` names it without telling it. At most `limit` within WINDOW."""

    digest: str
    limit: int


def account_subject(email: str) -> LoginSubject:
    """`email` as `login_email` gives it, whether anybody has it or not."""
    return _subject("account", email, PER_ACCOUNT)


def address_subject(host: str) -> LoginSubject:
    """`host`: the client's network address; of IPv6 its network counts."""
    try:
        address = ip_address(host)
    except ValueError:
        return _subject("address", host, PER_ADDRESS)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return _subject("address", str(address.ipv4_mapped), PER_ADDRESS)
        network = int(address) >> (_IPV6_BITS - _IPV6_NETWORK_BITS)
        return _subject("address", f"{network:x}/{_IPV6_NETWORK_BITS}", PER_ADDRESS)
    return _subject("address", str(address), PER_ADDRESS)


def _subject(kind: str, value: str, limit: int) -> LoginSubject:
    return LoginSubject(hashlib.sha256(f"{kind}:{value}".encode()).hexdigest(), limit)
