from fastapi import APIRouter

from api.auth import ReadableProgram, Reader, Writer
from api.dependencies import PageDep, SessionDep
from api.documents import refuse_beyond_limits
from api.errors import Refusal, invalid
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.program import CreateProgram, ProgramOut
from domain.program_settings import ON_UNKNOWN_PARTICIPANT, UnknownParticipant, on_unknown_participant
from domain.schedules import ScheduleError, validate_timezone
from store.programs import list_programs
from store.tables import Program

router = APIRouter(prefix="/v1/programs", tags=["programs"])


@router.post("", status_code=201)
async def create(session: SessionDep, key: Writer, body: CreateProgram) -> ProgramOut:
    """Create a program. A program-bound key cannot."""
    if key.program_id is not None:
        raise Refusal(403, "This key is bound to another program")
    try:
        validate_timezone(body.timezone)
    except ScheduleError as error:
        raise invalid("timezone", error.reason, error.expected, body.timezone) from None
    refuse_beyond_limits(settings=body.settings)
    _refuse_unknown_settings(body)
    program = Program(name=body.name, timezone=body.timezone, settings=body.settings)
    session.add(program)
    await session.flush()
    return ProgramOut.model_validate(program)


@router.get("")
async def list_(session: SessionDep, key: Reader, page: PageDep) -> Listing[ProgramOut]:
    """Programs this key may see, newest first."""
    found = await valid_page(list_programs(session, key.program_id, page))
    return listing([ProgramOut.model_validate(program) for program in found.rows], found.next_cursor)


@router.get("/{program_id}")
async def get(program: ReadableProgram) -> ProgramOut:
    """One program."""
    return ProgramOut.model_validate(program)


def _refuse_unknown_settings(body: CreateProgram) -> None:
    try:
        on_unknown_participant(body.settings)
    except ValueError:
        allowed = " or ".join(UnknownParticipant)
        raise invalid(f"settings.{ON_UNKNOWN_PARTICIPANT}", "unknown", allowed) from None
