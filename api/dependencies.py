"""What routes are given: a transaction, the database, the gateway to Temporal."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from api.automation_gateway import AutomationGateway
from store.database import Database
from store.paging import PageRequest


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _gateway(request: Request) -> AutomationGateway:
    gateway: AutomationGateway = request.app.state.gateway
    return gateway


DatabaseDep = Annotated[Database, Depends(_database)]
GatewayDep = Annotated[AutomationGateway, Depends(_gateway)]


async def _session(database: DatabaseDep) -> AsyncIterator[AsyncSession]:
    async with database.transaction() as session:
        yield session


# Scope "function": the transaction is committed before the response is sent, so that a client that
# has its answer can read what it wrote, and a failing commit is an error and not a success.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]


async def _page(
    limit: Annotated[int, Query(ge=1, le=100, description="Rows a page")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=200, description="`next_cursor` of the page before")
    ] = None,
) -> PageRequest:
    return PageRequest(limit=limit, cursor=cursor)


PageDep = Annotated[PageRequest, Depends(_page)]
