from datetime import UTC, datetime, timedelta
from uuid import uuid4

from domain.automation import AutomationStatus, Scope, TriggerType
from domain.contract import ActiveRun, AutomationSnapshot
from domain.subscription_timer import AT_MOST_EVERY, next_batch_at

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WATCHING = AutomationSnapshot(
    automation_id=uuid4(),
    program_id=uuid4(),
    status=AutomationStatus.ACTIVE,
    trigger_type=TriggerType.PARTICIPANT_STATE,
    scope=Scope.PARTICIPANTS,
    timezone="UTC",
)


def test_it_waits_for_the_first_subscription_that_is_due() -> None:
    assert next_batch_at(WATCHING.model_copy(update={"next_due_at": NOON})) == NOON


def test_it_waits_for_nothing_while_nothing_is_due_or_a_run_is_in_progress() -> None:
    assert next_batch_at(WATCHING) is None
    running = {"next_due_at": NOON, "active_run": ActiveRun(run_id=uuid4(), number=1)}
    assert next_batch_at(WATCHING.model_copy(update=running)) is None


def test_runs_are_kept_apart_so_that_a_stream_of_dues_makes_few_of_them() -> None:
    just_ran = {"next_due_at": NOON, "last_run_at": NOON - timedelta(milliseconds=1)}
    assert next_batch_at(WATCHING.model_copy(update=just_ran)) == just_ran["last_run_at"] + AT_MOST_EVERY
    long_ago = {"next_due_at": NOON, "last_run_at": NOON - timedelta(hours=1)}
    assert next_batch_at(WATCHING.model_copy(update=long_ago)) == NOON
