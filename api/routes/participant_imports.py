from collections.abc import AsyncIterator
from email.message import Message
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect

from api.auth import WritableProgram
from api.dependencies import DatabaseDep
from api.errors import ErrorBody, Refusal, invalid, not_found, unavailable
from domain.csv_records import UnreadableFileError
from domain.participant_columns import ColumnMapping, ColumnsError, Unmapped
from domain.wake_up import Sleeper
from store.participant_import import (
    ImportInterruptedError,
    ImportReport,
    UnknownProgramError,
    import_participants,
)
from store.unattended_subscriptions import awaiting_refresh
from store.waking import wake_after_commit

router = APIRouter(prefix="/v1/programs/{program_id}/participants", tags=["participants"])

_CSV_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "external_id,email,attributes.plan\nc-1042,noor@example.com,pro\n",
            }
        },
    }
}


@router.post(
    "/import",
    openapi_extra=_CSV_BODY,
    responses={415: {"model": ErrorBody, "description": "The body is not CSV in UTF-8"}},
)
async def import_csv(
    request: Request,
    database: DatabaseDep,
    program: WritableProgram,
    mapped: Annotated[
        list[str] | None,
        Query(
            alias="map", description="`COLUMN=FIELD`, such as `Colour=attributes.colour` or `Notes=ignore`"
        ),
    ] = None,
    unmapped: Annotated[
        Unmapped, Query(description="What becomes of columns without meaning")
    ] = Unmapped.ERROR,
    delimiter: Annotated[str, Query(description="Character between cells")] = ",",
) -> ImportReport:
    """Create or update, by external_id, a participant for each row of a CSV file of any length.

    Columns: external_id (required), email, phone, first_name, last_name, display_name, locale, timezone,
    status, tags (separated by `|` or `;`), `attributes.NAME[:number|bool|date]`, `counters.NAME`,
    `tiers.NAME` and `consent.CHANNEL`. An empty cell leaves the stored value as it is. Bad rows are reported
    with their line and skipped; good rows are stored as the upload goes on, so sending a file again is safe.
    """
    _check_content_type(request.headers.get("content-type", ""))
    try:
        mapping = ColumnMapping.parse(mapped or (), unmapped, delimiter)
    except ColumnsError as error:
        raise invalid("map", str(error), "COLUMN=FIELD") from None
    try:
        report = await import_participants(database, program.id, _body(request), mapping)
    except (ColumnsError, UnreadableFileError) as error:
        raise invalid("body", str(error)) from None
    except UnknownProgramError:
        raise not_found("Program") from None
    except ImportInterruptedError as error:
        stored = error.report.created + error.report.updated + error.report.unchanged
        raise unavailable(f"The database failed after {stored} participants; send the file again") from error
    except ClientDisconnect:
        raise invalid("body", "the upload ended early") from None
    async with database.transaction() as session:
        wake_after_commit(session, Sleeper.AUTOMATION, await awaiting_refresh(session, program.id))
    return report


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        yield chunk


def _check_content_type(header: str) -> None:
    parsed = Message()
    parsed["content-type"] = header
    charset = parsed.get_content_charset("utf-8")
    if parsed.get_content_type() != "text/csv" or charset not in {"utf-8", "utf8", "us-ascii"}:
        raise Refusal(415, "Send the file as Content-Type: text/csv, in UTF-8")
