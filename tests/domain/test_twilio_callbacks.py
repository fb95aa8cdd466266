"""Twilio's forms: signed, about a status, or an answer of somebody."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.message_news import NewsKind
from domain.twilio_callbacks import Wish, is_signed, reply_of, status_news, twilio_signature

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
# The example of Twilio's own documentation of its signatures.
TOKEN, URL = "12345", "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_signature_is_that_of_twilios_documentation() -> None:
    assert twilio_signature(TOKEN, URL, FORM) == SIGNATURE
    assert is_signed(TOKEN, URL, reversed(FORM), SIGNATURE)


@pytest.mark.parametrize(
    ("token", "url", "form", "signature"),
    [
        ("12346", URL, FORM, SIGNATURE),
        (TOKEN, URL + "&x=1", FORM, SIGNATURE),
        (TOKEN, URL, FORM[1:], SIGNATURE),
        (TOKEN, URL, [*FORM, ("Body", "STOP")], SIGNATURE),
        (TOKEN, URL, FORM, ""),
        (TOKEN, URL, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B9="),
        (TOKEN, URL, FORM, "not base64, nor ASCII: ñ"),
    ],
)
def test_whatever_is_changed_the_signature_is_wrong(
    token: str, url: str, form: list[tuple[str, str]], signature: str
) -> None:
    assert not is_signed(token, url, form, signature)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("queued", "", NewsKind.SENT),
        ("sent", "", NewsKind.SENT),
        ("delivered", "", NewsKind.DELIVERED),
        ("read", "", NewsKind.OPENED),
        ("undelivered", "30003", NewsKind.FAILED),
        ("failed", "30006", NewsKind.BOUNCED),
        ("failed", "21610", NewsKind.UNSUBSCRIBED),
    ],
)
def test_a_status_is_news(status: str, code: str, kind: NewsKind) -> None:
    news = status_news({"MessageStatus": status, "ErrorCode": code, "MessageSid": "SM1"}, NOW)
    assert news is not None
    assert (news.kind, news.at, news.provider_id, news.reason) == (kind, NOW, "SM1", code or None)


@given(st.dictionaries(st.sampled_from(["MessageStatus", "ErrorCode"]), st.text(max_size=9)))
def test_a_status_nobody_knows_is_none(fields: dict[str, str]) -> None:
    fields["MessageStatus"] = fields.get("MessageStatus", "") + "?"
    assert status_news(fields, NOW) is None


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ("STOP", Wish.STOP),
        (" stop. ", Wish.STOP),
        ("Unsubscribe", Wish.STOP),
        ("START", Wish.START),
        ("unstop", Wish.START),
        ("Please stop sending me coffee", None),
        ("YES", None),
        ("", None),
    ],
)
def test_a_reply_asks_to_stop_or_to_start_with_one_word(body: str, wish: Wish | None) -> None:
    reply = reply_of({"From": "+34612345678", "MessageSid": "SM1", "Body": body})
    assert reply is not None
    assert (reply.sender, reply.channel, reply.text, reply.wish) == ("+34612345678", Channel.SMS, body, wish)


def test_an_accounts_own_words_are_told_by_twilio() -> None:
    fields = {"From": "whatsapp:+34612345678", "MessageSid": "SM1", "Body": "Baja", "OptOutType": "STOP"}
    reply = reply_of(fields)
    assert reply is not None
    assert (reply.sender, reply.channel, reply.wish) == ("+34612345678", Channel.WHATSAPP, Wish.STOP)


def test_what_comes_from_nobody_is_no_reply() -> None:
    assert reply_of({"Body": "STOP"}) is None
