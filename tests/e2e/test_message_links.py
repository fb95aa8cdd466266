"""A real mail, its links followed over HTTP, and what the record then says."""

import re
from html import unescape
from typing import Any

import httpx

from cli.stack import Stack
from tests.fixtures.carillon import Carillon
from tests.fixtures.message_templates import add_template

SHOP = "https://shop.example/sale?a=1&b=2"
HTML = f'<body><a href="{SHOP.replace("&", "&amp;")}">Sale</a> <a href="{{{{ unsubscribe_url }}}}">No more</a></body>'
CONTENTS = {"en": {"subject": "Sale", "body": "No more: {{ unsubscribe_url }}", "html": HTML}}


async def the_message(carillon: Carillon) -> dict[str, Any]:
    answer = await carillon.http.get(f"{carillon.base}/messages", params={"status": "sent"})
    (message,) = answer.json()["data"]
    found: dict[str, Any] = message
    return found


async def test_a_mail_is_opened_clicked_and_unsubscribed_from(carillon: Carillon, stack: Stack) -> None:
    template = await add_template(carillon.http, carillon.base, contents=CONTENTS)
    (person,) = await carillon.add_people(1, email="own", consent={"email": "subscribed"})
    address = (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()["email"]
    action = {"type": "send_message", "channel": "email", "template_id": template["id"]}
    automation = await carillon.create(action=action)
    await carillon.trigger(automation["id"])
    assert (await carillon.closed_run(automation["id"]))["counts"]["sent"] == 1

    (mail,) = await carillon.inbox(address)
    headers = {name.lower(): value for name, value in mail["headers"].items()}
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    one_click = headers["list-unsubscribe"].strip("<>")
    click, no_more = (unescape(url) for url in re.findall(r'href="([^"]+)"', mail["html"]))
    (image,) = re.findall(r'<img src="([^"]+)"', mail["html"])
    assert no_more == one_click
    assert mail["text"].strip() == f"No more: {no_more}"
    assert all(url.startswith(stack.addresses.api_url) for url in (click, no_more, image))

    async with httpx.AsyncClient() as reader:
        assert (await reader.get(image)).headers["content-type"] == "image/gif"
        assert (await reader.get(click)).headers["location"] == SHOP
        assert "Unsubscribe?" in (await reader.get(no_more)).text
        message = await the_message(carillon)
        assert message["opened_at"] and message["clicked_at"] and not message["unsubscribed_at"]
        done = await reader.post(one_click, data={"List-Unsubscribe": "One-Click"})
        assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)

    assert (await the_message(carillon))["unsubscribed_at"]
    shown = (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()
    assert shown["consent"] == {"email": "unsubscribed"}
    (suppressed,) = (await carillon.http.get(f"{carillon.base}/suppressions")).json()["data"]
    assert (suppressed["address"], suppressed["reason"]) == (address, "unsubscribe")
    counts = (await carillon.http.get(f"{carillon.base}/messages/counts")).json()
    assert (counts["told"]["opened"], counts["told"]["unsubscribed"]) == (1, 1)

    await carillon.trigger(automation["id"])
    again = await carillon.closed_run(automation["id"], number=2)
    assert (again["counts"]["sent"], again["counts"]["skipped"]) == (0, {"no_consent": 1})
    assert len(await carillon.inbox(address)) == 1


async def test_a_program_that_follows_nobody_sends_mails_as_they_were_written(carillon: Carillon) -> None:
    await carillon.follow_no_mails()
    template = await add_template(carillon.http, carillon.base, contents=CONTENTS)
    (person,) = await carillon.add_people(1, email="own", consent={"email": "subscribed"})
    address = (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()["email"]
    action = {"type": "send_message", "channel": "email", "template_id": template["id"]}
    await carillon.closed_run((await carillon.create(trigger={"type": "immediate"}, action=action))["id"])
    (mail,) = await carillon.inbox(address)
    assert SHOP in unescape(mail["html"])
    assert "<img" not in mail["html"] and "/u/" in mail["html"]
