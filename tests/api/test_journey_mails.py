"""The mails of journeys: their templates, and trying them."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from store.database import Database
from store.tables import Message
from tests.api.journeys_surface import (
    UNKNOWN_ID,
    JourneysSurface,
    action,
    assert_faults,
    assert_problem,
    email,
    journey,
    tag,
)

CONTENTS = {
    "en": {"subject": "From the template", "html": "<p>Hello [[contact.email]]</p>", "preheader": "Psst"},
    "de": {"subject": "Aus der Vorlage", "body": "Hallo"},
}


async def queued(database: Database, program_id: str) -> list[Message]:
    async with database.transaction() as session:
        statement = select(Message).where(col(Message.program_id) == UUID(program_id))
        return sorted(await session.exec(statement), key=lambda message: message.recipient)


@pytest.fixture
async def mailing(journeys: JourneysSurface) -> dict[str, Any]:
    template = await journeys.template(contents=CONTENTS)
    return await journeys.create(
        email("m", template, subject="Dear [[contact.email]]", replyToEmail="help@example.com"), tag()
    )


async def test_a_mail_is_shown_with_its_content_and_not_with_its_template(mailing: dict[str, Any]) -> None:
    shown = mailing["blocks"][0]["action"]["sendEmail"]
    assert set(shown) == {
        *("contentID", "subject", "preheader", "senderName", "language", "replyToEmail", "isSkipAllowed"),
    }
    UUID(shown["contentID"])


async def test_a_block_keeps_its_content_and_may_not_be_given_another(
    journeys: JourneysSurface, mailing: dict[str, Any]
) -> None:
    kept, other = mailing["blocks"]
    shown = kept["action"]["sendEmail"]
    written = {name: value for name, value in shown.items() if name != "contentID"} | {"subject": "New"}
    as_written = kept | {"action": {"type": "sendEmail", "sendEmail": written}}
    put = await journeys.put_blocks(mailing["id"], as_written, other)
    assert put.json()["blocks"][0]["action"]["sendEmail"] == shown | {"subject": "New"}
    again = await journeys.put_blocks(
        mailing["id"],
        kept | {"action": {"type": "sendEmail", "sendEmail": written | {"templateID": shown["contentID"]}}},
        email("new", shown["contentID"]),
        action("n", "sendEmail", subject="s", preheader="", senderName="n", language="en_US"),
    )
    assert_faults(again, "blocks.0.action.sendEmail.templateID", "blocks.2.action.sendEmail.templateID")
    patch = {"id": kept["id"], "type": "action", "action": {"type": "sendEmail", "sendEmail": {"replyToEmail": None, "preheader": "P"}}}  # fmt: skip
    patched = await journeys.patch(mailing["id"], blocks=[patch])
    mail = patched.json()["blocks"][0]["action"]["sendEmail"]
    assert "replyToEmail" not in mail
    assert (mail["preheader"], mail["subject"]) == ("P", "New")


async def test_only_a_mails_template_of_the_program_is_one(journeys: JourneysSurface) -> None:
    text = await journeys.template(channel="sms", contents={"en": {"body": "Hi"}})
    elsewhere = await (await JourneysSurface.of_new_program(journeys.http)).template()
    own = await journeys.template()
    answer = await journeys.post(
        journey(*(email(f"m{n}", id_) for n, id_ in enumerate((text, elsewhere, own.upper(), own, "x"))))
    )
    assert_faults(answer, *(f"blocks.{n}.action.sendEmail.templateID" for n in (0, 1, 2, 4)))


async def test_templates_that_do_not_parse_are_refused(journeys: JourneysSurface) -> None:
    own = await journeys.template()
    answer = await journeys.post(journey(email("m", own, subject="{{ a", preheader="{% if %}")))
    assert_faults(answer, "blocks.0.action.sendEmail.subject", "blocks.0.action.sendEmail.preheader")


async def test_a_trial_is_sent_to_each_address_once(
    journeys: JourneysSurface, mailing: dict[str, Any], database: Database
) -> None:
    block = mailing["blocks"][0]["id"]
    recipients = ["b@example.com", "a@example.com", "b@example.com"]
    answer = await journeys.post({"recipients": recipients}, f"/{mailing['id']}/blocks/{block}/test-email")
    assert (answer.status_code, answer.content) == (204, b"")
    first, second = await queued(database, journeys.program_id)
    assert (first.recipient, second.recipient) == ("a@example.com", "b@example.com")
    assert (first.subject, first.status) == ("Dear a@example.com", "queued")
    assert first.options is not None
    assert "<p>Hello a@example.com</p>" in first.options["html"]
    assert first.options["headers"] == {"Reply-To": "help@example.com"}
    assert (first.journey_id, first.block_id) == (mailing["id"], block)
    assert (first.participant_id, first.enrollment_id) == (None, None)


async def test_a_trial_that_cannot_be_sent_is_refused(
    journeys: JourneysSurface, mailing: dict[str, Any], database: Database
) -> None:
    mail, other = (block["id"] for block in mailing["blocks"])
    path = f"/{mailing['id']}/blocks/{{}}/test-email"
    to = {"recipients": ["a@example.com"]}
    for recipients, faults in (
        ([], ["recipients"]),
        ([f"{n}@example.com" for n in range(6)], ["recipients"]),
        (["a@example.com", "nobody", "@"], ["recipients.1", "recipients.2"]),
        ([3], ["recipients.0"]),
    ):
        answer = await journeys.post({"recipients": recipients}, path.format(mail))
        assert_faults(answer, *faults)
    assert_problem(await journeys.post(to, path.format(UNKNOWN_ID)), 404, "not-found")
    assert_problem(await journeys.post(to, path.format(other)), 422, "unprocessable")
    suppressed = {"channel": "email", "address": "a@example.com"}
    await journeys.http.post(f"/v1/programs/{journeys.program_id}/suppressions", json=suppressed)
    problem = assert_problem(await journeys.post(to, path.format(mail)), 409, "suppressed")
    assert [fault["field"] for fault in problem["errors"]] == ["recipients.0"]
    assert await queued(database, journeys.program_id) == []
