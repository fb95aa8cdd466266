"""Callbacks without a key: whoever sends one knows a secret, and proves it by signing."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from fastapi import Request
from standardwebhooks import Webhook, WebhookVerificationError

from api.errors import Refusal, invalid
from domain.storable_text import is_storable
from domain.twilio_callbacks import is_signed
from runtime.settings import Settings

MAX_BODY = 65_536
MAX_FIELDS = 200
MAX_ID = 255
SIGNATURE = "X-Twilio-Signature"

Form = Sequence[tuple[str, str]]


async def signed_message(request: Request) -> tuple[str, bytes]:
    """The id and the body of a message signed by Standard Webhooks, within five minutes. Raises a Refusal."""
    settings: Settings = request.app.state.settings
    secrets = settings.callback_secrets
    if not secrets:
        raise Refusal(404, "Callbacks are not set up: CARILLON_CALLBACK_SECRET is not set")
    body = await _bounded_body(request)
    headers = dict(request.headers)
    if not any(_verifies(secret, body, headers) for secret in secrets):
        raise Refusal(
            401,
            "The signature is wrong, missing or more than five minutes old: webhook-id, webhook-timestamp and "
            "webhook-signature have to be as in Standard Webhooks",
        )
    identifier = headers["webhook-id"]
    if len(identifier) > MAX_ID or not is_storable(identifier):
        raise invalid("webhook-id", "not an id", f"text of at most {MAX_ID} characters")
    return identifier, body


async def signed_form(request: Request) -> dict[str, str]:
    """The fields of a form signed as Twilio does. Raises a Refusal."""
    settings: Settings = request.app.state.settings
    token, public_url = settings.twilio_auth_token, settings.public_url
    if token is None or public_url is None:
        raise Refusal(
            404,
            "Twilio's callbacks are not set up: CARILLON_TWILIO_AUTH_TOKEN and CARILLON_PUBLIC_URL are needed",
        )
    fields = _fields(await _bounded_body(request))
    query = request.scope["query_string"].decode("latin-1")
    url = f"{public_url}{request.scope['path']}" + (f"?{query}" if query else "")
    if not is_signed(token.get_secret_value(), url, fields, request.headers.get(SIGNATURE, "")):
        raise Refusal(
            401,
            f"The signature in {SIGNATURE} is wrong or missing: it has to be of this account's auth token, and of "
            "the address below CARILLON_PUBLIC_URL that was asked",
        )
    return dict(fields)


async def _bounded_body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > MAX_BODY:
        raise Refusal(413, f"The body is too large; at most {MAX_BODY} bytes are accepted")
    return body


def _verifies(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        # What is no signature at all makes the library stumble.
        return False
    return True


def _fields(body: bytes) -> Form:
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise invalid("body", "not a form", f"at most {MAX_FIELDS} fields, URL-encoded in UTF-8") from None
    if not all(is_storable(part) for field in fields for part in field):
        raise invalid("body", "not text", "characters that can be stored")
    return fields
