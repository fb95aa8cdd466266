"""Segments at Omnisend's address: made and changed as on our own surface, told as its clients expect them."""

from typing import Annotated

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import SessionDep
from api.errors import Fault, Refusal, not_found
from api.expression_service import ExpressionService
from api.journey_access import Writing
from api.journey_cursors import cursor_of, not_of_this_list, read_cursor
from api.names_of_request import in_names_of_request
from api.schemas.contact_segment import (
    ContactSegmentOut,
    ContactSegmentsOut,
    Cursors,
    Paging,
    SegmentCondition,
    SegmentDirection,
    SegmentListQuery,
    SegmentSort,
    SegmentState,
    WrittenSegment,
)
from api.schemas.expression import PreviewExpression
from api.schemas.segment import CreateSegment, PatchSegment
from api.segment_service import SegmentService
from domain.segment_ids import hex_id, id_of_hex
from domain.segments import SegmentStatus
from store.journey_pages import JourneyPlace
from store.segments import all_segments, get_segment
from store.tables import Program, Segment

_OURS = "filter_groups"
_THEIRS = "filterGroups"
_NAMES = {_OURS: _THEIRS}


class ContactSegmentService:
    """One per request, about the segments of one program."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program
        self._segments = SegmentService(session, program)

    async def create(self, request: WrittenSegment) -> Segment:
        asked = CreateSegment(name=request.name, **request.asked())
        return await in_names_of_request(self._segments.create(asked), _NAMES)

    async def replace(self, name: str, request: WrittenSegment) -> Segment:
        asked = PatchSegment(name=request.name, **request.asked())
        if not request.asked():
            raise Refusal(400, "expression: required", faults=[_one_is_required()])
        segment = await found_segment(self._session, self._program, name)
        return await in_names_of_request(self._segments.amend(segment.id, asked), _NAMES)

    async def delete(self, name: str) -> None:
        """Nothing happens where there is none."""
        segment_id = id_of_hex(name)
        if segment_id and await get_segment(self._session, self._program.id, segment_id):
            await self._segments.delete(segment_id)

    async def count(self, request: SegmentCondition) -> int:
        """How many it would hold for now. Raises a Refusal."""
        asked = PreviewExpression(**request.asked(), sample=0)
        preview = ExpressionService(self._program).preview(self._session, asked)
        return (await in_names_of_request(preview, _NAMES)).count


async def found_segment(session: AsyncSession, program: Program, name: str) -> Segment:
    """By its 24 hexadecimal digits. Raises a Refusal (404)."""
    segment_id = id_of_hex(name)
    segment = None if segment_id is None else await get_segment(session, program.id, segment_id)
    if segment is None:
        raise not_found("Segment")
    return segment


async def page_of_segments(
    session: AsyncSession, program: Program, query: SegmentListQuery
) -> ContactSegmentsOut:
    """A program has so few of them that all are read. Raises a Refusal for a cursor that is none of this list."""
    asked, place, name = query.asked, None, ""
    for name in ("after", "before"):
        cursor = getattr(query, name)
        if cursor is not None:
            place, said = read_cursor(name, cursor, asked)
            asked = dict(said)
            break
    sort, descending = _order(asked, name)
    rows = sorted(
        await all_segments(session, program.id), key=lambda one: _key(one, sort), reverse=descending
    )
    start, end = _bounds(rows, place, name, query.limit)
    page = rows[start:end]
    backwards = place is not None and place.backwards
    return ContactSegmentsOut(
        segments=[shown(segment) for segment in page],
        paging=Paging(
            limit=query.limit,
            hasMore=start > 0 if backwards else end < len(rows),
            cursors=Cursors(
                after=cursor_of(_place(page[-1]), asked) if page and end < len(rows) else None,
                before=cursor_of(_place(page[0]), asked) if page and start > 0 else None,
            ),
        ),
    )


def _order(asked: dict[str, str], cursor: str) -> tuple[SegmentSort, bool]:
    try:
        sort = SegmentSort(asked.get("sort", SegmentSort.CREATED_AT))
        return sort, SegmentDirection(asked.get("direction", SegmentDirection.DESC)) is SegmentDirection.DESC
    except ValueError:
        raise not_of_this_list(cursor) from None


def _key(segment: Segment, sort: SegmentSort) -> tuple[str, str]:
    by = segment.name if sort is SegmentSort.NAME else segment.created_at.isoformat()
    return by, hex_id(segment.id)


def _bounds(rows: list[Segment], place: JourneyPlace | None, name: str, limit: int) -> tuple[int, int]:
    if place is None:
        return 0, min(limit, len(rows))
    at = next((index for index, one in enumerate(rows) if hex_id(one.id) == place.id), None)
    if at is None:
        raise not_of_this_list(name)
    if place.backwards:
        return max(0, at - limit), at
    return at + 1, min(at + 1 + limit, len(rows))


def _place(segment: Segment) -> JourneyPlace:
    return JourneyPlace(segment.created_at, hex_id(segment.id))


def shown(segment: Segment) -> ContactSegmentOut:
    status = SegmentState.READY
    if segment.status == SegmentStatus.FAILED.value:
        status = SegmentState.FAILED
    elif segment.status == SegmentStatus.PENDING.value or segment.refresh_requested_at is not None:
        status = SegmentState.BUILDING
    return ContactSegmentOut(
        segmentID=hex_id(segment.id),
        name=segment.name,
        status=status,
        error=segment.error,
        expression=segment.expression,
        filterGroups=(segment.form or {}).get(_OURS),
        contactsCount=segment.member_count,
        createdAt=segment.created_at,
        updatedAt=segment.updated_at,
    )


def _one_is_required() -> Fault:
    return Fault(field="expression", reason="required", expected=f"expression or {_THEIRS}")


async def _service(session: SessionDep, acting: Writing) -> ContactSegmentService:
    return ContactSegmentService(session, acting.program)


ContactSegmentServiceDep = Annotated[ContactSegmentService, Depends(_service, scope="function")]
