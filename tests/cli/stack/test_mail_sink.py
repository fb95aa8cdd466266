import smtplib
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage

import httpx
import pytest
import pytest_asyncio

from cli.stack import Part, Stack, StackOptions


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sink() -> AsyncIterator[Stack]:
    async with Stack(StackOptions(parts={Part.MAIL})) as stack:
        yield stack


@pytest.fixture
def inbox(sink: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sink.addresses.inbox_url) as client:
        assert client.delete("/api/messages").status_code == 204
        yield client


def send(sink: Stack, *subjects: str, to: str = "ann@example.com") -> None:
    host, _, port = sink.addresses.smtp_address.partition(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        for subject in subjects:
            message = EmailMessage()
            message["Subject"] = subject
            message["From"] = "shop@example.com"
            message["To"] = to
            message["Message-ID"] = f"<{subject}@example.com>"
            message.set_content("Plain body")
            message.add_alternative("<p>HTML body</p>", subtype="html")
            smtp.send_message(message)


def test_a_sent_mail_is_found_by_its_recipient(sink: Stack, inbox: httpx.Client) -> None:
    send(sink, "one", "two")
    send(sink, "three", to="bob@example.com")
    found = inbox.get("/api/messages", params={"to": "ann@example.com"}).json()
    assert [mail["subject"] for mail in found] == ["two", "one"]
    assert found[0]["to"] == ["ann@example.com"]
    assert found[0]["from"] == "shop@example.com"
    assert found[0]["message_id"] == "<two@example.com>"
    assert found[0]["text"].strip() == "Plain body"
    assert found[0]["html"].strip() == "<p>HTML body</p>"
    assert len(inbox.get("/api/messages", params={"limit": 1}).json()) == 1


def test_counts_name_duplicates(sink: Stack, inbox: httpx.Client) -> None:
    send(sink, "one", "one")
    send(sink, "one", to="bob@example.com")
    assert inbox.get("/api/stats").json() == {"total": 3, "recipients": 2, "duplicates": 1}
    assert inbox.get("/api/recipients").json() == {"ann@example.com": 2, "bob@example.com": 1}


def test_the_pages_show_a_mail_without_letting_it_run(sink: Stack, inbox: httpx.Client) -> None:
    send(sink, "Welcome")
    page = inbox.get("/")
    assert "Welcome" in page.text
    assert 'href="/messages/1"' in page.text
    mail = inbox.get("/messages/1")
    assert "Plain body" in mail.text
    assert "default-src 'none'" in mail.headers["Content-Security-Policy"]


def test_unknown_mails_and_wrong_limits_are_refused(inbox: httpx.Client) -> None:
    assert inbox.get("/messages/99").status_code == 404
    assert inbox.get("/api/messages", params={"limit": "many"}).status_code == 400
