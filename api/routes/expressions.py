from typing import Annotated

from fastapi import APIRouter, Depends

from api.auth import WritableProgram
from api.dependencies import SessionDep
from api.expression_service import ExpressionService
from api.schemas.expression import (
    AudiencePreviewOut,
    ExplainExpression,
    ExpressionExplained,
    ExpressionValidity,
    PreviewExpression,
    ValidateExpression,
)

router = APIRouter(prefix="/v1/programs/{program_id}/expressions", tags=["expressions"])


async def _service(program: WritableProgram) -> ExpressionService:
    return ExpressionService(program)


Service = Annotated[ExpressionService, Depends(_service)]


@router.post("/validate")
async def validate(service: Service, body: ValidateExpression) -> ExpressionValidity:
    """Whether a text can be a filter or a guard, and every problem with its place. Nothing is stored."""
    return await service.validate(body)


@router.post("/explain")
async def explain(session: SessionDep, service: Service, body: ExplainExpression) -> ExpressionExplained:
    """Why an expression holds for one person right now or does not, part by part. Nothing is stored."""
    return await service.explain(session, body)


@router.post("/preview")
async def preview(session: SessionDep, service: Service, body: PreviewExpression) -> AudiencePreviewOut:
    """How many participants an expression holds for right now, and some of them. Nothing is stored."""
    return await service.preview(session, body)
