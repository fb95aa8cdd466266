"""Where a webhook may go: which URLs are accepted, and which addresses are never connected to."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

IPAddress = IPv4Address | IPv6Address

LONGEST_URL = 2_048
LONGEST_HOST = 253
DEFAULT_PORTS = {"http": 80, "https": 443}
EXPECTED_URL = "an address such as https://example.com/webhooks"

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]+)(?P<path>[^?#]*)"
    r"(\?(?P<query>[^#]*))?(?P<fragment>#.*)?",
    re.DOTALL,
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]+)(:(?P<port>[0-9]{1,5}))?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# What resolvers read as a number: to them 0x7f.1 and 2130706433 are 127.0.0.1.
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")

_METADATA = tuple(
    ip_network(text)
    for text in (
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("::1", "fc00::/7"),
    )
)
_SPECIAL: tuple[tuple[IPv4Network | IPv6Network, str], ...] = tuple(
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "unspecified"),
        ("169.254.0.0/16", "link-local"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::", "unspecified"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("3fff::/20", "reserved"),
    )
)
_IPV6_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


class DestinationError(ValueError):
    """The URL or address may not be a webhook's destination: why not, and what would be accepted."""

    def __init__(self, reason: str, expected: str = EXPECTED_URL) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


@dataclass(frozen=True, slots=True)
class DestinationRules:
    """What an installation allows beyond HTTPS to public addresses.

    `allow_private` opens private networks and this machine's loopback; never link-local, metadata,
    multicast or reserved addresses.
    """

    allow_http: bool = False
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart. `host` is an ASCII name in lower case, or an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> IPAddress | None:
        """The address that the URL names itself, without a name to resolve."""
        return _literal(self.host)

    def url_at(self, address: IPAddress) -> str:
        """The same request, to one address."""
        host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.target}"


def parse_destination(url: str, rules: DestinationRules) -> Destination:
    """Raises DestinationError for a URL that can never be delivered to by these rules."""
    if len(url) > LONGEST_URL:
        raise DestinationError("is too long", f"at most {LONGEST_URL} characters")
    if _UNSAFE.search(url):
        raise DestinationError("contains a blank, a control character or a backslash")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise DestinationError("is not a URL")
    scheme = parts["scheme"].lower()
    _check_parts(scheme, parts, rules)
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise DestinationError("has a malformed host name or port")
    host = _host(authority["host"], rules)
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65_536:
        raise DestinationError(f"has port {port}", "a port from 1 to 65535")
    target = (parts["path"] or "/") + (f"?{parts['query']}" if parts["query"] else "")
    destination = Destination(scheme, host, port, target)
    if destination.address is not None:
        check_address(destination.address, rules)
    return destination


def check_address(address: IPAddress, rules: DestinationRules) -> None:
    """Raises DestinationError unless a webhook may be sent to this address."""
    reason = _refusal(address, rules)
    if reason is not None:
        raise DestinationError(f"leads to an address that is {reason}", "a public address")


def _check_parts(scheme: str, parts: re.Match[str], rules: DestinationRules) -> None:
    schemes = ("https", "http") if rules.allow_http else ("https",)
    if scheme not in schemes:
        raise DestinationError("has another scheme", f"a URL with {' or '.join(schemes)}")
    if "@" in parts["authority"]:
        raise DestinationError("contains a user name or a password", "a URL without credentials")
    if parts["fragment"] is not None:
        raise DestinationError("contains a fragment", "a URL without #")


def _host(text: str, rules: DestinationRules) -> str:
    if text.startswith("["):
        # A zone (fe80::1%eth0) names an interface of this machine.
        address = None if "%" in text else _literal(text[1:-1])
        if not isinstance(address, IPv6Address):
            raise DestinationError("has a malformed IPv6 address")
        return str(address)
    try:
        host = text if text.isascii() else idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise DestinationError("has a host name that does not exist in the DNS") from None
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise DestinationError("has a malformed host name")
    if _NUMERIC.fullmatch(labels[-1]) and _literal(host) is None:
        raise DestinationError("has an IPv4 address in an unusual notation", "four decimal numbers")
    if labels[-1] == "localhost" and not rules.allow_private:
        raise DestinationError("leads to an address that is private", "a public address")
    return host


def _literal(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refusal(address: IPAddress, rules: DestinationRules) -> str | None:
    if isinstance(address, IPv6Address):
        inner = _carried_ipv4(address)
        if inner is not None:
            return _refusal(inner, rules)
    if any(address in network for network in _METADATA):
        return "for metadata of a cloud"
    if any(address in network for network in _PRIVATE):
        return None if rules.allow_private else "private"
    for network, what in _SPECIAL:
        if address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _IPV6_UNICAST:
        return "reserved"
    return None


def _carried_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this IPv6 address end up at: mapped, NAT64 or 6to4."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
