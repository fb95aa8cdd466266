"""Refusals of what another surface's code does, told under the names that the request has."""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from api.errors import Refusal

Answer = TypeVar("Answer")


async def in_names_of_request(answer: Awaitable[Answer], names: Mapping[str, str]) -> Answer:
    """`names`: those of the request, by ours."""
    try:
        return await answer
    except Refusal as refusal:
        faults = [
            fault.model_copy(
                update={
                    "field": _renamed(fault.field, names),
                    "expected": fault.expected and _renamed(fault.expected, names),
                }
            )
            for fault in refusal.faults
        ]
        message = _renamed(refusal.body.message, names)
        raise Refusal(
            refusal.status, message, headers=refusal.headers, code=refusal.body.code, faults=faults
        ) from None


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for ours, theirs in names.items():
        text = text.replace(ours, theirs)
    return text
