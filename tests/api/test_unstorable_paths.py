"""Text that cannot be stored, in the path of a request: nothing is found by it, and nothing breaks."""

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.api.every_route import BODIES, READING, RUN_NOW, api_routes
from tests.api.journeys_surface import JourneysSurface

# Running an automation that is not there is a 500 by its own contract: tests/e2e/test_run_now.py.
PLACES = [
    (method, route, name)
    for route in api_routes()
    if route.path_format != RUN_NOW
    for method in sorted(route.methods or ())
    for name in sorted(route.param_convertors)
]


def _id(place: object) -> str:
    return place.path if isinstance(place, APIRoute) else str(place)


@pytest.fixture
async def found(api: httpx.AsyncClient, journeys: JourneysSurface) -> dict[str, str]:
    """What stands behind the other names in a path."""
    return {"program_id": journeys.program_id, "id": (await journeys.create())["id"]}


@pytest.mark.parametrize(("method", "route", "name"), PLACES, ids=_id)
async def test_a_nul_in_a_path_is_no_fault_of_the_server(
    api: httpx.AsyncClient, found: dict[str, str], method: str, route: APIRoute, name: str
) -> None:
    names = {each: found.get(each, "0" * 24) for each in route.param_convertors} | {name: "%00"}
    answer = await api.request(
        method,
        route.path_format.format(**names),
        headers={"X-Program-Id": found["program_id"]},
        json=None if method in READING else BODIES.get(route.path_format, {}),
    )
    assert answer.status_code < 500, answer.text
