"""The header by which clients of `/api/` say which version of it they were written for."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from api.errors import Fault, FaultCode, Refusal, invalid_fields

HEADER = "Omnisend-Version"
CURRENT = "2026-03-15"
# The preview became the current version, and is no more.
RETIRED = frozenset({"2026-preview"})


async def _supported(
    version: Annotated[
        str, Header(alias=HEADER, description="The version that the client expects")
    ] = CURRENT,
) -> None:
    """Raises a Refusal: 410 for a version that is no more, 400 for one that never was."""
    if version in RETIRED:
        raise Refusal(410, f"Version {version[:40]} has been retired; {CURRENT} is the current one")
    if version != CURRENT:
        raise invalid_fields(
            [
                Fault(
                    field=HEADER,
                    reason="unknown version",
                    expected=CURRENT,
                    received=version[:40],
                    code=FaultCode.UNKNOWN_VALUE,
                )
            ]
        )


async def _known_parameters(request: Request) -> None:
    """Raises a Refusal that names each parameter in the query that the operation does not take."""
    known: set[str] = set()
    for name, kind in _taken(request.scope["route"].dependant):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            # Such a model refuses them itself, with whatever else is wrong.
            return
        known.add(name)
    unknown = [name for name in dict.fromkeys(request.query_params.keys()) if name not in known]
    if unknown:
        expected = " or ".join(sorted(known)) or "no parameters"
        raise invalid_fields(
            [
                Fault(
                    field=name[:200],
                    reason="unknown parameter",
                    expected=expected,
                    code=FaultCode.UNKNOWN_FIELD,
                )
                for name in unknown[:50]
            ]
        )


def _taken(dependant: Dependant) -> Iterator[tuple[str, object]]:
    for parameter in dependant.query_params:
        yield parameter.alias, parameter.field_info.annotation
    for inner in dependant.dependencies:
        yield from _taken(inner)


VERSIONED = [Depends(_supported), Depends(_known_parameters)]
