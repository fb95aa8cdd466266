"""Column shapes that tables share: UTC instants, JSON documents, string enums kept as text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def text_field(*, nullable: bool = False, **options: Any) -> Any:
    if nullable:
        options.setdefault("default", None)
    return Field(sa_type=Text, nullable=nullable, **options)


def instant(*, nullable: bool = True) -> Any:
    """A timestamptz column; always aware, always UTC once read through the session."""
    options: dict[str, Any] = {"default": None} if nullable else {}
    return Field(sa_type=DateTime(timezone=True), nullable=nullable, **options)


def created_instant() -> Any:
    return Field(
        default_factory=lambda: datetime.now(UTC),
        sa_type=DateTime(timezone=True),
        nullable=False,
        sa_column_kwargs={"server_default": func.now()},
    )


def document(default: type[dict[str, Any]] | type[list[Any]] = dict) -> Any:
    literal = "{}" if default is dict else "[]"
    return Field(
        default_factory=default, sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": literal}
    )


def optional_document() -> Any:
    return Field(default=None, sa_type=JSONB(none_as_null=True), nullable=True)


def rule_chain() -> Any:
    """The rules that led to something, the first one first."""
    return Field(
        default_factory=list,
        sa_type=ARRAY(Uuid),
        nullable=False,
        sa_column_kwargs={"server_default": "{}"},
    )


def reference(target: str, *, nullable: bool = False) -> Any:
    options: dict[str, Any] = {"default": None} if nullable else {}
    return Field(foreign_key=target, nullable=nullable, ondelete="CASCADE", **options)


JsonObject = dict[str, Any]
