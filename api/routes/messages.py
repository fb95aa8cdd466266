from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api.auth import ReadableProgram, Reader
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.message_access import refuse_search_by_address, sees_addresses, show_messages
from api.paging import valid_page
from api.schemas.message import MessageClickOut, MessageCountsOut, MessageDetailOut, MessageOut
from api.schemas.paging import Listing, listing
from api.schemas.text import Label
from domain.actions import Channel
from domain.instants import Instant
from domain.messages import MessageStatus
from store.message_lists import MessageFilter, clicks_of, count_messages, get_message, list_messages

router = APIRouter(prefix="/v1/programs/{program_id}/messages", tags=["messages"])


async def _wanted(
    caller: Reader,
    status: MessageStatus | None = None,
    channel: Channel | None = None,
    participant_id: UUID | None = None,
    automation_id: UUID | None = None,
    run_id: UUID | None = None,
    rule_id: UUID | None = None,
    journey_id: Label | None = None,
    recipient: Annotated[Label | None, Query(description="How the address begins; not for a viewer")] = None,
    created_from: Annotated[Instant | None, Query(description="Made from then on")] = None,
    created_to: Annotated[Instant | None, Query(description="Made before then")] = None,
) -> MessageFilter:
    if recipient is not None:
        refuse_search_by_address(caller)
    return MessageFilter(
        status=status,
        channel=channel,
        participant_id=participant_id,
        automation_id=automation_id,
        run_id=run_id,
        rule_id=rule_id,
        journey_id=journey_id,
        recipient=recipient,
        created_from=created_from,
        created_to=created_to,
    )


Wanted = Annotated[MessageFilter, Depends(_wanted)]


@router.get("")
async def list_(
    session: SessionDep, program: ReadableProgram, caller: Reader, page: PageDep, wanted: Wanted
) -> Listing[MessageOut]:
    """Messages of runs, rules, alerts and journeys, newest first."""
    found = await valid_page(list_messages(session, program.id, wanted, page))
    return listing(show_messages(caller, found.rows), found.next_cursor)


@router.get("/counts")
async def counts(session: SessionDep, program: ReadableProgram, wanted: Wanted) -> MessageCountsOut:
    """How many messages stand how, at this moment: of the whole program, or of those a filter selects."""
    found = await count_messages(session, program.id, wanted)
    by_status = {status: found.by_status.get(status, 0) for status in MessageStatus}
    return MessageCountsOut(total=sum(by_status.values()), by_status=by_status, told=found.told)


@router.get("/{message_id}")
async def get(
    session: SessionDep, program: ReadableProgram, caller: Reader, message_id: UUID
) -> MessageDetailOut:
    """One message, with the links in it that were followed."""
    message = await get_message(session, program.id, message_id)
    if message is None:
        raise not_found("Message")
    (shown,) = show_messages(caller, [message])
    clicks = await clicks_of(session, message.id) if sees_addresses(caller) else ()
    followed = [MessageClickOut.model_validate(click) for click in clicks]
    return MessageDetailOut(**shown.model_dump(), clicks=followed)
