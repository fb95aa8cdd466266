"""Where a webhook may go: nothing that is not public, however it is spelled."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.destinations import (
    LONGEST_URL,
    Destination,
    DestinationError,
    DestinationRules,
    check_address,
    parse_destination,
)

STRICT = DestinationRules()
DEVELOPMENT = DestinationRules(allow_http=True, allow_private=True)

PUBLIC = ["1.1.1.1", "93.184.216.34", "172.15.0.1", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "2a00::1"]
PRIVATE = [
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"),
    *("127.0.0.1", "127.255.255.254", "::1", "fc00::1", "fd12:3456::1"),
]
NEVER = [
    *(str(IPv4Address(0)), "0.1.2.3", "169.254.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "fe80::1", "febf::1", "fec0::1", "ff02::1", "100::1", "64:ff9b:1::1", "5f00::1", "4000::1"),
    *("2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "::7f00:1", "::ffff:0:127.0.0.1"),
]
METADATA = [
    *("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    *("fd00:ec2::254", "fd20:ce::254"),
]
FORMS_THAT_CARRY_IPV4 = ("::ffff:{}", "64:ff9b::{}")


def carried(address: str) -> list[str]:
    """IPv6 addresses that lead to an IPv4 address: mapped, NAT64, 6to4."""
    if ":" in address:
        return []
    sixtofour = IPv6Address((0x2002 << 112) | (int(IPv4Address(address)) << 80) | 1)
    return [*(form.format(address) for form in FORMS_THAT_CARRY_IPV4), str(sixtofour)]


def refused(address: str, rules: DestinationRules) -> bool:
    try:
        check_address(ip_address(address), rules)
    except DestinationError:
        return True
    return False


def in_url(host: str) -> str:
    return f"https://[{host}]/" if ":" in host else f"https://{host}/"


@pytest.mark.parametrize("address", [form for address in PUBLIC for form in (address, *carried(address))])
def test_a_public_address_is_a_destination(address: str) -> None:
    check_address(ip_address(address), STRICT)
    assert parse_destination(in_url(address), STRICT).address == ip_address(address)


@pytest.mark.parametrize(
    "address", [form for address in PRIVATE + NEVER + METADATA for form in (address, *carried(address))]
)
def test_no_other_address_is_one(address: str) -> None:
    assert refused(address, STRICT)
    with pytest.raises(DestinationError):
        parse_destination(in_url(address), STRICT)


@pytest.mark.parametrize("address", [form for address in PRIVATE for form in (address, *carried(address))])
def test_private_ones_can_be_allowed(address: str) -> None:
    assert not refused(address, DEVELOPMENT)


@pytest.mark.parametrize(
    "address", [form for address in NEVER + METADATA for form in (address, *carried(address))]
)
def test_the_rest_can_not(address: str) -> None:
    assert refused(address, DEVELOPMENT)


@given(st.ip_addresses())
def test_whatever_python_knows_as_special_is_refused(address: IPv4Address | IPv6Address) -> None:
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )
    carries = isinstance(address, IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address in IPv6Network("64:ff9b::/96")
    )
    assert refused(str(address), STRICT) or not special or carries


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "0"),
        *("127.0.0.1.", "127.0.0.01", "0x7F.1", "10.0.0.1.", "1.2.3.4.5", "256.1.1.1", "0x"),
        # Full-width digits and an ideographic full stop, which become ASCII in the DNS.
        *("１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1"),
        *("localhost", "LOCALHOST", "localhost.", "x.localhost", "ｌｏｃａｌｈｏｓｔ"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[fe80::1%25eth0]"),
        *(
            "[fe80::1%eth0]",
            "[127.0.0.1]",
            "[::1",
            "::1",
            "%31%32%37.0.0.1",
            "a..b",
            ".a",
            "a b",
            "",
            "..",
            "-a",
        ),
        *("a" * 64 + ".example", "a." * 127 + "example", "xn--\u2603.example"),
    ],
)
def test_odd_spellings_of_a_host_are_refused(host: str) -> None:
    with pytest.raises(DestinationError):
        parse_destination(f"https://{host}/", STRICT)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com",
            "//example.com",
            "https:example.com",
            "https://",
            "https:///x",
            "ftp://example.com",
        ),
        *("file:///etc/passwd", "gopher://example.com/_x", "javascript:alert(1)", "http://example.com/"),
        *("https://user@example.com/", "https://user:secret@example.com/", "https://@example.com/"),
        *("https://1.1.1.1@127.0.0.1/", "https://127.0.0.1\\@1.1.1.1/", "https://1.1.1.1\\.127.0.0.1/"),
        *("https://example.com/#x", "https://example.com#@1.1.1.1/", "https://example.com:0/"),
        *("https://example.com:65536/", "https://example.com:x/", "https://example.com:-1/"),
        *(
            "https://exa mple.com/",
            "https://example.com/\r\nHost: x",
            "https://exam\tple.com/",
            " https://a.example",
        ),
        *("https://example.com/\x00", "https://example.com/" + "a" * LONGEST_URL),
    ],
)
def test_what_is_no_plain_https_url_is_refused_with_a_reason(url: str) -> None:
    with pytest.raises(DestinationError) as refusal:
        parse_destination(url, STRICT)
    assert refusal.value.reason
    assert refusal.value.expected


@pytest.mark.parametrize(
    ("url", "destination", "authority"),
    [
        ("https://Example.COM", Destination("https", "example.com", 443, "/"), "example.com"),
        ("HTTPS://example.com.:443/a?b=c", Destination("https", "example.com", 443, "/a?b=c"), "example.com"),
        ("https://example.com:8443/", Destination("https", "example.com", 8443, "/"), "example.com:8443"),
        ("https://bücher.example/", Destination("https", "xn--bcher-kva.example", 443, "/"), None),
        ("https://faß.example/", Destination("https", "xn--fa-hia.example", 443, "/"), None),
        (
            "https://[2606:4700:0::1111]:1/",
            Destination("https", "2606:4700::1111", 1, "/"),
            "[2606:4700::1111]:1",
        ),
        ("https://127.example/", Destination("https", "127.example", 443, "/"), "127.example"),
    ],
)
def test_a_url_is_taken_apart(url: str, destination: Destination, authority: str | None) -> None:
    assert parse_destination(url, STRICT) == destination
    assert destination.authority == (authority or destination.host)


def test_plain_http_and_this_machine_are_for_installations_that_allow_them() -> None:
    assert parse_destination("http://localhost:9000/x", DEVELOPMENT) == Destination(
        "http", "localhost", 9000, "/x"
    )
    with pytest.raises(DestinationError):
        parse_destination("http://localhost/", DestinationRules(allow_http=True))
    with pytest.raises(DestinationError):
        parse_destination("http://localhost/", DestinationRules(allow_private=True))


def test_the_request_goes_to_an_address_in_place_of_the_name() -> None:
    destination = parse_destination("https://example.com/a?b", STRICT)
    assert destination.url_at(IPv4Address("1.1.1.1")) == "https://1.1.1.1:443/a?b"
    assert destination.url_at(IPv6Address("2a00::1")) == "https://[2a00::1]:443/a?b"


@given(st.text() | st.text(alphabet="https:/.@[]0127xX%#?\\&-_localhost").map(lambda rest: f"https://{rest}"))
def test_no_text_breaks_the_parser_or_leads_to_a_private_address(url: str) -> None:
    try:
        destination = parse_destination(url, STRICT)
    except DestinationError:
        return
    assert destination.scheme == "https"
    assert destination.host.isascii()
    assert destination.address is None or not refused(str(destination.address), STRICT)
