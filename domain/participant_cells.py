"""What the text of one cell means, field by field."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from domain.participant import Consent, ParticipantStatus
from domain.participant_columns import AttributeType, Field, FieldKind
from domain.schedules.timezones import timezone_names

MAX_TEXT_BYTES = 8 * 1024
MAX_EXTERNAL_ID_LENGTH = 255
MAX_EMAIL_LENGTH = 320
MAX_TAG_LENGTH = 255
MAX_TAGS = 1000
MAX_NAME_LENGTH = 255
MAX_PHONE_LENGTH = 64
MAX_LOCALE_LENGTH = 35

Convert = Callable[[str], object]


class CellError(ValueError):
    """The cell cannot be accepted; `str()` is the reason, which never repeats the cell's text."""


def converter(field: Field) -> Convert:
    """The function from a cell's trimmed, non-empty text to the field's value; it raises CellError."""
    match field.kind:
        case FieldKind.CORE:
            return _CORE[field.name]
        case FieldKind.ATTRIBUTE:
            return _ATTRIBUTES[field.type]
        case FieldKind.COUNTER:
            return number
        case FieldKind.TIER:
            return check_text
        case FieldKind.CONSENT:
            return consent


def check_text(text: str) -> str:
    """The same text, at most MAX_TEXT_BYTES of UTF-8 without NUL."""
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            raise CellError("the bytes are not UTF-8 text") from None
    if size > MAX_TEXT_BYTES:
        raise CellError(f"longer than {MAX_TEXT_BYTES} bytes")
    if "\0" in text:
        raise CellError("contains a NUL character")
    return text


def external_id(text: str) -> str:
    check_text(text)
    if len(text) > MAX_EXTERNAL_ID_LENGTH:
        raise CellError(f"longer than {MAX_EXTERNAL_ID_LENGTH} characters")
    if _CONTROL.search(text):
        raise CellError("contains a control character")
    return text


def person_name(text: str) -> str:
    if len(check_text(text)) > MAX_NAME_LENGTH:
        raise CellError(f"longer than {MAX_NAME_LENGTH} characters")
    return text


def email(text: str) -> str:
    """The address with its domain in lower case and its text composed (NFC); `.test` domains count."""
    check_text(text)
    if len(text) > MAX_EMAIL_LENGTH:
        raise CellError(f"longer than {MAX_EMAIL_LENGTH} characters")
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise CellError(f"not an email address: {error}") from None


def phone(text: str) -> str:
    """`+` and digits when the number is international (`+` or `00` first), else the text as written.

    Digits of any script become ASCII. Whether the number exists in its country is decided at send time.
    """
    if len(check_text(text)) > MAX_PHONE_LENGTH:
        raise CellError(f"longer than {MAX_PHONE_LENGTH} characters")
    plain = "".join(_ascii_phone_character(character) for character in text).strip()
    plain = plain.removeprefix("tel:")
    if not _PHONE.fullmatch(plain):
        raise CellError("not a phone number: only digits, spaces and + - . / ( ) are expected")
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if plain.startswith("+"):
        digits = re.sub(r"[^0-9]", "", plain.replace("(0)", ""))
        if not 7 <= len(digits) <= 15 or digits.startswith("0"):
            raise CellError("not an international phone number: expected 7 to 15 digits, country code first")
        return f"+{digits}"
    if not 3 <= sum(character.isdigit() for character in plain) <= 15:
        raise CellError("not a phone number: expected 3 to 15 digits")
    return " ".join(plain.split())


def locale(text: str) -> str:
    """A language tag in its usual case, such as `pt-BR` or `zh-Hant-TW`; `_` is read as `-`."""
    matched = _LOCALE.fullmatch(text)
    if matched is None or len(text) > MAX_LOCALE_LENGTH:
        raise CellError("not a language tag such as en, pt-BR or zh-Hant-TW")
    language, script, region, rest = matched.groups(default="")
    parts = (language.lower(), script.title(), region.upper(), rest.lstrip("-_").replace("_", "-"))
    return "-".join(part for part in parts if part)


def timezone(text: str) -> str:
    """The IANA name, in the case IANA writes it."""
    name = _zones_by_folded_name().get(text.casefold())
    if name is None:
        raise CellError("not an IANA time zone such as Europe/Madrid")
    return name


def status(text: str) -> str:
    try:
        return ParticipantStatus(text.upper()).value
    except ValueError:
        raise CellError(f"not one of {', '.join(ParticipantStatus)}") from None


def consent(text: str) -> str:
    value = _CONSENTS.get(text.lower())
    if value is None:
        raise CellError(f"not one of {', '.join(Consent)}")
    return value


def tags(text: str) -> tuple[str, ...]:
    """The tags between `|` or `;`, each once, in order."""
    check_text(text)
    found = dict.fromkeys(tag for part in _TAG_SEPARATORS.split(text) if (tag := part.strip()))
    if not found:
        raise CellError("holds no tag")
    if len(found) > MAX_TAGS:
        raise CellError(f"holds more than {MAX_TAGS} tags")
    if any(len(tag) > MAX_TAG_LENGTH for tag in found):
        raise CellError(f"a tag is longer than {MAX_TAG_LENGTH} characters")
    return tuple(found)


def number(text: str) -> int | float:
    """A finite number with a decimal point; a whole one that fits 64 bits stays an int."""
    if _INTEGER.fullmatch(text):
        whole = int(text)
        if abs(whole) > _LARGEST_INTEGER:
            raise CellError("a whole number must fit 64 bits")
        return whole
    if not _NUMBER.fullmatch(text):
        raise CellError("not a number such as 12 or 12.5")
    value = float(text)
    if not math.isfinite(value):
        raise CellError("not a finite number")
    return value


def boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise CellError("not true or false")
    return value


def iso_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise CellError("not a date of the form YYYY-MM-DD")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise CellError("no such day in the calendar") from None


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PHONE = re.compile(r"\+?[0-9 ()./-]+")
_LOCALE = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?((?:[-_][A-Za-z0-9]{1,8}){0,4})"
)
_TAG_SEPARATORS = re.compile(r"[|;]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LARGEST_INTEGER = 2**63 - 1
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_CONSENTS = {consent.value.lower(): consent.value for consent in Consent}

_CORE: dict[str, Convert] = {
    "external_id": external_id,
    "email": email,
    "phone": phone,
    "first_name": person_name,
    "last_name": person_name,
    "display_name": person_name,
    "locale": locale,
    "timezone": timezone,
    "status": status,
    "tags": tags,
}
_ATTRIBUTES: dict[AttributeType, Convert] = {
    AttributeType.STRING: check_text,
    AttributeType.NUMBER: number,
    AttributeType.BOOL: boolean,
    AttributeType.DATE: iso_date,
}


@lru_cache(maxsize=1)
def _zones_by_folded_name() -> dict[str, str]:
    return {name.casefold(): name for name in timezone_names()}


def _ascii_phone_character(character: str) -> str:
    if character.isascii():
        return character
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Pd":
            return "-"
        case "Zs":
            return " "
    return "+" if character == "＋" else character
