"""Whom a mail comes from, and who gets the answers."""

import pytest

from channels.mail_sender import Sender, Senders
from domain.message_options import MessageOptions

senders = Senders("Carillon <no-reply@carillon.example>", ["shop.example"])


def sender(name: str | None = None, email: str | None = None) -> Sender:
    return senders.of(MessageOptions(sender_name=name, sender_email=email))


def test_a_mail_is_the_installations_unless_it_says_otherwise() -> None:
    assert sender() == Sender("Carillon", "no-reply@carillon.example")
    assert sender("") == sender("\r\n") != sender("Ana")


def test_an_authors_name_is_one_line() -> None:
    assert sender("Ana\r\nBcc: eve@example.org") == Sender(
        "Ana Bcc: eve@example.org", "no-reply@carillon.example"
    )


@pytest.mark.parametrize("address", ["ana@shop.example", "ana@SHOP.example", "ana@carillon.example"])
def test_a_mail_comes_from_its_author_where_the_domain_is_ours(address: str) -> None:
    assert sender("Ana", address) == Sender("Ana", address)


@pytest.mark.parametrize("address", ["ana@example.org", "ana@evil-shop.example", "aña@shop.example", "ana"])
def test_any_other_author_gets_the_answers(address: str) -> None:
    assert sender("Ana", address) == Sender("Ana", "no-reply@carillon.example", address)
