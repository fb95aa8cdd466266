"""Nothing that a route needs is handed to a thread: the hop takes longer than what would be done there."""

from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from tests.api.every_route import api_routes


def needed_by(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from needed_by(one)


def is_awaited(call: Any) -> bool:
    return iscoroutinefunction(call) or isasyncgenfunction(call) or iscoroutinefunction(type(call).__call__)


@pytest.mark.parametrize(
    "route", api_routes(), ids=lambda route: f"{'+'.join(sorted(route.methods))} {route.path}"
)
def test_a_route_and_all_it_depends_on_run_on_the_event_loop(route: APIRoute) -> None:
    assert iscoroutinefunction(route.endpoint)
    needed = list(needed_by(route.dependant))
    assert [call.__qualname__ for call in needed if not is_awaited(call)] == []
