"""Parameters in the query of an operation that it does not take: refused, together with what is wrong with its body."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from api.errors import Fault, FaultCode, invalid_fields
from api.parameter_faults import parameter_faults
from api.schemas.journey_text import DocumentedAs
from api.validation_problems import faults_of


async def _unknown_parameters(request: Request) -> list[Fault]:
    known: set[str] = set()
    for name, kind in _taken(request.scope["route"].dependant):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            # Such a model refuses them itself, with whatever else is wrong.
            return []
        known.add(name)
    unknown = [name for name in dict.fromkeys(request.query_params.keys()) if name not in known]
    expected = " or ".join(sorted(known)) or "no parameters"
    return parameter_faults(unknown, "unknown parameter", expected, FaultCode.UNKNOWN_FIELD)


UnknownParameters = Annotated[list[Fault], Depends(_unknown_parameters)]


async def _refuse_unknown(request: Request, unknown: UnknownParameters) -> None:
    """Raises a Refusal, but for an operation that reads its own body: that tells them with the faults it finds there."""
    field = request.scope["route"].body_field
    if not unknown or (
        field is not None and any(isinstance(one, DocumentedAs) for one in field.field_info.metadata)
    ):
        return
    if field is None:
        raise invalid_fields(unknown)
    body: object = await request.body()
    if body:
        # What says that it is JSON, and is none, has been refused by now: this says that it is something else.
        with contextlib.suppress(ValueError, RecursionError):
            body = await request.json()
        _, errors = field.validate(body, loc=("body",))
        raise invalid_fields([*unknown, *faults_of(errors, body)])
    if field.field_info.is_required():
        unknown = [
            *unknown,
            Fault(field="body", reason="required", expected="present", code=FaultCode.REQUIRED),
        ]
    raise invalid_fields(unknown)


def _taken(dependant: Dependant) -> Iterator[tuple[str, object]]:
    for parameter in dependant.query_params:
        yield parameter.alias, parameter.field_info.annotation
    for inner in dependant.dependencies:
        yield from _taken(inner)


KNOWN_PARAMETERS = Depends(_refuse_unknown)
