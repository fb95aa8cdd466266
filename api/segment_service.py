"""What the segment routes do: check a condition before it is stored, and ask for it to be evaluated."""

from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.asked_expressions import FORMS, ExpressionAsked, condition_asked, expression_asked
from api.errors import ErrorDetails, Refusal, invalid, not_found
from api.schemas.expression import AskedExpression
from api.schemas.segment import CreateSegment, PatchSegment
from domain.expressions import PARTICIPANT
from domain.program_settings import attribute_types
from domain.segments import MOST_SEGMENTS_OF_A_PROGRAM, SegmentStatus, check_segment_condition
from store.programs import lock_program
from store.segments import count_segments, delete_segment, lock_segment, segment_name_is_taken
from store.tables import Program, Segment

NOT_NULL = ("name", *FORMS)


class SegmentService:
    """One per request, about the segments of one program."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program

    async def create(self, request: CreateSegment) -> Segment:
        asked = await self._asked(request)
        await lock_program(self._session, self._program.id)
        if await count_segments(self._session, self._program.id) >= MOST_SEGMENTS_OF_A_PROGRAM:
            raise Refusal(409, f"A program has at most {MOST_SEGMENTS_OF_A_PROGRAM} segments")
        await self._refuse_taken(request.name)
        segment = Segment(
            program_id=self._program.id,
            name=request.name,
            description=request.description,
            expression=asked.text,
            form=_form(request, asked),
            refresh_requested_at=datetime.now(UTC),
        )
        self._session.add(segment)
        return segment

    async def amend(self, segment_id: UUID, request: PatchSegment) -> Segment:
        for field in request.model_fields_set & set(NOT_NULL):
            if getattr(request, field) is None:
                raise invalid(field, "cannot be null", "a value, or leave it out")
        asked = await self._asked(request) if request.model_fields_set & set(FORMS) else None
        # In the order of `create`.
        await lock_program(self._session, self._program.id)
        segment = await self._lock(segment_id)
        now = datetime.now(UTC)
        if request.name is not None:
            await self._refuse_taken(request.name, besides=segment.id)
            segment.name = request.name
        if "description" in request.model_fields_set:
            segment.description = request.description
        if asked is not None:
            _redefine(segment, request, asked, now)
        segment.updated_at = now
        return segment

    async def ask_for_refresh(self, segment_id: UUID) -> Segment:
        segment = await self._lock(segment_id)
        segment.refresh_requested_at = datetime.now(UTC)
        return segment

    async def delete(self, segment_id: UUID) -> None:
        await delete_segment(self._session, await self._lock(segment_id))

    async def _lock(self, segment_id: UUID) -> Segment:
        segment = await lock_segment(self._session, self._program.id, segment_id)
        if segment is None:
            raise not_found("Segment")
        return segment

    async def _asked(self, request: AskedExpression) -> ExpressionAsked:
        """What the request's condition comes to. Raises a Refusal unless a segment can be made by it."""
        asked = await expression_asked(request, PARTICIPANT)
        types = attribute_types(self._program.settings)
        await condition_asked(asked, lambda text: check_segment_condition(text, types))
        return asked

    async def _refuse_taken(self, name: str, besides: UUID | None = None) -> None:
        if await segment_name_is_taken(self._session, self._program.id, name, besides):
            details = ErrorDetails(field="name", reason="taken", expected="unique in the program")
            raise Refusal(409, "A segment with this name exists in the program", details)


def _redefine(segment: Segment, request: PatchSegment, asked: ExpressionAsked, now: datetime) -> None:
    segment.form = _form(request, asked)
    if segment.expression != asked.text:
        segment.expression, segment.refresh_requested_at = asked.text, now
        segment.status, segment.error = SegmentStatus.PENDING.value, None


def _form(request: AskedExpression, asked: ExpressionAsked) -> dict[str, object] | None:
    """The condition as it was given, where that was not the expression itself."""
    if not asked.is_translated:
        return None
    return request.model_dump(mode="json", by_alias=True, exclude_unset=True, include={asked.field})
