from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.auth import ReadableProgram, WritableProgram, Writer
from api.automation_service import AutomationService
from api.dependencies import DatabaseDep, GatewayDep
from api.errors import Fault, FaultCode, invalid_fields, not_found
from api.idempotency import RequestId
from api.schemas.automation import AutomationOut, CreateAutomation
from api.schemas.paging import Listing, listing
from api.schemas.stock_automation import CreateStockAutomation, StockAutomationOut
from domain.stock_automations import (
    STOCK,
    STOCK_BY_NAME,
    Stock,
    StockParameters,
    automation_body,
    taken_parameters,
    without_effect,
)

router = APIRouter(prefix="/v1/programs/{program_id}/stock-automations", tags=["stock automations"])

# What not each of them takes.
PARTICULAR = ("days", "every_days", "attribute")


@router.get("")
async def list_(program: ReadableProgram) -> Listing[StockAutomationOut]:
    """Automations that can be created by name, with what is usual for their parameters."""
    return listing([_show(stock, program.timezone) for stock in STOCK], None)


@router.post("/{stock_name}", status_code=201)
async def create(
    database: DatabaseDep,
    gateway: GatewayDep,
    program: WritableProgram,
    caller: Writer,
    request_id: RequestId,
    stock_name: str,
    body: CreateStockAutomation,
) -> AutomationOut:
    """Create one of them: an ordinary automation from then on, active at once."""
    stock = STOCK_BY_NAME.get(stock_name)
    if stock is None:
        raise not_found("Stock automation")
    _refuse_what_it_does_not_take(stock, body)
    given = body.model_dump(exclude_none=True)
    asked = StockParameters(**({"timezone": program.timezone} | given))
    try:
        automation = CreateAutomation.model_validate(automation_body(stock, asked))
    except ValidationError as error:
        # A parameter is called as the field of the automation that it becomes.
        errors = [{**fault, "loc": ("body", fault["loc"][-1])} for fault in error.errors()]
        raise RequestValidationError(errors, body=body.model_dump()) from None
    service = AutomationService(database, gateway, program.id, caller.name, request_id)
    return await service.create(automation)


def _show(stock: Stock, timezone: str) -> StockAutomationOut:
    return StockAutomationOut(
        name=stock.name,
        title=stock.title,
        description=stock.description,
        parameters=taken_parameters(stock),
        automation=automation_body(stock, StockParameters(timezone=timezone)),
    )


def _refuse_what_it_does_not_take(stock: Stock, body: CreateStockAutomation) -> None:
    takes = taken_parameters(stock)
    faults = [
        Fault(
            field=name,
            reason="not a parameter of this one",
            expected=", ".join(takes) or "none of its own",
            code=FaultCode.UNKNOWN_FIELD,
        )
        for name in PARTICULAR
        if getattr(body, name) is not None and name not in takes
    ]
    faults += [
        Fault(field=name, reason=reason, expected="no such field", code=FaultCode.UNKNOWN_FIELD)
        for name, reason in without_effect(stock, body.channel).items()
        if name in body.model_fields_set and getattr(body, name) is not None
    ]
    if faults:
        raise invalid_fields(faults)
