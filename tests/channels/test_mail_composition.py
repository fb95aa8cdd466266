"""What is composed, as the standard library reads it back."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from channels import Outgoing
from channels.mail_composition import LONGEST_LINE, compose
from channels.mail_sender import Senders
from domain.message_options import MessageOptions

few = settings(max_examples=40)
MESSAGE_ID = UUID(int=1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
storable_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
long_texts = st.builds(lambda text, times: text * times, texts, st.integers(1, 40))
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


def composed(
    subject: str = "Hello", body: str = "Hi", sender: str = "club@example.com", **options: object
) -> tuple[bytes, EmailMessage]:
    message = Outgoing(MESSAGE_ID, "ana@example.org", subject, body, MessageOptions.model_validate(options))
    content = compose(message, Senders(sender, ()).of(message.options), "ana@example.org")
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return content, mail


def same_lines(text: str) -> list[str]:
    """What is left of a text when each kind of line end has become one, and those at its end are gone."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


@few
@given(long_texts)
def test_any_text_is_read_back_as_it_was_written(body: str) -> None:
    content, mail = composed(body=body)
    assert same_lines(str(mail.get_content())) == same_lines(body)
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= LONGEST_LINE
    assert b"\n" not in content.replace(b"\r\n", b"")


@few
@given(texts, storable_texts)
def test_html_is_read_back_beside_the_text(body: str, html: str) -> None:
    _, mail = composed(body=body, html=html)
    plain, rich = mail.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    assert same_lines(str(plain.get_content())) == same_lines(body)
    assert same_lines(str(rich.get_content())) == same_lines(html)


@few
@given(lines)
def test_a_subject_is_read_back_but_for_its_blanks(subject: str) -> None:
    content, mail = composed(subject=subject)
    assert str(mail["Subject"]).split() == subject.split()
    assert content.partition(b"\r\n\r\n")[0].isascii()


@few
@given(lines.filter(str.isprintable))
def test_a_header_that_is_added_is_read_back(value: str) -> None:
    _, mail = composed(headers={"X-Campaign": value})
    assert str(mail["X-Campaign"]).split() == value.split()


@few
@given(st.text(st.characters(categories=["L", "N", "Zs", "P"]), max_size=60))
def test_the_senders_name_is_read_back(name: str) -> None:
    quoted = name.replace("\\", "").replace('"', "").strip()
    _, mail = composed(sender=f'"{quoted}" <club@example.com>')
    (address,) = mail["From"].addresses
    assert address.addr_spec == "club@example.com"
    # The standard library reads a blank between two encoded words of a name.
    assert "".join(address.display_name.split()) == "".join(quoted.split())


def test_answers_go_to_an_author_of_another_domain_or_where_the_mail_says() -> None:
    _, mail = composed(sender_email="ana@example.org")
    assert (mail["From"], mail["Reply-To"]) == ("club@example.com", "ana@example.org")
    _, mail = composed(sender_email="ana@example.org", headers={"Reply-To": "bo@example.org"})
    assert mail.get_all("Reply-To") == ["bo@example.org"]


def test_a_boundary_is_none_of_the_texts_own_lines() -> None:
    body = "--=_carillon\r\nContent-Type: text/html\r\n\r\n--=_carillon--"
    _, mail = composed(body=body, html="<p>Hi</p>")
    plain, _ = mail.iter_parts()
    assert same_lines(str(plain.get_content())) == same_lines(body)
