from email.message import EmailMessage
from email.policy import SMTP

from cli.stack.inbox_pages import inbox_page, mail_page
from cli.stack.mail_store import MailStore, Stats


def mail(subject: str = "Hello", text: str = "Body", message_id: str | None = None, html: str = "") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = "shop@example.com"
    message["To"] = "ann@example.com"
    if message_id:
        message["Message-ID"] = message_id
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def test_the_latest_are_kept_in_full_and_all_are_counted() -> None:
    store = MailStore(kept=2)
    for number in range(5):
        store.add("shop@example.com", [f"{number % 2}@example.com"], mail(f"Mail {number}", text=str(number)))
    assert [stored.subject for stored in store.latest(10)] == ["Mail 4", "Mail 3"]
    assert store.get(3) is None
    assert (fourth := store.get(4)) is not None
    assert fourth.subject == "Mail 3"
    assert store.stats() == Stats(total=5, recipients=2, duplicates=0)
    assert store.counts == {"0@example.com": 3, "1@example.com": 2}


def test_large_mails_push_out_older_ones() -> None:
    store = MailStore(kept_bytes=3_000)
    for number in range(3):
        store.add("", ["ann@example.com"], mail(f"Mail {number}", text="x" * 500 + "\n" + "y" * 500))
    assert [stored.number for stored in store.latest(10)] == [3, 2]


def test_the_same_message_to_the_same_recipient_is_a_duplicate() -> None:
    store = MailStore()
    store.add("", ["ann@example.com"], mail(message_id="<1@example.com>"))
    store.add("", ["bob@example.com"], mail(message_id="<1@example.com>"))
    store.add("", ["Ann@example.com"], mail(message_id="<1@example.com>", text="sent again"))
    store.add("", ["ann@example.com"], mail(text="without an id"))
    store.add("", ["ann@example.com"], mail(text="without an id"))
    assert store.stats().duplicates == 2


def test_clearing_forgets_mails_and_counts() -> None:
    store = MailStore()
    store.add("", ["ann@example.com"], mail())
    store.clear()
    assert store.latest(1) == []
    assert store.stats() == Stats(0, 0, 0)


def test_bodies_are_decoded() -> None:
    store = MailStore()
    store.add("", ["ann@example.com"], mail(subject="Grüße", text="Schöne Grüße", html="<b>Grüße</b>"))
    (stored,) = store.latest(1)
    assert stored.subject == "Grüße"
    assert (stored.text or "").strip() == "Schöne Grüße"
    assert (stored.html or "").strip() == "<b>Grüße</b>"


def test_pages_escape_what_a_mail_says() -> None:
    store = MailStore()
    attack = '"><script>alert(1)</script>'
    store.add(attack, [attack], mail(subject=attack, text=attack, html=attack))
    (stored,) = store.latest(1)
    for page in (inbox_page([stored], store.stats(), to=attack), mail_page(stored)):
        assert "<script" not in page
        assert "&lt;script&gt;" in page
    assert "<iframe sandbox srcdoc=" in mail_page(stored)
