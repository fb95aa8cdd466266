"""Records the histories that replay tests replay: `python -m tests.replay.record [SCENARIO...]`.

Starts a stack of its own with small limits, drives it through every scenario (or those named), and writes
`tests/replay/histories/<workflow type>/<case>.json`. Takes up to a minute and a half: it
waits for a minute to begin.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

import httpx
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from cli.stack import Stack, StackOptions
from tests.replay.anonymous import anonymous, names_of_this_machine
from tests.replay.corpus import DEMANDED, committed, file_of
from tests.replay.scenarios import CHILDREN_PER_EXECUTION, EVENTS_PER_EXECUTION, SCENARIOS, Scenario
from tests.replay.stage import Recording, Stage

LARGEST_BYTES = 150_000

OPTIONS = StackOptions(
    extra_env={
        "CARILLON_WORKER_CHILDREN_PER_RUN_EXECUTION": str(CHILDREN_PER_EXECUTION),
        "CARILLON_UPKEEP_SECONDS": "5",
    },
    temporal_dynamic_config={"limit.historyCount.suggestContinueAsNew": EVENTS_PER_EXECUTION},
)


async def record(names: Sequence[str]) -> None:
    unknown = set(names) - {scenario.__name__ for scenario in SCENARIOS}
    assert not unknown, f"no such scenario: {', '.join(sorted(unknown))}"
    chosen = [scenario for scenario in SCENARIOS if not names or scenario.__name__ in names]
    recordings = await _play(chosen)
    documents = {
        file_of(recording.workflow_type, recording.case): _written(recording) for recording in recordings
    }
    if not names:
        for file in committed():
            file.unlink()
    for file, text in documents.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    kilobytes = sum(len(text) for text in documents.values()) // 1000
    sys.stdout.write(f"{len(documents)} histories, {kilobytes:,} kB\n")


async def _play(scenarios: Sequence[Scenario]) -> list[Recording]:
    async with Stack(OPTIONS) as stack:
        addresses = stack.addresses
        temporal = await Client.connect(addresses.temporal_address, data_converter=pydantic_data_converter)
        headers = {"X-API-Key": addresses.admin_key}
        async with httpx.AsyncClient(base_url=addresses.api_url, headers=headers, timeout=30) as http:
            stage = Stage(stack, http, temporal)

            async def play(scenario: Scenario) -> None:
                begun = time.monotonic()
                await scenario(stage)
                sys.stderr.write(f"{scenario.__name__}: {time.monotonic() - begun:.1f} s\n")

            async with asyncio.TaskGroup() as group:
                for scenario in scenarios:
                    group.create_task(play(scenario))
    return stage.recordings


def _written(recording: Recording) -> str:
    document = anonymous(recording.history)
    where = f"{recording.workflow_type}/{recording.case}"
    assert recording.case in DEMANDED[recording.workflow_type], f"{where} is not listed in DEMANDED"
    named = names_of_this_machine(document)
    assert not named, f"{where} names this machine: {', '.join(named)}"
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    assert len(text) <= LARGEST_BYTES, f"{where} has {len(text):,} bytes"
    return text


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the Temporal core may outlive the interpreter's teardown and abort the process.
    os._exit(0)
