import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[Client]:
    """Of a Temporal server that has nothing but schedules to think of."""
    server = shutil.which("temporal") or str(Path(sys.prefix) / "bin" / "temporal")
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=server) as environment:
        yield environment.client
