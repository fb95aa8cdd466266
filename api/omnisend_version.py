"""The header by which clients of `/api/` say which version of it they were written for."""

from typing import Annotated

from fastapi import Depends, Header

from api.errors import Fault, FaultCode, Refusal, invalid_fields
from api.known_parameters import KNOWN_PARAMETERS

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


VERSIONED = [Depends(_supported), KNOWN_PARAMETERS]
