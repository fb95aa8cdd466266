"""The table of settings in docs/settings.md, made from the settings themselves.

`python -m runtime.settings_reference`, run where `docs/` is, brings the document up to date.
"""

from enum import Enum
from pathlib import Path
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from runtime.channel_settings import ChannelSettings
from runtime.settings import Settings

DOCUMENT = Path("docs/settings.md")
START = "<!-- settings: start -->"
END = "<!-- settings: end -->"


def settings_reference() -> str:
    """A Markdown table: every variable, its default and its meaning."""
    prefix = str(Settings.model_config["env_prefix"])
    inherited = ChannelSettings.model_fields
    fields = {name: field for name, field in Settings.model_fields.items() if name not in inherited}
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in (fields | inherited).items()
    ]
    return "\n".join(["| Variable | Default | Meaning |", "| --- | --- | --- |", *rows])


def documented(text: str) -> str:
    """What a document says between the two markers. Raises ValueError when it lacks one."""
    _, between, _ = _parts(text)
    return between.strip()


def renewed(text: str) -> str:
    """The document with the present table between its markers."""
    before, _, after = _parts(text)
    return f"{before}{START}\n\n{settings_reference()}\n\n{END}{after}"


def _parts(text: str) -> tuple[str, str, str]:
    before, start, rest = text.partition(START)
    between, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"expected {START} and {END}")
    return before, between, after


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if SecretStr in (field.annotation, *get_args(field.annotation)):
        return "secret"
    if field.default is None:
        return "none"
    default = field.default.value if isinstance(field.default, Enum) else field.default
    return f"`{_cell(str(default).lower() if isinstance(default, bool) else str(default))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
