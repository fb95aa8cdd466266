"""Reports on journeys: passes and messages counted by journey, block and time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.roles import Role
from store import journey_statistics
from store.database import Database
from store.tables import Enrollment, EnrollmentStep, Message
from tests.api.journeys_surface import UNKNOWN_ID, JourneysSurface, assert_faults, assert_problem, sms, tag
from tests.fixtures.in_process import secret_of_new_key

PATH = "/api/analytics/statistics"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


class Past:
    """Passes and messages that are written down as if they had been."""

    def __init__(self, journeys: JourneysSurface, database: Database) -> None:
        self.journeys, self._database = journeys, database

    async def add(self, journey: dict[str, Any], at: datetime, **fields: Any) -> UUID:
        """A pass that reached the first block as it began. `messages`: results of what it was sent there."""
        results = fields.pop("messages", ())
        block = journey["blocks"][0]["id"]
        enrollment = Enrollment(
            id=uuid4(),
            entry_key=str(uuid4()),
            journey_id=journey["id"],
            program_id=UUID(self.journeys.program_id),
            participant_id=uuid4(),
            content_hash="h",
            entered_at=at,
            **{"status": "active", "block_id": block} | fields,
        )
        async with self._database.transaction() as session:
            session.add(enrollment)
            for number, decision in enumerate(("sent", "converted" if "goal_at" in fields else "passed")):
                session.add(
                    EnrollmentStep(
                        enrollment_id=enrollment.id,
                        number=number,
                        journey_id=journey["id"],
                        content_hash="h",
                        block_id=block,
                        decision=decision,
                        at=at,
                    )
                )
            for result in results:
                session.add(self._message(journey, enrollment.id, block, result, at))
        return enrollment.id

    def _message(
        self, journey: dict[str, Any], enrollment_id: UUID | None, block: str, result: str, at: datetime
    ) -> Message:
        told = {} if result in ("skipped", "failed") else {f"{result}_at": at}
        told.pop("sent_at", None)
        return Message(
            key=str(uuid4()),
            program_id=UUID(self.journeys.program_id),
            journey_id=journey["id"],
            enrollment_id=enrollment_id,
            block_id=block,
            channel="sms",
            recipient="+1",
            status=result if result in ("skipped", "failed") else "sent",
            settled_at=at,
            **told,
        )

    async def add_trial(self, journey: dict[str, Any], at: datetime) -> None:
        async with self._database.transaction() as session:
            session.add(self._message(journey, None, journey["blocks"][0]["id"], "sent", at))

    async def report(self, *metrics: str, **query: Any) -> list[dict[str, Any]]:
        """The rows of one query of March."""
        whole = {"dateRange": MARCH, "metrics": [{"name": name} for name in metrics]} | query
        answer = await self.ask(whole)
        assert answer.status_code == 200, answer.text
        (table,) = answer.json()["statistics"]
        assert [metric["name"] for metric in table["metrics"]] == list(metrics)
        rows: list[dict[str, Any]] = table["rows"]
        return rows

    async def ask(self, *queries: dict[str, Any]) -> Any:
        headers = {"X-Program-Id": self.journeys.program_id}
        return await self.journeys.http.post(PATH, headers=headers, json={"queries": list(queries)})


@pytest.fixture
async def past(journeys: JourneysSurface, database: Database) -> Past:
    return Past(journeys, database)


def by(*names: str, **granularity: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in names] + [
        {"name": "timestamp", "granularity": each} for each in granularity.values()
    ]


async def test_passes_are_counted_by_what_became_of_them(past: Past) -> None:
    made = await past.journeys.create(sms(), tag())
    for status, fields in (
        ("active", {}),
        ("completed", {"finished_at": MONDAY + DAY, "goal_at": MONDAY}),
        ("exited", {"finished_at": MONDAY + DAY}),
        ("cancelled", {"finished_at": MONDAY + 60 * DAY}),
    ):
        await past.add(made, MONDAY, status=status, **fields)
    await past.add(made, MONDAY - 60 * DAY)
    rows = await past.report("entered", "completed", "exited", "cancelled", "converted")
    assert rows == [{"entered": 4, "completed": 1, "exited": 1, "cancelled": 0, "converted": 1}]


async def test_messages_are_counted_when_things_happened_to_them_and_trials_are_not(past: Past) -> None:
    made = await past.journeys.create(sms(), tag())
    await past.add(made, MONDAY, messages=("sent", "opened", "clicked", "skipped", "failed"))
    await past.add_trial(made, MONDAY)
    rows = await past.report("sent", "opened", "clicked", "skipped", "failed", "bounced")
    assert rows == [{"sent": 3, "opened": 1, "clicked": 1, "skipped": 1, "failed": 1, "bounced": 0}]


async def test_rows_go_by_journey_block_and_the_days_of_the_program(database: Database, past: Past) -> None:
    http = past.journeys.http
    abroad = Past(await JourneysSurface.of_new_program(http, timezone="Pacific/Auckland"), database)
    one, two = [await abroad.journeys.create(sms(), tag(), name=name) for name in ("One", "Two")]
    for at in (MONDAY - timedelta(hours=2), MONDAY):
        await abroad.add(one, at, messages=("sent",))
    await abroad.add(two, MONDAY + DAY)
    days = await abroad.report("entered", "sent", dimensions=by(of="day"))
    assert days == [
        {"timestamp": "2026-03-01T11:00:00Z", "entered": 1, "sent": 1},
        {"timestamp": "2026-03-02T11:00:00Z", "entered": 1, "sent": 1},
        {"timestamp": "2026-03-03T11:00:00Z", "entered": 1, "sent": 0},
    ]
    blocks = await abroad.report("entered", dimensions=by("automationID", "blockID"))
    assert {(row["automationID"], row["blockID"]): row["entered"] for row in blocks} == {
        (one["id"], one["blocks"][0]["id"]): 2,
        (two["id"], two["blocks"][0]["id"]): 1,
    }
    only = {"filters": [{"name": "automationID", "operator": "eq", "values": [two["id"]]}]}
    assert await abroad.report("entered", **only) == [{"entered": 1}]
    nothing = {"filters": [{"name": "blockID", "values": [UNKNOWN_ID]}]}
    assert await abroad.report("entered", "sent", **nothing) == []
    assert await past.report("entered") == []


async def test_a_goal_is_counted_at_its_block(past: Past) -> None:
    made = await past.journeys.create(sms(), tag())
    await past.add(made, MONDAY, goal_at=MONDAY)
    await past.add(made, MONDAY)
    (row,) = await past.report("entered", "converted", dimensions=by("blockID"))
    assert row == {"blockID": made["blocks"][0]["id"], "entered": 2, "converted": 1}


async def test_a_filter_on_blocks_counts_who_came_to_them_wherever_they_stand_now(past: Past) -> None:
    made = await past.journeys.create(sms(), tag())
    first, second = (block["id"] for block in made["blocks"])
    await past.add(made, MONDAY, block_id=second)
    await past.add(made, MONDAY, goal_at=MONDAY, block_id=None, status="completed", finished_at=MONDAY)
    of_first = {"filters": [{"name": "blockID", "values": [first]}]}
    assert await past.report("entered", "converted", **of_first) == [{"entered": 2, "converted": 1}]
    assert await past.report("entered", "converted", dimensions=by("blockID"), **of_first) == [
        {"blockID": first, "entered": 2, "converted": 1}
    ]


async def test_up_to_four_queries_are_answered_in_their_order(past: Past) -> None:
    query = {"dateRange": MARCH, "metrics": [{"name": "entered"}]}
    answer = await past.ask(*(query | {"alias": f"q{number}"} for number in range(4)))
    assert [table["alias"] for table in answer.json()["statistics"]] == ["q0", "q1", "q2", "q3"]
    assert_faults(await past.ask(*[query] * 5), "queries")


async def test_everything_that_is_wrong_is_told_at_once(past: Past) -> None:
    wrong = {
        "dateRange": {"from": "2026-04-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
        "metrics": [{"name": "revenue"}],
        "dimensions": [{"name": "blockID", "granularity": "day"}],
        "filters": [{"name": "campaignID", "values": []}],
        "limit": 3,
    }
    assert_faults(
        await past.ask(wrong),
        "queries.0.dateRange.to",
        "queries.0.metrics.0.name",
        "queries.0.dimensions.0.granularity",
        "queries.0.filters.0.name",
        "queries.0.filters.0.values",
        "queries.0.limit",
    )
    elsewhere = await (await JourneysSurface.of_new_program(past.journeys.http)).create()
    unknown = [{"name": "automationID", "values": [elsewhere["id"], UNKNOWN_ID]}]
    query = {"dateRange": MARCH, "metrics": [{"name": "sent"}], "filters": unknown}
    assert_faults(await past.ask(query), "queries.0.filters.0.values.0", "queries.0.filters.0.values.1")


async def test_a_number_is_no_instant(past: Past) -> None:
    query = {"dateRange": {"from": 0, "to": 1_800_000_000}, "metrics": [{"name": "sent"}]}
    assert_faults(await past.ask(query), "queries.0.dateRange.from", "queries.0.dateRange.to")


async def test_more_rows_than_anybody_reads_are_refused(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey_statistics, "MOST_ROWS", 1)
    made = await past.journeys.create(sms(), tag())
    for number in range(2):
        await past.add(made, MONDAY + number * DAY)
    query = {"dateRange": MARCH, "metrics": [{"name": "entered"}], "dimensions": by(of="day")}
    problem = assert_problem(await past.ask(query), 400, "validation-failed")
    assert [fault["field"] for fault in problem["errors"]] == ["queries.0"]


async def test_whoever_may_read_may_ask(past: Past, database: Database) -> None:
    query = {"dateRange": MARCH, "metrics": [{"name": "entered"}]}
    past.journeys.http.headers["X-API-Key"], own = (
        await secret_of_new_key(database, Role.VIEWER),
        past.journeys.http.headers["X-API-Key"],
    )
    try:
        assert (await past.ask(query)).status_code == 200
    finally:
        past.journeys.http.headers["X-API-Key"] = own
