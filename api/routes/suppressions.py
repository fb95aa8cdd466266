from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from api.auth import ReadableProgram, Reader, WritableProgram, Writer
from api.dependencies import PageDep, SessionDep
from api.errors import invalid, not_found
from api.message_access import refuse_search_by_address, sees_addresses
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.suppression import Address, CreateSuppression, SuppressionOut
from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address
from domain.events import API_SOURCE
from domain.identity import Identity
from domain.masking import masked_address
from domain.suppressions import SuppressionReason, is_erased
from store.suppressions import (
    SuppressionFilter,
    get_suppression,
    lift_suppression,
    list_suppressions,
    suppress,
)
from store.tables import Suppression

router = APIRouter(prefix="/v1/programs/{program_id}/suppressions", tags=["messages"])


async def _wanted(
    caller: Reader,
    channel: Channel | None = None,
    reason: SuppressionReason | None = None,
    address: Annotated[
        Address | None,
        Query(description="The whole address, together with `channel`; not for a viewer"),
    ] = None,
) -> SuppressionFilter:
    if address is not None:
        refuse_search_by_address(caller)
        if channel is None:
            raise invalid("channel", "required", "the channel of the address")
    return SuppressionFilter(channel, reason, address)


Wanted = Annotated[SuppressionFilter, Depends(_wanted)]


@router.post("", status_code=201)
async def add(
    session: SessionDep, program: WritableProgram, caller: Writer, body: CreateSuppression
) -> SuppressionOut:
    """Send nothing to this address on this channel any more, whoever has it. One that is suppressed already stays
    as it is, and is answered."""
    try:
        normal_address(body.channel, body.address)
    except InvalidAddressError as error:
        raise invalid("address", str(error), f"an address of the channel {body.channel}") from None
    source = f"{API_SOURCE}:{caller.name}"
    kept = await suppress(session, program.id, body.channel, body.address, body.reason, source)
    (shown,) = _show(caller, [kept])
    return shown


@router.get("")
async def list_(
    session: SessionDep, program: ReadableProgram, caller: Reader, page: PageDep, wanted: Wanted
) -> Listing[SuppressionOut]:
    """Suppressed addresses, newest first."""
    found = await valid_page(list_suppressions(session, program.id, wanted, page))
    return listing(_show(caller, found.rows), found.next_cursor)


@router.get("/{suppression_id}")
async def get(
    session: SessionDep, program: ReadableProgram, caller: Reader, suppression_id: UUID
) -> SuppressionOut:
    """One suppressed address."""
    found = await get_suppression(session, program.id, suppression_id)
    if found is None:
        raise not_found("Suppression")
    (shown,) = _show(caller, [found])
    return shown


@router.delete("/{suppression_id}", status_code=204)
async def remove(session: SessionDep, program: WritableProgram, suppression_id: UUID) -> Response:
    """Send to the address again. The consent of whoever has it stays as it is."""
    if not await lift_suppression(session, program.id, suppression_id):
        raise not_found("Suppression")
    return Response(status_code=204)


def _show(caller: Identity, rows: Sequence[Suppression]) -> list[SuppressionOut]:
    whole = sees_addresses(caller)
    return [
        SuppressionOut.model_validate(
            row.model_dump()
            | {
                "address": None
                if is_erased(row.address)
                else (row.address if whole else masked_address(row.address))
            }
        )
        for row in rows
    ]
