"""What the actions of a journey must have to be carried out."""

import re
from collections.abc import Iterator, Mapping, Sequence

from domain.actions import Channel
from domain.condition_forms.errors import Place
from domain.destinations import DestinationError, parse_destination
from domain.fixed_links import is_broken_link
from domain.journeys.blocks import ActionType
from domain.journeys.brackets import as_liquid, fill_json
from domain.journeys.validation.faults import (
    JourneyFault,
    malformed,
    missing,
    not_allowed,
    required,
)
from domain.journeys.validation.reading import Document, child, each, is_given, text
from domain.journeys.validation.surroundings import Surroundings
from domain.json_limits import check_json_limits
from domain.message_links import UNSUBSCRIBE_LINK
from domain.message_options import A_URL
from domain.send_gates import is_address
from domain.templates import TemplateError, parse_template

SENDS = frozenset(
    {ActionType.SEND_EMAIL, ActionType.SEND_SMS, ActionType.SEND_PUSH, ActionType.SEND_WHATSAPP}
)
_LANGUAGE = re.compile(r"[a-z]{2}_[A-Z]{2}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
# The texts that are Liquid.
_TEMPLATES: Mapping[ActionType, tuple[str, ...]] = {
    ActionType.SEND_EMAIL: ("subject", "preheader"),
    ActionType.SEND_SMS: ("message",),
    ActionType.SEND_PUSH: ("title", "body", "clickUrl"),
    ActionType.SEND_WHATSAPP: ("message",),
}
_COMPLIANCE = (
    ("isStopKeywordIncluded", "stopKeywordText"),
    ("isUnsubscribeLinkIncluded", "unsubscribeLinkText"),
)


def action_faults(action: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    """Of the one part that the action's type names, and of there being no other."""
    kind = text(action, "type")
    if kind not in tuple(ActionType):
        return
    for other in ActionType:
        if other != kind and is_given(action, other):
            yield not_allowed(place.of(other), f"not for an action of type {kind}", kind)
    if not is_given(action, kind):
        yield required(place.of(kind), f"the fields of {kind}, nested under this key")
        return
    inner, at = child(action, kind), place.of(kind)
    for name in _TEMPLATES.get(ActionType(kind), ()):
        yield from _template_faults(inner, name, at)
    yield from _faults_of(ActionType(kind), inner, around, at)


def _faults_of(kind: ActionType, inner: Document, around: Surroundings, at: Place) -> Iterator[JourneyFault]:
    match kind:
        case ActionType.SEND_EMAIL:
            yield from _email_faults(inner, around, at)
        case ActionType.SEND_SMS:
            yield from _compliance_faults(child(inner, "compliance"), at.of("compliance"))
        case ActionType.SEND_PUSH:
            link = text(inner, "clickUrl")
            if link and is_broken_link(link):
                yield malformed(at.of("clickUrl"), "not a URL", A_URL)
        case ActionType.SEND_WEBHOOK:
            yield from _webhook_faults(inner, around, at)
        case ActionType.UPDATE_ATTRIBUTE:
            for problem in check_json_limits({"value": inner.get("value")})[:1]:
                yield malformed(at.of(problem.path or "value"), problem.reason)
        case ActionType.ENROLL_JOURNEY:
            yield from _enroll_faults(inner, around, at)


def _email_faults(email: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    template = text(email, "templateID")
    if template is not None and template not in around.templates:
        yield missing(place.of("templateID"), "template")
    language = text(email, "language")
    if language is not None and not _LANGUAGE.fullmatch(language):
        yield malformed(place.of("language"), "not a language", "xx_XX, such as en_US")
    for name in ("senderEmail", "replyToEmail"):
        address = text(email, name)
        if address and not is_address(Channel.EMAIL, address):
            yield malformed(place.of(name), "not an email address", "an address such as hello@example.com")


def _compliance_faults(compliance: Document, place: Place) -> Iterator[JourneyFault]:
    if not compliance:
        return
    for flag, wording in _COMPLIANCE:
        yield from _template_faults(compliance, wording, place)
        if compliance.get(flag, True) is not False and not is_given(compliance, wording):
            yield required(place.of(wording), f"a text, unless {flag} is false")
    link = text(compliance, "unsubscribeLinkText")
    if link is not None and UNSUBSCRIBE_LINK not in link:
        yield malformed(
            place.of("unsubscribeLinkText"), "without the link", f"a text with {UNSUBSCRIBE_LINK}"
        )


def _webhook_faults(webhook: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    url = text(webhook, "callbackUrl")
    if url is not None:
        try:
            parse_destination(url, around.destinations)
        except DestinationError as error:
            yield malformed(place.of("callbackUrl"), error.reason, error.expected)
    body = text(webhook, "body")
    if body is not None and not _is_json_template(body):
        yield malformed(place.of("body"), "not JSON", 'JSON, such as {"email": "[[contact.email]]"}')
    for header, at in each(webhook, "headers", place):
        key, value = text(header, "key"), text(header, "value")
        if key is not None and not _HEADER_NAME.fullmatch(key):
            yield malformed(at.of("key"), "not the name of a header", "a name such as X-Api-Key")
        if value is not None and not _HEADER_VALUE.fullmatch(value):
            yield malformed(
                at.of("value"), "not the value of a header", "a single line of visible ASCII and spaces"
            )


def _is_json_template(body: str) -> bool:
    """Whether it is JSON once each placeholder in it has a value."""
    try:
        fill_json(body, {})
    except (ValueError, RecursionError):
        return False
    return True


def _template_faults(inner: Document, name: str, place: Place) -> Iterator[JourneyFault]:
    source = text(inner, name)
    if source is None:
        return
    faults: Sequence[TemplateError]
    try:
        faults = parse_template(as_liquid(source)).filter_faults
    except TemplateError as error:
        faults = [error]
    for fault in faults:
        yield malformed(place.of(name), str(fault), "a Liquid template")


def _enroll_faults(inner: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    at = place.of("automationID")
    other = text(inner, "automationID")
    if other is None:
        return
    if other == around.own_id:
        yield not_allowed(at, "this automation itself", "another automation")
    elif other not in around.journeys:
        yield missing(at, "automation")
