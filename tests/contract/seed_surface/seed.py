"""What a seed documents, read from its file, and whether an answer is like it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

Enums = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Field:
    """One documented field. `type` is string, uuid, instant, integer, number, boolean, object or any, with [] a list of
    these, or several of them with | between; `of` is the section that an object, or each in a list, is described by.
    """

    name: str
    type: str
    enum: str | None = None
    of: str | None = None
    where: Mapping[str, Sequence[str]] = of_dataclass(default_factory=dict)
    omitted: bool = False
    always: bool = False
    required: bool = False
    named_by_us: bool = False
    min_length: int | None = None
    max_length: int | None = None

    def belongs_to(self, thing: Mapping[str, Any]) -> bool:
        """Whether a thing with these values has the field."""
        return all(thing[name] in values for name, values in self.where.items())

    def problem(self, value: object, enums: Enums) -> str | None:
        """Why a value that is not null is none of this field's."""
        if not any(_is_of_type(value, type_) for type_ in self.type.split(" | ")):
            return f"{self.name}: {value!r} is no {self.type}"
        named = value if isinstance(value, list) else [value]
        if self.enum is not None and not enums[self.enum].issuperset(named):
            return f"{self.name}: {value!r} is not one of {sorted(enums[self.enum])}"
        return None


@dataclass(frozen=True)
class Operation:
    """`path` is below the seed's base, `status` that of success. `body` is a section, `answer` too, or `section[]` for a
    list of it, or `section.csv` for a file of it."""

    method: str
    path: str
    status: int
    query: tuple[str, ...] = ()
    body: str | None = None
    answer: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Seed:
    """One seed's document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.document: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"{name}.yml").read_text())
        self.base: str = self.document["base"]
        self.models: Mapping[str, Sequence[str]] = self.document["models"]
        # Sections in which what has no value is left out.
        self.sparse: frozenset[str] = frozenset(self.document.get("sparse", ()))
        self.enums: Enums = {of: frozenset(values) for of, values in self.document["enums"].items()}
        self.operations = [
            Operation(**stated | {"query": tuple(stated.get("query", ()))})
            for stated in self.document["operations"]
        ]

    def __str__(self) -> str:
        return self.name

    def fields_of(self, section: str) -> dict[str, Field]:
        return {name: Field(name, **stated) for name, stated in self.document[section].items()}

    def extensions_of(self, section: str) -> frozenset[str]:
        return frozenset(self.document["extensions"].get(section, ()))

    def own_parameters_of(self, operation: Operation) -> frozenset[str]:
        """Those in the query that are ours."""
        return frozenset(self.document["extensions"].get("query", {}).get(str(operation), ()))

    def bodies(self) -> frozenset[str]:
        """The sections that describe what is sent, those within others too."""
        sent: set[str] = set()
        found = {operation.body for operation in self.operations if operation.body is not None}
        while found:
            sent |= found
            within = {field.of for section in found for field in self.fields_of(section).values() if field.of}
            found = within - sent
        return frozenset(sent)

    def differences(self, section: str, shown: Mapping[str, Any]) -> list[str]:
        """How a thing, as it is shown, differs from the section; empty when it does not."""
        return [*self._of_names(section, shown), *self._of_values(section, shown)]

    def _of_names(self, section: str, shown: Mapping[str, Any]) -> Iterator[str]:
        fields = self.fields_of(section)
        omitted = {name for name, field in fields.items() if field.omitted and not field.belongs_to(shown)}
        expected = set(fields) - omitted | self.extensions_of(section)
        needed = {name for name in fields if fields[name].always} if section in self.sparse else expected
        yield from (f"{name}: missing" for name in sorted(needed - set(shown)))
        yield from (f"{name}: unknown" for name in sorted(set(shown) - expected))

    def _of_values(self, section: str, shown: Mapping[str, Any]) -> Iterator[str]:
        for field in self.fields_of(section).values():
            value = shown.get(field.name)
            if not field.belongs_to(shown):
                if value not in (None, []):
                    yield f"{field.name}: {value!r}, though it belongs to others"
            elif value is None:
                if field.always:
                    yield f"{field.name}: null"
            elif problem := field.problem(value, self.enums):
                yield problem
            elif field.of is not None:
                for inner in value if isinstance(value, list) else [value]:
                    yield from (f"{field.name}.{of}" for of in self.differences(field.of, inner))


def _is_of_type(value: object, type_: str) -> bool:
    if type_.endswith("[]"):
        return isinstance(value, list) and all(_is_of_type(item, type_[:-2]) for item in value)
    match type_:
        case "any":
            return True
        case "string":
            return isinstance(value, str)
        case "uuid":
            return isinstance(value, str) and str(UUID(value)) == value
        case "instant":
            return isinstance(value, str) and "T" in value and value.endswith("Z") and _parsed(value)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
    raise ValueError(type_)


def _parsed(value: str) -> bool:
    return datetime.fromisoformat(value).utcoffset() is not None


SCRIP = Seed("scrip")
OMNISTREAM = Seed("omnistream")
OMNISEND = Seed("omnisend")
SEEDS = (SCRIP, OMNISTREAM, OMNISEND)
