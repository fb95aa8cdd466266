from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.contact_segments import ContactSegmentServiceDep, found_segment, page_of_segments, shown
from api.dependencies import SessionDep
from api.journey_access import Reading
from api.journey_cursors import not_of_this_list
from api.omnisend_version import VERSIONED
from api.schemas.contact_segment import (
    ContactSegmentOut,
    ContactSegmentsOut,
    Cursor,
    Cursors,
    Paging,
    SegmentCondition,
    SegmentContact,
    SegmentContactsOut,
    SegmentListQuery,
    SegmentStatistics,
    WrittenSegment,
)
from store.paging import InvalidCursorError, PageRequest
from store.segment_members import list_members

router = APIRouter(prefix="/api/segments", tags=["segments"], dependencies=VERSIONED)

SegmentId = Annotated[str, Path(alias="segmentID", max_length=255, description="24 hexadecimal digits")]


@router.get("")
async def list_(
    session: SessionDep, acting: Reading, query: Annotated[SegmentListQuery, Query()]
) -> ContactSegmentsOut:
    """Segments, newest first unless asked otherwise. What a cursor was given for need not be repeated."""
    return await page_of_segments(session, acting.program, query)


@router.post("", status_code=201)
async def create(service: ContactSegmentServiceDep, body: WrittenSegment) -> ContactSegmentOut:
    """Make a segment. Who is in it is found out within moments, in the background."""
    return shown(await service.create(body))


@router.post("/preview")
async def preview(service: ContactSegmentServiceDep, body: SegmentCondition) -> SegmentStatistics:
    """How many contacts a condition holds for now. Nothing is stored."""
    return SegmentStatistics(contactsCount=await service.count(body))


@router.get("/{segmentID}")
async def get(session: SessionDep, acting: Reading, segment_id: SegmentId) -> ContactSegmentOut:
    """One segment."""
    return shown(await found_segment(session, acting.program, segment_id))


@router.put("/{segmentID}")
async def replace(
    service: ContactSegmentServiceDep, segment_id: SegmentId, body: WrittenSegment
) -> ContactSegmentOut:
    """Write its name and its condition anew. Until it is refreshed, in the background, its contacts are those of before."""
    return shown(await service.replace(segment_id, body))


@router.delete("/{segmentID}", status_code=204)
async def delete(service: ContactSegmentServiceDep, segment_id: SegmentId) -> Response:
    """Remove it. A segment that is not there is as good as removed."""
    await service.delete(segment_id)
    return Response(status_code=204)


@router.get("/{segmentID}/statistics")
async def statistics(session: SessionDep, acting: Reading, segment_id: SegmentId) -> SegmentStatistics:
    """How many contacts were in it at its last refresh."""
    segment = await found_segment(session, acting.program, segment_id)
    return SegmentStatistics(contactsCount=segment.member_count)


@router.get("/{segmentID}/contacts")
async def contacts(
    session: SessionDep,
    acting: Reading,
    segment_id: SegmentId,
    limit: Annotated[int, Query(ge=1, le=250)] = 100,
    after: Annotated[Cursor | None, Query(description="`paging.cursors.after`: the next page")] = None,
) -> SegmentContactsOut:
    """The contacts in it as of its last refresh, those who entered last first."""
    segment = await found_segment(session, acting.program, segment_id)
    try:
        page = await list_members(session, segment.id, PageRequest(limit=limit, cursor=after))
    except InvalidCursorError:
        raise not_of_this_list("after") from None
    return SegmentContactsOut(
        contacts=[
            SegmentContact(contactID=one.participant_id, externalID=one.external_id, enteredAt=one.entered_at)
            for one in page.rows
        ],
        paging=Paging(
            limit=limit,
            hasMore=page.next_cursor is not None,
            cursors=Cursors(after=page.next_cursor, before=None),
        ),
    )
