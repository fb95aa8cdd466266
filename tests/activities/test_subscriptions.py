"""A refresh of an automation's subscriptions: what it leaves on the automation, and where another attempt goes on."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities import Resources, subscriptions
from activities.subscriptions import SubscriptionActivities
from channels.webhook import WebhookSender
from domain.activity_contract import RefreshSubscriptions
from domain.expressions import breaker
from runtime.settings import Settings
from store.database import Database
from store.tables import Automation
from tests.store.watching import NOON, add_people, add_watching, standings

FILTER = {"participant_filter": "participant.status == 'ACTIVE'"}


class Refreshing:
    """Refreshes of one automation, and their heartbeats."""

    def __init__(self, database: Database, automation_id: UUID) -> None:
        self._database = database
        self._automation_id = automation_id
        self.heartbeats: list[tuple[Any, ...]] = []

    async def attempt(self, *resume_from: Any) -> Automation:
        """The automation after a refresh; another attempt at one when there is something to resume from."""
        settings = Settings(database_url=self._database.engine.url.render_as_string(hide_password=False))
        sender = WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds)
        temporal: Any = None
        activities = SubscriptionActivities(Resources(settings, self._database, temporal, {}, sender))
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, heartbeat_details=resume_from)
        environment.on_heartbeat = lambda *details: self.heartbeats.append(details)
        request = RefreshSubscriptions(automation_id=self._automation_id, now=NOON, rebase=False)
        await environment.run(activities.refresh_subscriptions, request)
        async with self._database.transaction() as session:
            return await session.get_one(Automation, self._automation_id)


def make_every_filter_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    monkeypatch.setattr(breaker, "SECONDS_PER_ROW", 0.0)


async def test_a_slow_filter_is_the_automations_last_error_until_a_refresh_gets_through(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (person,) = await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id, **FILTER)
    refreshing = Refreshing(database, automation_id)
    with monkeypatch.context() as patched:
        make_every_filter_slow(patched)
        automation = await refreshing.attempt()
    assert "ms a participant on average" in str(automation.last_error)
    assert (automation.status, automation.last_evaluated_at) == ("active", NOON)
    assert await standings(database, automation_id) == {}

    automation = await refreshing.attempt()
    assert automation.last_error is None
    assert set(await standings(database, automation_id)) == {person}


async def test_another_attempt_goes_on_after_the_last_page_and_remembers_that_the_filter_was_slow(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "PARTICIPANTS_A_PAGE", 2)
    people = await add_people(database, program_id, {}, {}, {})
    automation_id = await add_watching(database, program_id, **FILTER)
    refreshing = Refreshing(database, automation_id)
    with monkeypatch.context() as patched:
        make_every_filter_slow(patched)
        automation = await refreshing.attempt()
    ((last, slow),) = refreshing.heartbeats
    assert (last, slow) == (str(people[1]), automation.last_error)

    automation = await refreshing.attempt(last, slow)
    assert automation.last_error == slow
    assert set(await standings(database, automation_id)) == {people[2]}
