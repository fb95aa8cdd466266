"""What messages say: by language, and rendered for one person. Runs, rules and journeys all render here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from markupsafe import escape
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.actions import Channel, SendMessage
from domain.html_text import text_of_html
from domain.locales import Locale, best_locale, spelt_once
from domain.message_options import NO_OPTIONS, MessageOptions, Name
from domain.storable_text import storable
from domain.template_gaps import Gap
from domain.template_work import bounded_work
from domain.templates import TemplateValueError, parse_template

MAX_LOCALES = 50
# The names that contents may use. Which of them have values depends on what sends the message.
NAMES_OF_VALUES = ("participant", "payload", "event", "conversation", "journey")
SAYS_NOTHING = "the message comes out empty"

Line = Annotated[str, Field(max_length=1_000), AfterValidator(storable)]
Address = Annotated[str, Field(max_length=2_048), AfterValidator(storable)]
LongText = Annotated[str, Field(max_length=65_536), AfterValidator(storable)]
Html = Annotated[str, Field(max_length=131_072), AfterValidator(storable)]


class Content(BaseModel):
    """What a message says in one language. Every text in it is a Liquid template.

    `body` is plain text; a mail that has none is given the text of its `html`, in which values are escaped.
    `preheader`: what a mailbox shows beside the subject. The rest is for the channels that know it: `title`, `click_url`
    and `data` for push messages, `media`, and `content_sid` with `content_variables` for WhatsApp templates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Line = ""
    body: LongText = ""
    html: Html | None = None
    preheader: Line | None = None
    title: Line | None = None
    click_url: Address | None = None
    media: Annotated[tuple[Address, ...], Field(max_length=10)] = ()
    content_sid: Annotated[str, Field(pattern=r"^H[A-Za-z0-9]{1,63}$")] | None = None
    content_variables: Annotated[dict[Name, Line], Field(max_length=100)] = {}
    data: Annotated[dict[Name, Line], Field(max_length=50)] = {}

    def sources(self) -> Iterator[tuple[str, str]]:
        """Its templates, each with the field that holds it."""
        for name in ("subject", "body", "html", "preheader", "title", "click_url"):
            if getattr(self, name):
                yield name, getattr(self, name)
        for index, source in enumerate(self.media):
            yield f"media.{index}", source
        for name in ("content_variables", "data"):
            for key, source in getattr(self, name).items():
                yield f"{name}.{key}", source

    def links(self) -> Iterator[tuple[str, str]]:
        """Those of its templates that have to come out as URLs, each with its field."""
        if self.click_url is not None:
            yield "click_url", self.click_url
        for index, source in enumerate(self.media):
            yield f"media.{index}", source


Contents = Annotated[
    dict[Locale, Content], Field(min_length=1, max_length=MAX_LOCALES), BeforeValidator(spelt_once)
]


class MessageContents(BaseModel):
    """A message in every language that it is written in; the default one is for all the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_locale: Locale
    contents: Contents

    def locale_for(self, locale: str | None) -> str:
        return best_locale(locale, self.contents, self.default_locale)

    def for_locale(self, locale: str | None) -> Content:
        """What somebody of that language is told: es-MX, else es, else the default."""
        return self.contents[self.locale_for(locale)]


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A message template as it is used: one version of it, which never changes."""

    id: UUID
    version: int
    channel: Channel
    contents: MessageContents


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    subject: str
    body: str
    options: MessageOptions


def contents_of(action: SendMessage, template: MessageTemplate | None) -> MessageContents:
    """What an action sends: its template's contents, or its own text to people of every language."""
    if action.template_id is None:
        own = Content.model_construct(subject=action.subject, body=action.body or "")
        return MessageContents.model_construct(default_locale="und", contents={"und": own})
    assert template is not None and template.id == action.template_id
    return template.contents


def message_for(channel: Channel, content: Content, values: Mapping[str, Any]) -> RenderedMessage:
    """What is sent to one person. Raises TemplateError where it cannot be rendered, or says nothing; it quotes nobody."""
    message = render_content(content, values)
    if says_nothing(channel, message):
        raise TemplateValueError(SAYS_NOTHING)
    return message


def render_content(content: Content, values: Mapping[str, Any]) -> RenderedMessage:
    """The content for one person. `values`: by name, see NAMES_OF_VALUES. Raises TemplateError; it quotes nobody."""
    with bounded_work():
        html = None if content.html is None else _render_html(content, content.html, values)
        body = _render(content.body, values)
        if html is not None and not content.body:
            body = text_of_html(html)
        return RenderedMessage(_render(content.subject, values), body, _options(content, html, values))


def says_nothing(channel: Channel, message: RenderedMessage) -> bool:
    """Whether there is nothing to read in it but white space. A mail may be all subject; of an approved template
    the provider has the text."""
    if channel is Channel.EMAIL:
        return not any(text.strip() for text in (message.subject, message.body, message.options.html or ""))
    return not message.body.strip() and message.options.content_sid is None


def gaps_of(content: Content, values: Mapping[str, Any]) -> Iterator[tuple[str, Gap]]:
    """The places where content writes nothing for these values, each with its field. Raises TemplateError."""
    for field, source in content.sources():
        for gap in parse_template(source, html=field == "html").gaps(values):
            yield field, gap


def _render(source: str, values: Mapping[str, Any]) -> str:
    return parse_template(source).render(values)


def _render_html(content: Content, source: str, values: Mapping[str, Any]) -> str:
    html = parse_template(source, html=True).render(values)
    return html if content.preheader is None else _with_preheader(html, _render(content.preheader, values))


def _with_preheader(html: str, preheader: str) -> str:
    """Mailboxes show the first text of a mail beside its subject; people who open it do not see this one."""
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escape(preheader)}</div>'
    start = html.lower().find("<body")
    end = html.find(">", start) + 1 if start >= 0 else 0
    return f"{html[:end]}{hidden}{html[end:]}"


_OPTIONAL = ("html", "title", "click_url", "media", "content_sid", "content_variables", "data")


def _options(content: Content, html: str | None, values: Mapping[str, Any]) -> MessageOptions:
    if not any(getattr(content, name) for name in _OPTIONAL):
        return NO_OPTIONS
    given = {
        "html": html,
        "title": None if content.title is None else _render(content.title, values),
        "click_url": None if content.click_url is None else _render(content.click_url, values),
        "media": [_render(source, values) for source in content.media],
        "content_sid": content.content_sid,
        "content_variables": {
            key: _render(source, values) for key, source in content.content_variables.items()
        },
        "data": {key: _render(source, values) for key, source in content.data.items()},
    }
    try:
        return MessageOptions.model_validate(given)
    except ValidationError as error:
        # The values themselves are somebody's.
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise TemplateValueError(f"{field}: does not come out as what it has to be") from None
