"""A query parameter that is given twice: whoever meant both is told, instead of being answered for one."""

import httpx
import pytest

from api.problems import PROBLEM_MEDIA_TYPE
from tests.api.journeys_surface import JourneysSurface
from tests.api.refusal import assert_refused


@pytest.fixture
async def program_id(journeys: JourneysSurface) -> str:
    return journeys.program_id


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/programs/{}/messages?status=sent&status=failed", "status"),
        ("/v1/programs/{}/messages?status=sent&status=sent", "status"),
        ("/v1/programs/{}/messages?channel=sms&limit=1&channel=email", "channel"),
        ("/v1/programs/{}/participants?external_id=a&external_id=b", "external_id"),
        ("/v1/programs?limit=1&limit=2", "limit"),
        ("/v1/users?cursor=&cursor=", "cursor"),
    ],
)
async def test_a_repeated_parameter_is_refused_by_its_name(
    api: httpx.AsyncClient, program_id: str, path: str, field: str
) -> None:
    details = assert_refused(await api.get(path.format(program_id)), field)
    assert (details["reason"], details["expected"]) == ("given more than once", "one value")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/automation/rules?is_active=true&is_active=false&per_page=1&per_page=2",
        "/api/automations?limit=1&limit=2&isEnabled=true&isEnabled=false",
        "/api/segments?limit=1&limit=2&sort=name&sort=name",
    ],
)
async def test_surfaces_that_tell_problems_name_every_repeated_parameter(
    api: httpx.AsyncClient, program_id: str, path: str
) -> None:
    answer = await api.get(path, headers={"X-Program-Id": program_id})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM_MEDIA_TYPE)
    errors = answer.json()["errors"]
    assert [error["code"] for error in errors] == ["duplicate", "duplicate"]
    assert all(f"{error['field']}=" in path for error in errors)


async def test_strangers_are_not_told_what_is_wrong(api: httpx.AsyncClient) -> None:
    stranger = httpx.AsyncClient(transport=api._transport, base_url=api.base_url)
    assert (await stranger.get("/v1/programs?limit=1&limit=2")).status_code == 401


async def test_others_may_add_to_the_links_in_messages_what_they_like(api: httpx.AsyncClient) -> None:
    once, twice = [await api.get(f"/u/{'0' * 24}?utm=a{more}") for more in ("", "&utm=b")]
    assert (twice.status_code, twice.text) == (once.status_code, once.text)
