from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter

from api.auth import ReadableProgram, Reader, WritableProgram, Writer
from api.dependencies import PageDep, SessionDep
from api.documents import refuse_beyond_limits
from api.errors import Refusal, invalid, not_found
from api.paging import valid_page
from api.schemas.paging import Listing, listing
from api.schemas.program import CreateProgram, ProgramOut, ProgramPatch
from domain.program_settings import SettingError, check_settings
from domain.schedules import ScheduleError, validate_timezone
from store.programs import list_programs, lock_program
from store.tables import Program

router = APIRouter(prefix="/v1/programs", tags=["programs"])


@router.post("", status_code=201)
async def create(session: SessionDep, caller: Writer, body: CreateProgram) -> ProgramOut:
    """Create a program. Whoever is bound to a program cannot."""
    if caller.program_id is not None:
        raise Refusal(403, "You are bound to another program")
    _refuse_unusable(body.timezone, body.settings)
    program = Program(name=body.name, timezone=body.timezone, settings=body.settings)
    session.add(program)
    await session.flush()
    return ProgramOut.model_validate(program)


@router.get("")
async def list_(session: SessionDep, caller: Reader, page: PageDep) -> Listing[ProgramOut]:
    """Programs that the caller may see, newest first."""
    found = await valid_page(list_programs(session, caller.program_id, page))
    return listing([ProgramOut.model_validate(program) for program in found.rows], found.next_cursor)


@router.get("/{program_id}")
async def get(program: ReadableProgram) -> ProgramOut:
    """One program."""
    return ProgramOut.model_validate(program)


@router.patch("/{program_id}")
async def patch(session: SessionDep, program: WritableProgram, body: ProgramPatch) -> ProgramOut:
    """Change only the fields sent; `settings` are replaced whole."""
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None:
            raise invalid(name, "cannot be null", "a value, or leave it out")
    _refuse_unusable(body.timezone, body.settings)
    changed = await lock_program(session, program.id)
    if changed is None:
        raise not_found("Program")
    for name, value in values.items():
        setattr(changed, name, value)
    changed.updated_at = datetime.now(UTC)
    return ProgramOut.model_validate(changed)


def _refuse_unusable(timezone: str | None, settings: dict[str, Any] | None) -> None:
    if timezone is not None:
        try:
            validate_timezone(timezone)
        except ScheduleError as error:
            raise invalid("timezone", error.reason, error.expected, timezone) from None
    if settings is not None:
        refuse_beyond_limits(settings=settings)
        try:
            check_settings(settings)
        except SettingError as error:
            raise invalid(f"settings.{error.field}", error.reason, error.expected) from None
