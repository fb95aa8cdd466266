"""The one timer behind all subscriptions of an automation."""

from datetime import datetime, timedelta

from domain.contract import AutomationSnapshot

AT_MOST_EVERY = timedelta(seconds=2)


def next_batch_at(snapshot: AutomationSnapshot) -> datetime | None:
    """When to begin the next run over due subscriptions; None while there is nothing to wait for.

    What comes due while a run is in progress is taken by the next one, and runs are kept apart: a stream of
    single dues makes one run for all that arrived in between, not one for each.
    """
    if snapshot.next_due_at is None or snapshot.active_run is not None:
        return None
    if snapshot.last_run_at is None:
        return snapshot.next_due_at
    return max(snapshot.next_due_at, snapshot.last_run_at + AT_MOST_EVERY)
