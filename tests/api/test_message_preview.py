"""What somebody would be sent, seen before it is."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.refusal import assert_refused
from tests.fixtures.message_templates import add_template

CONTENTS = {
    "en": {
        "subject": "Hi {{ participant.first_name }}",
        "html": "<p>{{ payload.gift | default: 'Tea' }}</p>",
    },
    "es": {"subject": "Hola {{ participant.first_name }}", "body": "{{ payload.gift }}"},
}


@pytest.fixture
def base(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}"


async def shown(api: httpx.AsyncClient, base: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"{base}/message-templates/preview", json=body)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def test_a_stored_template_is_shown_as_a_participant_would_be_sent_it(
    api: httpx.AsyncClient, base: str
) -> None:
    template = await add_template(api, base, contents=CONTENTS)
    person = {"external_id": "ana", "first_name": "<Ana>", "locale": "es-MX"}
    assert (await api.post(f"{base}/participants", json=person)).status_code == 201
    assert await shown(api, base, template_id=template["id"], external_id="ana") == {
        "locale": "es",
        "version": 1,
        "subject": "Hola <Ana>",
        "text": "",
        "html": None,
        "options": {},
        "problems": [{"field": "body", "reason": "comes out empty", "expression": "payload.gift", "line": 1}],
    }


async def test_a_template_that_is_not_stored_is_shown_with_sample_values(
    api: httpx.AsyncClient, base: str
) -> None:
    seen = await shown(
        api,
        base,
        channel="email",
        contents=CONTENTS,
        values={"participant": {"first_name": "Zoë"}, "payload": {"gift": "<cake>"}},
    )
    assert [seen[name] for name in ("locale", "version", "subject", "text", "html", "problems")] == [
        *("en", None, "Hi Zoë", "<cake>", "<p>&lt;cake&gt;</p>", []),
    ]


async def test_an_older_version_and_another_language_can_be_asked_for(
    api: httpx.AsyncClient, base: str
) -> None:
    template = await add_template(api, base, contents=CONTENTS)
    newer = {"contents": {"en": {"subject": "New", "body": "x"}}}
    await api.patch(f"{base}/message-templates/{template['id']}", json=newer)
    assert (await shown(api, base, template_id=template["id"]))["subject"] == "New"
    older = await shown(api, base, template_id=template["id"], version=1, locale="es")
    assert (older["subject"], older["version"]) == ("Hola ", 1)


async def test_a_message_that_comes_out_empty_is_a_problem_beside_the_places(
    api: httpx.AsyncClient, base: str
) -> None:
    contents = {"en": {"body": "{{ payload.gift }} "}}
    seen = await shown(api, base, channel="sms", contents=contents)
    assert [(problem["field"], problem["reason"]) for problem in seen["problems"]] == [
        ("body", "comes out empty"),
        ("contents", "the message comes out empty"),
    ]


async def test_what_cannot_be_rendered_for_these_values_is_a_problem(
    api: httpx.AsyncClient, base: str
) -> None:
    contents = {"en": {"body": "x", "click_url": "{{ payload.link }}"}}
    seen = await shown(api, base, channel="push", contents=contents, values={"payload": {"link": "nowhere"}})
    assert (seen["subject"], seen["problems"][0]["reason"]) == (
        None,
        "click_url: does not come out as what it has to be",
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"channel": "email"}, 400),
        ({"template_id": str(uuid4())}, 404),
        ({"template_id": str(uuid4()), "channel": "email"}, 400),
        ({"channel": "email", "contents": {"en": {"subject": "{{", "body": "x"}}}, 400),
        ({"channel": "sms", "contents": {"en": {"body": "x"}}, "external_id": "nobody"}, 404),
        ({"channel": "sms", "contents": {"en": {"body": "x"}}, "values": {"nobody": {}}}, 400),
    ],
)
async def test_what_cannot_be_shown_is_refused(
    api: httpx.AsyncClient, base: str, body: dict[str, Any], status: int
) -> None:
    assert (await api.post(f"{base}/message-templates/preview", json=body)).status_code == status


async def test_a_preview_names_the_field_that_is_wrong(api: httpx.AsyncClient, base: str) -> None:
    body = {"channel": "email", "contents": {"en": {"subject": "{{ a | shout }}", "body": "x"}}}
    assert_refused(await api.post(f"{base}/message-templates/preview", json=body), "contents.en.subject")


async def test_all_languages_of_a_template_share_what_trying_it_may_take(
    api: httpx.AsyncClient, base: str
) -> None:
    source = "x{% for i in (1..9000) %}{% if i == 0 %}{% endif %}{% endfor %}"
    contents = {locale: {"body": source} for locale in ("en", "es", "fr")}
    for said in ({"name": "Greedy"}, {}):
        path = f"{base}/message-templates" + ("" if said else "/preview")
        body = said | {"channel": "sms", "default_locale": "en", "contents": contents}
        details = assert_refused(await api.post(path, json=body), "contents.fr.body")
        assert "too much work" in details["reason"]
