"""An automation of participants scope, through every real part."""

from tests.fixtures.carillon import Carillon

ADD_UP = ("total", "sent", "skipped", "failed", "unknown", "pending")


def adds_up(run: dict) -> bool:
    total, sent, skipped, failed, unknown, pending = (run["counts"][name] for name in ADD_UP)
    return total == sent + sum(skipped.values()) + failed + unknown + pending


async def test_generates_one_event_for_each_participant_the_filter_enrolls(carillon: Carillon) -> None:
    vips = await carillon.add_people(3, tags=["vip"])
    await carillon.add_people(2)
    automation = await carillon.create(participant_filter='"vip" in participant.tags')

    answer = await carillon.trigger(automation["id"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["execution_status"] in {"pending", "executing", "completed"}

    run = await carillon.closed_run(automation["id"])
    assert run["status"] == "completed"
    assert adds_up(run)
    assert run["counts"]["sent"] == 3
    outcomes = await carillon.outcomes(automation["id"], run["id"])
    assert {row["participant_id"] for row in outcomes} == set(vips)
    shown = await carillon.get(automation["id"])
    assert shown["execution_status"] == "completed"
    assert (shown["participants_total"], shown["participants_processed"]) == (3, 3)


async def test_the_guard_skips_a_participant_and_the_run_goes_on(carillon: Carillon) -> None:
    await carillon.add_people(2, counters={"points": 5})
    await carillon.add_people(3, counters={"points": 50})
    automation = await carillon.create(guard_condition="participant.counters.points >= 10")

    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])

    assert run["counts"]["sent"] == 3
    assert run["counts"]["skipped"] == {"guard_false": 2}
    assert adds_up(run)


async def test_sends_a_rendered_mail_to_those_who_consent_and_can_be_reached(carillon: Carillon) -> None:
    subscribed = {"email": "subscribed"}
    await carillon.add_people(1, email="zoe@example.com", first_name="Zoë", consent=subscribed)
    await carillon.add_people(1, email="no@example.com", consent={"email": "unsubscribed"})
    await carillon.add_people(1, consent=subscribed)
    await carillon.add_people(1, email="gone@example.com", consent=subscribed, status="CLOSED")
    automation = await carillon.create(
        action={
            "type": "send_message",
            "channel": "email",
            "subject": "Hello {{ participant.first_name }}",
            "body": "You have {{ payload.points }} points.",
        },
        payload={"points": 7},
    )

    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])

    assert run["counts"]["sent"] == 1
    assert run["counts"]["skipped"] == {"no_consent": 1, "no_address": 1, "participant_not_active": 1}
    mails = await carillon.inbox("zoe@example.com")
    assert [mail["subject"] for mail in mails] == ["Hello Zoë"]
    assert await carillon.inbox("no@example.com") == []
