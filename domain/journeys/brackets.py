"""The seed's placeholders, such as `[[contact.first_name]]`, as what they are in Liquid or in JSON."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_PLACEHOLDER = re.compile(r"\[\[\s*(?!unsubscribe_link\s*\]\])([A-Za-z_][\w.]*)\s*\]\]")
_JSON_STRING_OR_PLACEHOLDER = re.compile(r'"(?:[^"\\]|\\.)*"|' + _PLACEHOLDER.pattern)


@lru_cache(maxsize=1_024)
def as_liquid(source: str) -> str:
    """The template with its placeholders in Liquid, which it may have of its own as well.

    `[[unsubscribe_link]]` stays: it is filled when the message is handed over.
    """
    return _PLACEHOLDER.sub(r"{{ \1 }}", source)


def fill_json(source: str, values: Mapping[str, Any]) -> str:
    """A JSON template, filled: within strings a value is text, elsewhere it is JSON itself. What is unknown is empty
    there, and null here. Raises ValueError where the outcome is no JSON."""

    def fill(found: re.Match[str]) -> str:
        if found[1] is not None:
            return json.dumps(_value(found[1], values), ensure_ascii=False, default=str)
        return _PLACEHOLDER.sub(lambda one: _within_string(_value(one[1], values)), found[0])

    filled = _JSON_STRING_OR_PLACEHOLDER.sub(fill, source)
    json.loads(filled)
    return filled


def _value(path: str, values: Mapping[str, Any]) -> Any:
    value: Any = values
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _within_string(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(text, ensure_ascii=False)[1:-1]
