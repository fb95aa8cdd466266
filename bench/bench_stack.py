"""A stack of a benchmark's own, as durable as an installation, and a client of one new program on it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from cli.stack import Stack, StackOptions

CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Bench:
    stack: Stack
    http: httpx.AsyncClient
    program_id: str

    @property
    def database_url(self) -> str:
        return self.stack.addresses.database_url

    @property
    def base(self) -> str:
        """The path below which the program's resources are."""
        return f"/v1/programs/{self.program_id}"

    async def add_program(self) -> "Bench":
        """Another new program of the same stack."""
        return Bench(self.stack, self.http, await _new_program(self.http))

    async def create(self, name: str, **fields: Any) -> dict[str, Any]:
        """An automation; without other words a program's cron that does not fire while this goes on."""
        body = {
            "name": name,
            "event_name": "bench",
            "scope": "program",
            "trigger": {"type": "cron", "cron_expression": "0 0 1 1 *"},
        }
        answer = await self.http.post(f"{self.base}/automations", json=body | fields)
        created: dict[str, Any] = answer.raise_for_status().json()
        return created


@asynccontextmanager
async def bench_stack(environment: Mapping[str, str] | None = None) -> AsyncIterator[Bench]:
    """The parts as `carillon up` runs them, without a rate limit."""
    settings = {"CARILLON_RATE_LIMIT_PER_SECOND": "0", **(environment or {})}
    with TemporaryDirectory(prefix="carillon-bench-") as folder:
        options = StackOptions(data_dir=Path(folder) / "data", extra_env=settings)
        async with Stack(options) as stack, _client(stack) as http:
            yield Bench(stack, http, await _new_program(http))


def _client(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=stack.addresses.api_url,
        headers={"X-API-Key": stack.addresses.admin_key},
        timeout=120,
        limits=httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS),
    )


async def _new_program(http: httpx.AsyncClient) -> str:
    answer = await http.post("/v1/programs", json={"name": "bench"})
    return str(answer.raise_for_status().json()["id"])
