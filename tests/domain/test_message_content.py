from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Channel, SendMessage
from domain.message_content import (
    Content,
    MessageContents,
    MessageTemplate,
    contents_of,
    gaps_of,
    message_for,
    render_content,
)
from domain.message_options import NO_OPTIONS
from domain.templates import TemplateError


def rendered(values: dict[str, Any] | None = None, **content: Any) -> Any:
    return render_content(Content(**content), values or {})


def test_subject_and_body_are_rendered_as_plain_text() -> None:
    message = rendered(
        {"participant": {"first_name": "<O'Brien>"}}, subject="{{ participant.first_name }}", body="&"
    )
    assert (message.subject, message.body, message.options) == ("<O'Brien>", "&", NO_OPTIONS)


def test_values_are_escaped_in_html_and_not_in_the_text_that_is_made_of_it() -> None:
    message = rendered(
        {"participant": {"first_name": "<b>O'Brien"}}, html="<p>Hi {{ participant.first_name }}</p>"
    )
    assert message.options.html == "<p>Hi &lt;b&gt;O&#39;Brien</p>"
    assert message.body == "Hi <b>O'Brien"


def test_a_text_of_its_own_is_left_as_it_is() -> None:
    assert rendered(html="<p>rich</p>", body="plain").body == "plain"


@pytest.mark.parametrize("html", ["<html><body class='x'><p>Hi</p></body></html>", "<p>Hi</p>"])
def test_a_preheader_is_the_first_thing_in_the_body_and_escaped(html: str) -> None:
    written = rendered({"a": "<i>"}, html=html, preheader="{{ a }} inside").options.html
    before, _, after = written.partition("<div style=")
    assert before in ("<html><body class='x'>", "")
    assert "&lt;i&gt; inside</div><p>Hi</p>" in after


def test_what_only_some_channels_know_becomes_options() -> None:
    message = rendered(
        {"a": "x"},
        body="b",
        title="{{ a }}!",
        click_url="https://example.org/{{ a }}",
        media=("https://example.org/{{ a }}.png",),
        content_sid="HX1",
        content_variables={"1": "{{ a }}"},
        data={"k": "{{ a }}"},
    )
    assert message.options.stored() == {
        "title": "x!",
        "click_url": "https://example.org/x",
        "media": ["https://example.org/x.png"],
        "content_sid": "HX1",
        "content_variables": {"1": "x"},
        "data": {"k": "x"},
    }


def test_all_texts_of_a_message_share_what_rendering_it_may_take() -> None:
    source = "{% for i in (1..9000) %}{% if i == 0 %}{% endif %}{% endfor %}"
    assert rendered(subject=source, body="x").subject == ""
    with pytest.raises(TemplateError, match="too much work"):
        rendered(subject="x", body="x", data=dict.fromkeys("abc", source))


def test_a_link_that_comes_out_as_none_is_an_error_that_quotes_nobody() -> None:
    with pytest.raises(TemplateError) as refused:
        rendered({"a": "ana@example.org"}, body="b", click_url="{{ a }}")
    assert str(refused.value) == "click_url: does not come out as what it has to be"


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("nothing", ["{{ none }}", " \n\t{{ none }}\u00a0"])
def test_a_message_without_a_word_in_it_is_not_for_sending(channel: Channel, nothing: str) -> None:
    for content in (Content(body=nothing), Content(subject=nothing, body=nothing, html=nothing)):
        with pytest.raises(TemplateError) as refused:
            message_for(channel, content, {})
        assert str(refused.value) == "the message comes out empty"


@pytest.mark.parametrize(
    ("channel", "content"),
    [
        (Channel.EMAIL, {"subject": "Hi", "body": "{{ none }}"}),
        (Channel.EMAIL, {"subject": "{{ none }}", "body": "Hi"}),
        (Channel.EMAIL, {"subject": "{{ none }}", "html": "<img src='https://shop.example/a.png'>"}),
        (Channel.WHATSAPP, {"content_sid": "HX1", "content_variables": {"1": "{{ none }}"}}),
        (Channel.SMS, {"body": "{{ none }}."}),
    ],
)
def test_a_mail_may_be_all_subject_and_an_approved_template_has_its_text_elsewhere(
    channel: Channel, content: dict[str, Any]
) -> None:
    assert message_for(channel, Content(**content), {}) == render_content(Content(**content), {})


def test_places_that_come_out_empty_are_told_by_field_and_line() -> None:
    content = Content(
        subject="{{ participant.first_name | default: 'friend' }}",
        html="<p>\n{{ participant.city }}{{ event.id }}</p>",
    )
    gaps = [(field, gap.expression, gap.line) for field, gap in gaps_of(content, {"event": {"id": 7}})]
    assert gaps == [("html", "participant.city", 2)]


def test_each_language_is_found_by_whoever_speaks_it() -> None:
    contents = MessageContents(
        default_locale="en", contents={"en": Content(body="Hello"), "ES": Content(body="Hola")}
    )
    assert [contents.for_locale(locale).body for locale in ("es-MX", "fr", None)] == [
        "Hola",
        "Hello",
        "Hello",
    ]


def test_an_action_says_its_own_text_or_its_templates() -> None:
    own = SendMessage(type="send_message", channel=Channel.SMS, body="Hi")
    assert contents_of(own, None).for_locale("es").body == "Hi"
    template = MessageTemplate(
        uuid4(),
        1,
        Channel.SMS,
        MessageContents(default_locale="en", contents={"en": Content(body="From a template")}),
    )
    using = SendMessage(type="send_message", channel=Channel.SMS, template_id=template.id)
    assert contents_of(using, template).for_locale("es").body == "From a template"
