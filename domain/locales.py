"""Languages of people and of contents, as BCP 47 tags such as `es-MX`."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def normal_locale(tag: str) -> str:
    """`es_mx` as `es-MX`. Raises ValueError for what is no language tag."""
    language, *others = tag.strip().replace("_", "-").split("-")
    normal = "-".join([language.lower(), *(_cased(part) for part in others)])
    if _TAG.fullmatch(normal) is None:
        raise ValueError("expected a language tag such as en or es-MX")
    return normal


def _cased(part: str) -> str:
    """A region is written in capitals, a script as a name, and all else small."""
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()


def spelt_once(by_tag: object) -> object:
    """What is given by language tag, as it is. Raises ValidationError for each tag that is another spelling of one before
    it: of the two, one would be lost."""
    first: dict[str, str] = {}
    repeated: list[InitErrorDetails] = []
    for tag in by_tag if isinstance(by_tag, Mapping) else ():
        try:
            locale = normal_locale(tag)
        except (ValueError, AttributeError):
            # It is told of by itself.
            continue
        if locale in first:
            said = PydanticCustomError("duplicate", f"the same language as {first[locale]}")
            repeated.append(InitErrorDetails(type=said, loc=(tag,), input=tag))
        first.setdefault(locale, tag)
    if repeated:
        raise ValidationError.from_exception_data("languages", repeated)
    return by_tag


Locale = Annotated[str, Field(max_length=35), AfterValidator(normal_locale)]


def best_locale(wanted: str | None, available: Collection[str], default: str) -> str:
    """The one of `available` that is nearest to what is wanted: es-MX, else es, else the default."""
    return next((locale for locale in _ever_wider(wanted) if locale in available), default)


def _ever_wider(wanted: str | None) -> Iterator[str]:
    try:
        locale = normal_locale(wanted or "")
    except ValueError:
        return
    while locale:
        yield locale
        locale = locale.rpartition("-")[0]
