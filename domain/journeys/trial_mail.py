"""The mail of a journey's block, as somebody would get it of whom nothing is known."""

from collections.abc import Mapping
from typing import Any

from domain.actions import Channel
from domain.journeys.blocks import SendEmail
from domain.journeys.composing import mail_content, of_author
from domain.message_content import MessageContents, RenderedMessage, message_for


def trial_mail(mail: SendEmail, contents: MessageContents, person: Mapping[str, Any]) -> RenderedMessage:
    """Raises TemplateError. `person`: what templates see of the person."""
    content = mail_content(contents.for_locale(mail.language), mail)
    message = message_for(Channel.EMAIL, content, {"participant": person, "contact": person, "event": {}})
    return RenderedMessage(message.subject, message.body, of_author(message.options, mail))
