"""What attempts to log in are counted by."""

import pytest

from domain.login_limits import account_subject, address_subject


def test_accounts_and_addresses_are_told_apart_without_being_told() -> None:
    account, address = account_subject("203.0.113.7"), address_subject("203.0.113.7")
    assert account.digest != address.digest
    assert "203" not in account.digest[:3] or len(account.digest) == 64
    assert account.limit < address.limit


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("unix", "unix", True),
    ],
)
def test_an_address_counts_alone_and_an_ipv6_network_as_one(one: str, other: str, same: bool) -> None:
    assert (address_subject(one) == address_subject(other)) is same
