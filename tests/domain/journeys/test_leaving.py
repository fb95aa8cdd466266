"""What events do to those inside a journey."""

from domain.journeys.leaving import Leaves, ReachesGoal, StopsWaiting, inside_listener
from tests.domain.journeys.samples import block, definition, filters

DELAY = {"mode": "duration", "duration": {"amount": 1, "units": "d"}}
TIMEOUT = {"amount": 2, "units": "d"}


def on(event: str, *groups: object) -> dict[str, object]:
    return {"event": event, "filterGroups": list(groups)}


WALK = definition(
    blocks=[
        block("start", delay=DELAY),
        block(
            "wait",
            wait={
                **on("clicked", filters(("link", "eq", "a"))),
                "timeout": TIMEOUT,
                "eventBlocks": [block("early", delay=DELAY), block("inner goal", goal=on("signed up"))],
                "timeoutBlocks": [block("late", delay=DELAY)],
            },
        ),
        block("bought", goal=on("placed order")),
        block("after", delay=DELAY),
        block("bought twice", goal=on("placed order")),
        block("last"),
    ],
    exitConditions=[
        {"event": "unsubscribed"},
        {"event": "placed order", "filterGroup": filters(("total", "gte", 1_000))},
    ],
)
LISTENER = inside_listener(WALK)


def test_any_exit_condition_has_people_leave_wherever_they_stand() -> None:
    for where in (None, "start", "late", "last"):
        assert LISTENER.consequence(where, "unsubscribed", "api", {}) == Leaves(0)
    assert LISTENER.consequence("start", "placed order", "api", {"total": 2_000}) == Leaves(1)


def test_whoever_is_before_a_goal_goes_to_the_nearest_one_ahead() -> None:
    for where in (None, "start", "wait", "early", "late"):
        assert LISTENER.consequence(where, "placed order", "api", {}) == ReachesGoal("bought")
    assert LISTENER.consequence("after", "placed order", "api", {}) == ReachesGoal("bought twice")
    assert LISTENER.consequence("last", "placed order", "api", {}) is None


def test_a_goal_in_a_branch_is_ahead_of_nobody_in_the_other_branch_or_behind() -> None:
    for where in (None, "start", "wait", "early"):
        assert LISTENER.consequence(where, "signed up", "api", {}) == ReachesGoal("inner goal")
    for where in ("late", "bought", "after"):
        assert LISTENER.consequence(where, "signed up", "api", {}) is None


def test_an_event_ends_the_wait_of_those_who_stand_there() -> None:
    assert LISTENER.consequence("wait", "clicked", "api", {"link": "a"}) == StopsWaiting("wait")
    assert LISTENER.consequence("wait", "clicked", "api", {"link": "b"}) is None
    assert LISTENER.consequence("start", "clicked", "api", {"link": "a"}) is None


def test_a_listener_says_what_it_listens_to() -> None:
    assert LISTENER.events == {"unsubscribed", "placed order", "clicked", "signed up"}
