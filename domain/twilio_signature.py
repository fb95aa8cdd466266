"""How Twilio signs what it posts (`X-Twilio-Signature`): HMAC-SHA1 of the URL and every field, by the auth token."""

import hmac
from base64 import b64encode
from collections.abc import Iterable


def twilio_signature(auth_token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """`url` as it was called, query included; a field that is there several times counts once per value.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1")).decode()
