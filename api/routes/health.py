from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from sqlmodel import select

from api.dependencies import SessionDep

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/healthz")
async def healthz() -> Health:
    """The process is up."""
    return Health()


@router.get("/readyz")
async def readyz(session: SessionDep) -> Health:
    """The database answers too; 503 otherwise."""
    await session.exec(select(1))
    return Health()
