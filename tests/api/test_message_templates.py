"""Message templates over HTTP: checked when stored, versioned when changed, kept while they are used."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from store.database import Database
from store.journeys import create_journey
from tests.api.journeys_surface import JourneysSurface, action, assert_faults, journey
from tests.api.refusal import assert_refused
from tests.api.rules_surface import RulesSurface
from tests.domain.journeys.samples import NOW, block, definition
from tests.fixtures.message_templates import add_template

CONTENTS = {
    "en": {"subject": "Hi {{ participant.first_name }}", "html": "<p>Hello</p>"},
    "es_mx": {"subject": "Hola", "body": "Buenas"},
}


@pytest.fixture
def base(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}"


@pytest.fixture
def templates(base: str) -> str:
    return f"{base}/message-templates"


async def test_a_template_is_shown_as_it_was_made_with_its_languages_in_their_usual_form(
    api: httpx.AsyncClient, base: str, templates: str, program_id: UUID
) -> None:
    made = await add_template(api, base, name="Welcome", description="The first", contents=CONTENTS)
    told = ("program_id", "name", "description", "channel", "default_locale", "version")
    assert [made[name] for name in told] == [str(program_id), "Welcome", "The first", "email", "en", 1]
    assert set(made["contents"]) == {"en", "es-MX"}
    assert (made["contents"]["es-MX"]["body"], made["contents"]["en"]["html"]) == ("Buenas", "<p>Hello</p>")
    assert (await api.get(f"{templates}/{made['id']}")).json() == made
    assert (await api.get(templates)).json()["data"] == [made]


async def test_the_list_can_be_of_one_channel(api: httpx.AsyncClient, base: str, templates: str) -> None:
    await add_template(api, base)
    text = await add_template(api, base, channel="sms", contents={"en": {"body": "Hi"}})
    assert (await api.get(templates, params={"channel": "sms"})).json()["data"] == [text]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"contents": {}}, "contents"),
        ({"contents": {"english": {"body": "x"}}}, "contents.english"),
        ({"contents": {tag: {"subject": "x", "body": "x"} for tag in ("en", "EN")}}, "contents.EN"),
        (
            {"contents": {tag: {"subject": "x", "body": "x"} for tag in ("en", "es-MX", "es_mx")}},
            "contents.es_mx",
        ),
        ({"contents": {"en": {"subject": "x", "body": "x", "title": "x"}}}, "contents.en.title"),
        (
            {"contents": {"en": {"subject": "x", "body": "x", "click_url": "https://a.example"}}},
            "contents.en.click_url",
        ),
        (
            {"contents": {"en": {"subject": "x", "body": "x", "media": ["https://a.example"]}}},
            "contents.en.media",
        ),
        ({"contents": {"en": {"subject": "x", "body": "x", "data": {"a": "b"}}}}, "contents.en.data"),
        ({"default_locale": "fr"}, "default_locale"),
        ({"contents": {"en": {"body": "x"}}}, "contents.en.subject"),
        ({"contents": {"en": {"subject": "x"}}}, "contents.en.body"),
        ({"contents": {"en": {"subject": "x", "body": "x", "shout": 1}}}, "contents.en.shout"),
        ({"contents": {"en": {"subject": "{{ a", "body": "x"}}}, "contents.en.subject"),
        ({"contents": {"en": {"subject": "x", "html": "{% if a %}"}}}, "contents.en.html"),
        (
            {"contents": {"en": {"subject": "x", "body": "x", "content_sid": "HX1"}}},
            "contents.en.content_sid",
        ),
        ({"channel": "sms", "contents": {"en": {"subject": "x"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": " \n"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": "x", "html": "x"}}}, "contents.en.html"),
        (
            {"channel": "push", "contents": {"en": {"body": "x", "click_url": "{{ a | b }}"}}},
            "contents.en.click_url",
        ),
        (
            {"channel": "push", "contents": {"en": {"body": "x", "click_url": "javascript:alert(1)"}}},
            "contents.en.click_url",
        ),
        (
            {"channel": "sms", "contents": {"en": {"body": "x", "media": ["file:///etc/passwd"]}}},
            "contents.en.media.0",
        ),
        ({"channel": "sms", "contents": {"en": {"body": "{% include 'x' %}"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": "{% render 'x' %}"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": "{{ 1 | divided_by: 0 }}"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": "{{ 'x' | truncate: 'y' }}"}}}, "contents.en.body"),
        ({"channel": "sms", "contents": {"en": {"body": "{{ 'x' | replace }}"}}}, "contents.en.body"),
        ({"channel": "pigeon"}, "channel"),
        ({"name": ""}, "name"),
    ],
)
async def test_what_cannot_be_sent_is_refused_and_its_field_is_named(
    api: httpx.AsyncClient, templates: str, change: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "channel": "email", "contents": {"en": {"subject": "x", "body": "x"}}} | change
    assert_refused(await api.post(templates, json=body), field)
    assert (await api.get(templates)).json()["data"] == []


async def test_a_filter_that_does_not_exist_is_told_with_its_place_even_where_no_value_comes_by(
    api: httpx.AsyncClient, templates: str
) -> None:
    subject = "Hi\n{% if payload.vip %}{{ participant.first_name | upcas }}{% endif %}"
    body = {"name": "x", "channel": "email", "contents": {"en": {"subject": subject, "body": "x"}}}
    details = assert_refused(await api.post(templates, json=body), "contents.en.subject")
    assert details["reason"] == "unknown filter 'upcas'"
    assert details["suggestion"] == "upcase"
    assert details["position"] == {"line": 2, "column": 49}


async def test_a_second_spelling_of_a_language_is_told_of_beside_the_first(
    api: httpx.AsyncClient, base: str, templates: str
) -> None:
    made = await add_template(api, base)
    contents = {tag: {"subject": tag, "body": "x"} for tag in ("en", "es_mx", "es-MX")}
    answer = await api.patch(f"{templates}/{made['id']}", json={"contents": contents})
    assert assert_refused(answer, "contents.es-MX")["reason"] == "the same language as es_mx"
    assert (await api.get(f"{templates}/{made['id']}")).json() == made


async def test_a_name_is_unique_among_the_templates_of_a_program(
    api: httpx.AsyncClient, base: str, templates: str
) -> None:
    first = await add_template(api, base, name="A")
    second = await add_template(api, base, name="B")
    body = {"name": "A", "channel": "sms", "contents": {"en": {"body": "x"}}}
    assert_refused(await api.post(templates, json=body), "name", 409, "conflict")
    answer = await api.patch(f"{templates}/{second['id']}", json={"name": "A"})
    assert_refused(answer, "name", 409, "conflict")
    assert (await api.delete(f"{templates}/{first['id']}")).status_code == 204
    assert (await api.patch(f"{templates}/{second['id']}", json={"name": "A"})).status_code == 200


async def test_a_change_of_what_it_says_makes_a_version_and_any_other_change_does_not(
    api: httpx.AsyncClient, base: str, templates: str
) -> None:
    made = await add_template(api, base)
    path = f"{templates}/{made['id']}"
    for body, version in (
        ({"name": f"n-{uuid4()}", "description": "x"}, 1),
        ({"contents": made["contents"]}, 1),
        ({"contents": {"en": {"subject": "Hi", "body": "Again"}, "es": {"subject": "Hola", "body": "x"}}}, 2),
        ({"default_locale": "es"}, 3),
    ):
        answer = await api.patch(path, json=body)
        assert (answer.status_code, answer.json()["version"]) == (200, version)
    versions = (await api.get(f"{path}/versions")).json()
    assert [(one["version"], one["default_locale"]) for one in versions] == [(3, "es"), (2, "en"), (1, "en")]
    assert versions[2]["contents"] == made["contents"]


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"name": None}, "name"),
        ({"contents": None}, "contents"),
        ({"default_locale": "fr"}, "default_locale"),
        ({"contents": {"en": {"subject": "{{", "body": "x"}}}, "contents.en.subject"),
        ({"channel": "sms"}, "channel"),
    ],
)
async def test_a_change_for_the_worse_is_refused_and_changes_nothing(
    api: httpx.AsyncClient, base: str, templates: str, patch: dict[str, Any], field: str
) -> None:
    made = await add_template(api, base)
    path = f"{templates}/{made['id']}"
    assert_refused(await api.patch(path, json=patch), field)
    assert (await api.get(path)).json() == made


async def test_a_template_that_a_rule_or_a_journey_sends_cannot_be_removed(
    api: httpx.AsyncClient, database: Database, rules: RulesSurface
) -> None:
    base = f"/v1/programs/{rules.program_id}"
    made = await add_template(api, base)
    path = f"{base}/message-templates/{made['id']}"
    sending_rule = {"type": "send_message", "channel": "email", "template_id": made["id"]}
    rule = await rules.create(name="Greet", actions=[sending_rule])
    mail = {"contentID": made["id"], "subject": "Hi", "preheader": "", "senderName": "Ana", "language": "en"}
    sending = block("m", action={"type": "sendEmail", "sendEmail": mail})
    split = block("s", ab_testing={"aBlocksPercentage": 50, "aBlocks": [sending]})
    async with database.transaction() as session:
        onboarding = definition(blocks=[split])
        made_journey = create_journey(session, UUID(rules.program_id), "Onboarding", onboarding, NOW)
    details = assert_refused(await api.delete(path), "template_id", 409, "conflict")
    assert details["reason"] == "used by journey Onboarding, rule Greet"
    async with database.transaction() as session:
        await session.delete(await session.merge(made_journey))
    assert (await rules.call("DELETE", f"/rules/{rule['id']}")).is_success
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.get(f"{base}/message-templates")).json()["data"] == []


async def test_a_rule_with_an_unknown_template_or_one_of_another_channel_is_refused(
    api: httpx.AsyncClient, rules: RulesSurface
) -> None:
    base = f"/v1/programs/{rules.program_id}"
    text = await add_template(api, base, channel="sms", contents={"en": {"body": "Hi"}})
    for template_id, reason in (
        (str(uuid4()), "no such message template in this program"),
        (text["id"], "is a template for the channel sms"),
    ):
        sending = {"type": "send_message", "channel": "email", "template_id": template_id}
        answer = await rules.post("/rules", {"name": "x", "trigger_type": "t", "actions": [sending]})
        assert answer.status_code == 400
        assert [(fault["field"], fault["message"]) for fault in answer.json()["errors"]] == [
            ("actions.0.template_id", reason)
        ]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"template_id": str(uuid4())}, "action.template_id"),
        ({"template_id": "none"}, "action.template_id"),
        ({"template_id": str(uuid4()), "body": "x"}, "action.body"),
        ({"template_id": str(uuid4()), "subject": "x"}, "action.subject"),
        ({"subject": "x"}, "action.body"),
        ({"channel": "sms", "body": " \n"}, "action.body"),
        ({"body": "x"}, "action.subject"),
        ({"subject": "x", "body": "{% include 'x' %}"}, "action.body"),
        ({"subject": "{{ 1 | divided_by: 0 }}", "body": "x"}, "action.subject"),
    ],
)
async def test_an_automation_says_its_own_text_or_a_template_of_its_program(
    api: httpx.AsyncClient, base: str, said: dict[str, Any], field: str
) -> None:
    body = {
        "name": "x",
        "event_name": "x",
        "scope": "participants",
        "trigger": {"type": "immediate"},
        "action": {"type": "send_message", "channel": "email"} | said,
    }
    assert_refused(await api.post(f"{base}/automations", json=body), field)


async def test_a_journey_sends_a_template_for_mails_of_its_program_and_no_other(
    journeys: JourneysSurface,
) -> None:
    base = f"/v1/programs/{journeys.program_id}"
    mail = await add_template(journeys.http, base)
    text = await add_template(journeys.http, base, channel="sms", contents={"en": {"body": "Hi"}})
    said = {"subject": "s", "preheader": "p", "senderName": "n", "language": "en_US"}
    made = await journeys.create(action("e", "sendEmail", templateID=mail["id"], **said))
    assert made["blocks"][0]["action"]["sendEmail"]["contentID"] == mail["id"]
    for template_id in (text["id"], str(uuid4())):
        answer = await journeys.post(journey(action("e", "sendEmail", templateID=template_id, **said)))
        assert_faults(answer, "blocks.0.action.sendEmail.templateID")
