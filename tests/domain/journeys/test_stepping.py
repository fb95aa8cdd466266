"""One person's steps: what is decided at each block, why, and where it leads."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.journeys.blocks import Block
from domain.journeys.conditions import Received
from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.route import Route, compile_route
from domain.journeys.stepping import (
    EnrollingElsewhere,
    Position,
    Refusal,
    Row,
    Sending,
    Surroundings,
    Traveller,
    Walked,
    walk,
)
from tests.domain.journeys.journey_blocks import (
    Written,
    ab,
    delay,
    email,
    goal,
    holdout,
    journey,
    opened,
    random_split,
    sms,
    split,
    tag,
    tagged,
    untag,
    wait,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
PERSON = UUID(int=7)


def row(**fields: Any) -> Row:
    return {"id": PERSON, "tags": [], "attributes": {}, **fields}


def values_of(person: Row, event: Row) -> Mapping[str, object]:
    return {"participant.tags": person["tags"], "event": event}


def send_anything(route: Route, block: Block, person: Row, event: Row) -> object:
    return f"what {block.id} sends"


def send_nothing(route: Route, block: Block, person: Row, event: Row) -> Refusal:
    return Refusal("no_consent")


def walked(
    definition: JourneyDefinition,
    position: Position = Position(),
    person: Row | None = None,
    *,
    now: datetime = NOON,
    entered_at: datetime = NOON,
    received: Mapping[str, Received] | None = None,
    event: Row | None = None,
    compose: Any = send_anything,
) -> Walked:
    route = compile_route("j" * 24, "hash", definition)
    person = person or row()
    zone = ZoneInfo("Asia/Tokyo")
    traveller = Traveller(PERSON, entered_at, position, person, zone, event or {}, received or {})
    return walk(route, traveller, Surroundings(now, UTC_ZONE, values_of, compose))


def decisions(walk_: Walked) -> list[tuple[str, str]]:
    return [(step.block_id, step.decision.value) for step in walk_.steps]


def reasons(walk_: Walked) -> list[str | None]:
    return [step.reason for step in walk_.steps]


def test_whoever_has_not_begun_begins_at_the_first_block_and_goes_on_until_they_wait() -> None:
    done = walked(journey(email("hello"), delay("pause", 3), tag("after")))
    assert decisions(done) == [("hello", "sent"), ("pause", "waiting")]
    assert done.effects == [Sending("hello", "what hello sends")]
    assert (done.status, done.block_id) == (EnrollmentStatus.ACTIVE, "pause")
    assert done.wake_at == NOON + timedelta(days=3)


def test_a_delay_that_is_over_leads_on_to_the_end() -> None:
    done = walked(journey(delay("pause"), tag("vip")), Position("pause", NOON), now=NOON + timedelta(days=1))
    assert decisions(done) == [("vip", "changed")]
    assert done.row["tags"] == ["vip"]
    assert (done.status, done.wake_at) == (EnrollmentStatus.COMPLETED, None)


def test_a_delay_counts_from_the_entry_where_it_is_the_first_block_and_from_now_elsewhere() -> None:
    long_ago = NOON - timedelta(hours=20)
    first = walked(journey(delay("pause", 1), tag("t")), entered_at=long_ago)
    assert first.wake_at == NOON + timedelta(hours=4)
    later = walked(journey(tag("t"), delay("pause", 1), tag("u")), entered_at=long_ago)
    assert later.wake_at == NOON + timedelta(days=1)
    over = walked(journey(delay("pause", 1), tag("t")), entered_at=NOON - timedelta(days=2))
    assert decisions(over) == [("pause", "passed"), ("t", "changed")]


def test_a_delay_may_go_by_the_persons_own_clock() -> None:
    nine = {"mode": "specificTime", "time": "09:00"}
    block: Written = {"id": "pause", "type": "delay", "delay": nine}
    assert walked(journey(block, tag("t"))).wake_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    block["delay"] = {**nine, "timezone": "contact"}
    assert walked(journey(block, tag("t"))).wake_at == datetime(2026, 3, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(("tags", "way"), [(["vip"], "yes"), ([], "no")])
def test_a_split_parts_people_by_what_they_are_and_they_meet_again(tags: list[str], way: str) -> None:
    blocks = split("split", [tagged("vip")], [tag("yes")], [tag("no")])
    done = walked(journey(blocks, tag("last")), person=row(tags=tags))
    assert [block for block, _ in decisions(done)] == ["split", way, "last"]
    assert reasons(done)[0] == ("true" if way == "yes" else "false")


def test_a_split_sees_what_the_steps_before_it_changed() -> None:
    done = walked(journey(tag("vip"), split("split", [tagged("vip")], [untag("gone", "vip")], [])))
    assert decisions(done)[1:] == [("split", "branched"), ("gone", "changed")]
    assert done.row["tags"] == []


def test_tags_are_the_same_in_whatever_case_they_were_written() -> None:
    by_capitals = split("split", [tagged("VIP")], [untag("gone", "mixed")], [])
    done = walked(journey(tag("vip"), by_capitals), person=row(tags=["MiXed", "kept"]))
    assert decisions(done)[1:] == [("split", "branched"), ("gone", "changed")]
    assert done.row["tags"] == ["kept", "vip"]
    as_written = walked(journey(split("split", [tagged("VIP")], [tag("yes")], [])), person=row(tags=["VIP"]))
    assert as_written.row["tags"] == ["VIP", "yes"]


def test_a_split_asks_about_the_event_that_brought_them_here() -> None:
    large = {"type": "event", "field": "total", "operator": "gt", "value": 100}
    definition = journey(split("split", [large], [tag("big")], [tag("small")]))
    assert walked(definition, event={"total": 250}).row["tags"] == ["big"]
    assert walked(definition, event={"total": 99}).row["tags"] == ["small"]
    unknown = walked(definition)
    assert unknown.row["tags"] == ["small"]


CLICKED = {"type": "message", "field": "blockID", "operator": "clickedEmail", "value": "mail"}
SHOP = {**CLICKED, "urlMatch": {"operator": "startsWith", "value": "https://shop.example"}}


@pytest.mark.parametrize(
    ("filter_", "received", "holds"),
    [
        (opened("mail"), Received(opened_at=NOON), True),
        (opened("mail"), Received(clicked_at=NOON), True),
        (opened("mail"), Received(), False),
        (opened("mail"), None, False),
        (CLICKED, Received(clicked_at=NOON), True),
        (CLICKED, Received(opened_at=NOON), False),
        (SHOP, Received(clicked_at=NOON, clicked_urls=("https://shop.example/sale",)), True),
        (SHOP, Received(clicked_at=NOON, clicked_urls=("https://example.com",)), False),
    ],
)
def test_a_split_asks_what_became_of_a_message(
    filter_: Written, received: Received | None, holds: bool
) -> None:
    definition = journey(email("mail"), delay("d"), split("split", [filter_], [tag("yes")], [tag("no")]))
    told = {} if received is None else {"mail": received}
    done = walked(definition, Position("d", NOON), received=told, now=NOON + timedelta(days=1))
    assert done.row["tags"] == (["yes"] if holds else ["no"])


@pytest.mark.parametrize(
    ("join", "tags", "was_opened", "holds"),
    [
        ("and", ["vip"], True, True),
        ("and", ["vip"], False, False),
        ("and", [], True, False),
        ("or", ["vip"], False, True),
        ("or", [], True, True),
        ("or", [], False, False),
    ],
)
def test_filters_of_all_kinds_are_joined_as_they_say(
    join: str, tags: list[str], was_opened: bool, holds: bool
) -> None:
    definition = journey(
        email("mail"), delay("d"), split("s", [tagged("vip"), opened("mail")], [tag("y")], [tag("n")], join)
    )
    received = {"mail": Received(opened_at=NOON if was_opened else None)}
    done = walked(definition, Position("d", NOON), row(tags=tags), received=received)
    assert ("y" in done.row["tags"]) == holds


def test_whoever_cannot_be_sent_to_goes_on_or_is_out_where_nothing_may_be_skipped() -> None:
    skips = walked(journey(email("a"), tag("t")), compose=send_nothing)
    assert decisions(skips) == [("a", "skipped"), ("t", "changed")]
    assert reasons(skips)[0] == "no_consent"
    out = walked(journey(sms("a", skip=False), tag("t")), compose=send_nothing)
    assert decisions(out) == [("a", "cancelled")]
    assert (out.status, out.reason, out.effects) == (EnrollmentStatus.CANCELLED, "no_consent", [])


def test_arms_are_the_same_each_time_and_tell_which() -> None:
    definition = journey(ab("ab", 50, [tag("a")], [tag("b")]), random_split("r", (1, [tag("x")]), (1, [])))
    once, again = walked(definition), walked(definition)
    assert decisions(once) == decisions(again)
    assert reasons(once)[0] in ("a", "b")
    assert walked(journey(ab("ab", 100, [tag("a")], [tag("b")]))).row["tags"] == ["a"]
    assert walked(journey(ab("ab", 0, [tag("a")], [tag("b")]))).row["tags"] == ["b"]
    assert reasons(walked(journey(random_split("r", (0, []), (5, [tag("x")])))))[0] == "arm 2"


def test_a_control_group_leaves_and_the_others_go_on() -> None:
    held = walked(journey(holdout("h", 100), tag("t")))
    assert decisions(held) == [("h", "held_out")]
    assert (held.status, held.reason) == (EnrollmentStatus.EXITED, "held_out")
    assert walked(journey(holdout("h", 0), tag("t"))).row["tags"] == ["t"]


def test_a_wait_ends_with_its_event_or_with_its_time() -> None:
    definition = journey(wait("w", "placed order", [tag("bought")], [tag("late")]))
    waiting = walked(definition)
    assert decisions(waiting) == [("w", "waiting")]
    assert waiting.wake_at == NOON + timedelta(days=2)
    came = walked(definition, Position("w", NOON, event_came=True))
    assert (came.row["tags"], reasons(came)[0]) == (["bought"], "event")
    late = walked(definition, Position("w", NOON), now=NOON + timedelta(days=2))
    assert (late.row["tags"], reasons(late)[0]) == (["late"], "timeout")


def test_a_goal_is_reached_by_whoever_its_event_leads_there_and_passed_by_others() -> None:
    definition = journey(delay("d"), goal("g"), tag("t"))
    reached = walked(definition, Position("g", event_came=True))
    assert decisions(reached) == [("g", "converted"), ("t", "changed")]
    passed = walked(definition, Position("d", NOON))
    assert decisions(passed) == [("g", "passed"), ("t", "changed")]


def test_an_event_that_led_to_a_goal_does_not_end_a_wait_behind_it() -> None:
    done = walked(journey(goal("g"), wait("w", "x", [], [tag("t")])), Position("g", event_came=True))
    assert decisions(done) == [("g", "converted"), ("w", "waiting")]


def test_another_journey_is_begun_and_this_one_goes_on() -> None:
    block = {
        "id": "e",
        "type": "action",
        "action": {"type": "enrollJourney", "enrollJourney": {"automationID": "k" * 24}},
    }
    done = walked(journey(block, tag("t")))
    assert done.effects == [EnrollingElsewhere("e", "k" * 24)]
    assert done.row["tags"] == ["t"]


def test_an_attribute_is_set_and_removed() -> None:
    def update(**change: Any) -> Written:
        action = {"type": "updateAttribute", "updateAttribute": change}
        return {"id": f"{change}"[:24], "type": "action", "action": action}

    assert walked(journey(update(name="plan", value={"tier": 2}))).row["attributes"] == {"plan": {"tier": 2}}
    gone = walked(journey(update(name="plan")), person=row(attributes={"plan": 1, "other": 2}))
    assert gone.row["attributes"] == {"other": 2}
    too_large = walked(journey(update(name="plan", value="x" * 10_000)))
    assert decisions(too_large)[0][1] == "skipped"
    assert too_large.row["attributes"] == {}


def test_whoever_stands_at_a_block_that_is_gone_leaves() -> None:
    done = walked(journey(tag("t")), Position("elsewhere", NOON))
    assert (done.status, done.reason, done.steps) == (EnrollmentStatus.EXITED, "block_gone", [])


def test_a_journey_without_blocks_is_over_at_once() -> None:
    assert walked(journey()).status is EnrollmentStatus.COMPLETED


def test_what_nobody_changed_is_the_row_itself() -> None:
    person = row(tags=["vip"])
    assert walked(journey(tag("vip"), untag("u", "other")), person=person).row is person
