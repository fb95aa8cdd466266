from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cli.stack import Stack, StackOptions
from tests.fixtures.carillon import Carillon


@pytest.fixture
async def breakable(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stack]:
    """A stack of this test's own, kept on disk so that each part may be killed and started again.

    An indirect parameter gives it further settings.
    """
    settings = {"CARILLON_UPKEEP_SECONDS": "5"} | getattr(request, "param", {})
    options = StackOptions(data_dir=tmp_path / "data", extra_env=settings)
    async with Stack(options) as stack:
        yield stack


@pytest.fixture
async def carillon(breakable: Stack) -> AsyncIterator[Carillon]:
    addresses = breakable.addresses
    headers = {"X-API-Key": addresses.admin_key}
    async with httpx.AsyncClient(base_url=addresses.api_url, headers=headers, timeout=30) as client:
        yield await Carillon.with_new_program(client, addresses.inbox_url)
