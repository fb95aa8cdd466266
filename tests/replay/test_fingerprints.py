"""A change in what a workflow asks of Temporal, or in which order, is noticed before it is released."""

from datetime import timedelta

import pytest
from temporalio import workflow

from tests.replay.fingerprints import baseline, difference, fingerprint, fingerprints

WHAT_TO_DO = """
The commands of a workflow have changed, so executions that run now may not survive the new code.

  1. Gate the change: `if workflow.patched("what-changed"): new commands, else: the old ones`.
     Without a gate it is safe only when no history holds the changed part, for example in a workflow type
     that has never run, or when each execution that may hold it has ended.
  2. Record histories of the new branch: `python -m tests.replay.record`.
  3. Renew the baseline: `python -m tests.replay.fingerprints --renew`, and have the difference reviewed.

Against a live namespace, `carillon replay` tells which executions the change would break.
"""


def test_the_commands_of_every_workflow_are_those_of_the_baseline() -> None:
    changed = difference(baseline(), fingerprints())
    if changed:
        pytest.fail("\n".join([WHAT_TO_DO, *changed]), pytrace=False)


@workflow.defn
class Sample:
    @workflow.run
    async def run(self, wanted: bool) -> None:
        if workflow.patched("greet-first"):
            await self._do("greet")
        while wanted:
            await workflow.sleep(timedelta(seconds=1))
            await self._do("work", "afterwards")
        child = await workflow.start_child_workflow("Child", id=f"{workflow.info().workflow_id}/child")
        await child.signal("begin")
        try:
            await workflow.wait_condition(lambda: wanted, timeout=1)
        except TimeoutError:
            workflow.continue_as_new(wanted)

    @workflow.signal(name="stop")
    async def on_stop(self) -> None:
        await workflow.get_external_workflow_handle("other").cancel()

    @workflow.query
    def asked(self) -> bool:
        return True

    async def _do(self, *names: str) -> None:
        await workflow.execute_activity(names[0], start_to_close_timeout=timedelta(seconds=1))


@workflow.defn
class Reordered(Sample):
    @workflow.run
    async def run(self, wanted: bool) -> None:
        await self._second()
        await self._first()

    async def _first(self) -> None:
        await workflow.execute_activity("first", start_to_close_timeout=timedelta(seconds=1))

    async def _second(self) -> None:
        await workflow.execute_activity(name_of("second"), start_to_close_timeout=timedelta(seconds=1))


def name_of(activity: str) -> str:
    return activity


def test_a_fingerprint_lists_each_kind_of_command_by_entry_point_and_block() -> None:
    assert fingerprint(Sample) == {
        "run": [
            "patched greet-first",
            "if:",
            "  activity names[0]",
            "loop:",
            "  timer (workflow.sleep)",
            "  activity names[0]",
            "child Child, id f'{workflow.info().workflow_id}/child'",
            "signal other workflow begin",
            "try:",
            "  timer (workflow.wait_condition)",
            "except TimeoutError:",
            "  continue_as_new",
        ],
        "signal stop": ["cancel other workflow"],
    }


def test_a_fingerprint_follows_the_order_of_calls_not_that_of_definitions() -> None:
    assert fingerprint(Reordered) == {"run": ["activity name_of('second')", "activity first"]}


def test_the_difference_shows_what_was_lost_and_what_came() -> None:
    before, after = {"Sample": {"run": ["activity a"]}}, {"Sample": {"run": ["activity b"]}}
    lines = difference(before, after)
    assert any(line.startswith("-") and "activity a" in line for line in lines)
    assert any(line.startswith("+") and "activity b" in line for line in lines)
    assert difference(before, before) == []
