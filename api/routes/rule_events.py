from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator

from api.csv_response import CsvResponse
from api.dependencies import SessionDep
from api.errors import Refusal, not_found
from api.paging import valid_page
from api.rule_access import Supervised
from api.rule_exports import CSV_ANSWER, EventExportDep, ExporterDep
from api.rule_paging import EventPageDep
from api.schemas.queue_event import EventChainOut, QueueEventOut
from api.schemas.rule_page import RulePageOut
from api.schemas.text import Name
from domain.queue_status import QueueStatus
from store.event_chain import chain_of
from store.event_retry import NotFailedError, retry_event
from store.queue_lists import EventsWanted, conversation_is_known, events_of, newest_with_payload
from store.received_events import lock_event
from store.rule_pages import RulePage, read_one, read_page
from store.rule_run_lists import rule_is_known

router = APIRouter(prefix="/v1/automation/events", tags=["event queue"])

MOST_ALIKE = 1_000
FINGERPRINT = "^[0-9a-fA-F]{64}$"
OF_PAYLOAD = "SHA-256 of the payload as canonical JSON, in hexadecimal"

InQuery = Annotated[
    str | None,
    Query(pattern=FINGERPRINT, description=OF_PAYLOAD),
    AfterValidator(lambda it: it and it.lower()),
]
InPath = Annotated[str, Path(pattern=FINGERPRINT, description=OF_PAYLOAD), AfterValidator(str.lower)]


async def _wanted(
    status: QueueStatus | None = None,
    event_type: Name | None = None,
    source: Name | None = None,
    payload_hash: InQuery = None,
) -> EventsWanted:
    return EventsWanted(status, event_type, source, payload_hash)


async def _of_conversation(
    conversation_id: UUID,
    status: QueueStatus | None = None,
    event_type: Name | None = None,
    source: Name | None = None,
) -> EventsWanted:
    return EventsWanted(status, event_type, source, conversation_id=conversation_id)


async def _of_rule(
    rule_id: UUID,
    status: QueueStatus | None = None,
    event_type: Name | None = None,
    source: Name | None = None,
    payload_hash: InQuery = None,
) -> EventsWanted:
    return EventsWanted(status, event_type, source, payload_hash, rule_id=rule_id)


Wanted = Annotated[EventsWanted, Depends(_wanted)]


@router.get("")
async def list_(
    session: SessionDep, supervision: Supervised, wanted: Wanted, page: EventPageDep
) -> RulePageOut[QueueEventOut]:
    """Events of all sources, the newest first. The conditions asked for are combined with "and"."""
    return _shown(await valid_page(read_page(session, events_of(supervision.program.id, wanted), page)))


@router.get("/export", status_code=200, response_class=CsvResponse, responses={200: CSV_ANSWER})
async def export(
    supervision: Supervised, exporter: ExporterDep, wanted: Wanted, request: EventExportDep
) -> CsvResponse:
    """The same as a CSV file, of up to 1,000,000 rows."""
    return await exporter.export(events_of(supervision.program.id, wanted), request, "automation-events.csv")


@router.get("/conversation/{conversation_id}")
async def list_of_conversation(
    session: SessionDep,
    supervision: Supervised,
    wanted: Annotated[EventsWanted, Depends(_of_conversation)],
    page: EventPageDep,
) -> RulePageOut[QueueEventOut]:
    """Events about one conversation; also about one that is deleted by now."""
    program_id = supervision.program.id
    found = await valid_page(read_page(session, events_of(program_id, wanted), page))
    assert wanted.conversation_id is not None
    if found.total == 0 and not await conversation_is_known(session, program_id, wanted.conversation_id):
        raise not_found("Conversation")
    return _shown(found)


@router.get("/rule/{rule_id}")
async def list_of_rule(
    session: SessionDep,
    supervision: Supervised,
    wanted: Annotated[EventsWanted, Depends(_of_rule)],
    page: EventPageDep,
) -> RulePageOut[QueueEventOut]:
    """The events that one rule was asked about, whatever it made of them."""
    program_id = supervision.program.id
    found = await valid_page(read_page(session, events_of(program_id, wanted), page))
    assert wanted.rule_id is not None
    if found.total == 0 and not await rule_is_known(session, program_id, wanted.rule_id):
        raise not_found("Rule")
    return _shown(found)


@router.get("/fingerprint/{payload_hash}")
async def list_alike(
    session: SessionDep, supervision: Supervised, payload_hash: InPath
) -> list[QueueEventOut]:
    """The events that say the same, the newest first: at most 1,000."""
    rows = await newest_with_payload(session, supervision.program.id, payload_hash, MOST_ALIKE)
    return [QueueEventOut.model_validate(dict(row)) for row in rows]


@router.get("/{event_id}")
async def get(session: SessionDep, supervision: Supervised, event_id: UUID) -> QueueEventOut:
    """One event."""
    row = await read_one(session, events_of(supervision.program.id, EventsWanted()), event_id)
    if row is None:
        raise not_found("Event")
    return QueueEventOut.model_validate(dict(row))


@router.post("/{event_id}/retry", status_code=202)
async def retry(session: SessionDep, supervision: Supervised, event_id: UUID) -> QueueEventOut:
    """Put a `failed` event back into the queue, as if it had just arrived. 409 for any other."""
    event = await lock_event(session, event_id)
    if event is None or event.program_id != supervision.program.id:
        raise not_found("Event")
    try:
        await retry_event(session, event, datetime.now(UTC))
    except NotFailedError:
        raise Refusal(409, "Only a failed event can be retried") from None
    return await get(session, supervision, event_id)


@router.get("/{event_id}/chain")
async def chain(session: SessionDep, supervision: Supervised, event_id: UUID) -> EventChainOut:
    """Which events and rules led to the event, and what came of it."""
    found = await chain_of(session, supervision.program.id, event_id)
    if found is None:
        raise not_found("Event")
    return EventChainOut.model_validate(found)


def _shown(page: RulePage) -> RulePageOut[QueueEventOut]:
    items = [QueueEventOut.model_validate(dict(row)) for row in page.rows]
    return RulePageOut(items=items, next_cursor=page.next_cursor, total=page.total)
