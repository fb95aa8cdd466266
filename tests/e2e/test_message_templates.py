"""A message template is sent to each in their language, as a mail with HTML and text, by runs and by rules."""

from typing import Any

from tests.api.rules_surface import RulesSurface
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.message_templates import add_template

CONTENTS = {
    "en": {
        "subject": "Hello, {{ participant.first_name }}",
        "html": "<p>Your <a href='https://example.org/menu'>menu</a>, {{ participant.first_name }}</p>",
    },
    "es": {
        "subject": "Hola, {{ participant.first_name }}",
        "body": "El menú",
        "html": "<p>El <b>menú</b></p>",
    },
}
SUBSCRIBED = {"email": "subscribed"}


async def the_mail_to(carillon: Carillon, address: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        mails = await carillon.inbox(address)
        return mails[0] if mails else None

    found: dict[str, Any] = await eventually(look)
    return found


async def test_a_run_sends_each_the_template_in_their_language(carillon: Carillon) -> None:
    await carillon.follow_no_mails()
    template = await add_template(carillon.http, carillon.base, contents=CONTENTS)
    people = [("ana <b>", "ana.t@example.com", "es-MX"), ("Zoë", "zoe.t@example.com", "fr")]
    for name, email, locale in people:
        await carillon.add_people(1, first_name=name, email=email, locale=locale, consent=SUBSCRIBED)
    action = {"type": "send_message", "channel": "email", "template_id": template["id"]}
    automation = await carillon.create(trigger={"type": "immediate"}, action=action)
    run = await carillon.closed_run(automation["id"])
    assert (run["status"], run["counts"]["sent"]) == ("completed", 2)

    ana = await the_mail_to(carillon, "ana.t@example.com")
    assert (ana["subject"], ana["text"].strip()) == ("Hola, ana <b>", "El menú")
    assert ana["html"].strip() == "<p>El <b>menú</b></p>"
    zoe = await the_mail_to(carillon, "zoe.t@example.com")
    assert (zoe["subject"], zoe["text"].strip()) == (
        "Hello, Zoë",
        "Your menu (https://example.org/menu), Zoë",
    )
    assert zoe["html"].strip() == "<p>Your <a href='https://example.org/menu'>menu</a>, Zoë</p>"

    removal = await carillon.http.delete(f"{carillon.base}/message-templates/{template['id']}")
    assert removal.status_code == 409
    assert removal.json()["details"]["reason"] == f"used by automation {automation['name']}"


async def test_a_rule_sends_the_template_as_it_is_now(carillon: Carillon) -> None:
    await carillon.follow_no_mails()
    template = await add_template(carillon.http, carillon.base, contents=CONTENTS)
    rules = RulesSurface(carillon.http, carillon.program_id)
    action = {"type": "send_message", "channel": "email", "template_id": template["id"]}
    await rules.create(trigger_type="greeted", actions=[action])
    newer = {
        "contents": CONTENTS | {"es": {"subject": "{{ event.shop }}", "html": "<p>{{ event.shop }}</p>"}}
    }
    path = f"{carillon.base}/message-templates/{template['id']}"
    assert (await carillon.http.patch(path, json=newer)).json()["version"] == 2
    (person,) = await carillon.add_people(1, email="own", locale="es", consent=SUBSCRIBED)
    shown = (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()
    event = {
        "program_id": carillon.program_id,
        "participant_id": person,
        "event_data": {"type": "greeted", "shop": "Tea & Co"},
    }
    assert (await carillon.http.post("/v1/events", json=event)).is_success
    mail = await the_mail_to(carillon, shown["email"])
    assert (mail["subject"], mail["text"].strip(), mail["html"].strip()) == (
        "Tea & Co",
        "Tea & Co",
        "<p>Tea &amp; Co</p>",
    )
    messages = (await carillon.http.get(f"{carillon.base}/messages")).json()["data"]
    assert [message["template_id"] for message in messages] == [template["id"]]
