from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from api.auth import ReadableProgram, WritableProgram
from api.dependencies import PageDep, SessionDep
from api.errors import not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.segment import CreateSegment, PatchSegment, SegmentMemberOut, SegmentOut
from api.segment_service import SegmentService
from store.segment_members import list_members
from store.segments import get_segment, list_segments
from store.tables import Segment

router = APIRouter(prefix="/v1/programs/{program_id}/segments", tags=["segments"])


async def _service(session: SessionDep, program: WritableProgram) -> SegmentService:
    return SegmentService(session, program)


async def _readable(session: SessionDep, program: ReadableProgram, segment_id: UUID) -> Segment:
    segment = await get_segment(session, program.id, segment_id)
    if segment is None:
        raise not_found("Segment")
    return segment


Service = Annotated[SegmentService, Depends(_service, scope="function")]
Readable = Annotated[Segment, Depends(_readable, scope="function")]


@router.post("", status_code=201)
async def create(service: Service, body: CreateSegment) -> SegmentOut:
    """Make a segment. Who is in it is found out within moments, in the background. A program has at most 200 (409)."""
    return SegmentOut.model_validate(await service.create(body))


@router.get("")
async def list_(session: SessionDep, program: ReadableProgram, page: PageDep) -> Listing[SegmentOut]:
    """Segments, newest first."""
    found = await valid_page(list_segments(session, program.id, page))
    return listing([SegmentOut.model_validate(segment) for segment in found.rows], found.next_cursor)


@router.get("/{segment_id}")
async def get(segment: Readable) -> SegmentOut:
    """One segment."""
    return SegmentOut.model_validate(segment)


@router.patch("/{segment_id}")
async def patch(service: Service, segment_id: UUID, body: PatchSegment) -> SegmentOut:
    """Change only the fields sent. After a change of its condition the members are those of before until it is
    refreshed, in the background."""
    return SegmentOut.model_validate(await service.amend(segment_id, body))


@router.delete("/{segment_id}", status_code=204)
async def delete(service: Service, segment_id: UUID) -> Response:
    """Remove it, with its members. A condition that names it finds nobody in it from then on."""
    await service.delete(segment_id)
    return Response(status_code=204)


@router.get("/{segment_id}/members")
async def members(session: SessionDep, segment: Readable, page: PageDep) -> Listing[SegmentMemberOut]:
    """The participants in it as of its last refresh, those who entered last first."""
    found = await valid_page(list_members(session, segment.id, page))
    return listing([SegmentMemberOut.model_validate(row) for row in found.rows], found.next_cursor)


@router.post("/{segment_id}/refresh", status_code=202)
async def refresh(service: Service, segment_id: UUID) -> SegmentOut:
    """Ask for its members to be found anew, in the background. `refreshed_at` moves when that is done."""
    return SegmentOut.model_validate(await service.ask_for_refresh(segment_id))
