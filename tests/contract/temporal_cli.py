"""The real `temporal` binary, in the words of the tests."""

import asyncio
import json
import sys
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BINARY = str(Path(sys.prefix) / "bin" / "temporal")


@dataclass(frozen=True)
class Answer:
    exit_code: int
    output: str
    errors: str

    @property
    def as_json(self) -> Any:
        assert self.exit_code == 0, self.errors
        return json.loads(self.output)


@dataclass(frozen=True)
class TemporalCli:
    address: str
    namespace: str

    async def run(self, *words: str) -> Answer:
        process = await asyncio.create_subprocess_exec(
            BINARY,
            *words,
            *("--address", self.address, "--namespace", self.namespace, "--output", "json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return Answer(process.returncode or 0, output.decode(), errors.decode())

    async def workflow(self, verb: str, workflow_id: str, *words: str) -> Answer:
        return await self.run("workflow", *verb.split(), "--workflow-id", workflow_id, *words)

    async def send_update(self, workflow_id: str, name: str, *inputs: Any) -> Answer:
        return await self.workflow("update execute", workflow_id, "--name", name, *_as_options(inputs))

    async def update(self, workflow_id: str, name: str, **fields: Any) -> dict[str, Any]:
        """The answer of an update that is carried out."""
        answer: dict[str, Any] = (await self.send_update(workflow_id, name, fields)).as_json["result"]
        return answer

    async def refusal(self, workflow_id: str, name: str, *inputs: Any) -> str:
        """What the CLI says of an update that is refused."""
        answer = await self.send_update(workflow_id, name, *inputs)
        assert answer.exit_code == 1, answer.output
        return answer.errors

    async def signal(self, workflow_id: str, name: str, *inputs: Any) -> None:
        answer = await self.workflow("signal", workflow_id, "--name", name, *_as_options(inputs))
        assert answer.exit_code == 0, answer.errors

    async def query(self, workflow_id: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.workflow("query", workflow_id, "--type", name)).as_json
        result: dict[str, Any] = found["queryResult"][0]
        return result

    async def start(self, workflow_type: str, workflow_id: str, start: Any) -> None:
        answer = await self.workflow(
            *("start", workflow_id, "--type", workflow_type, "--task-queue", "carillon"),
            *_as_options([start]),
        )
        assert answer.exit_code == 0, answer.errors

    async def cancel(self, workflow_id: str) -> None:
        assert (await self.workflow("cancel", workflow_id)).exit_code == 0

    async def terminate(self, workflow_id: str, reason: str) -> None:
        assert (await self.workflow("terminate", workflow_id, "--reason", reason)).exit_code == 0

    async def status(self, workflow_id: str) -> str:
        """The execution's status in Temporal: `RUNNING`, `COMPLETED`, `CANCELED` and so on."""
        described = (await self.workflow("describe", workflow_id)).as_json
        return str(described["workflowExecutionInfo"]["status"]).removeprefix("WORKFLOW_EXECUTION_STATUS_")

    async def failure(self, workflow_id: str) -> dict[str, Any]:
        """The failure that a workflow ended with, once it has ended."""
        answer = await self.workflow("result", workflow_id)
        failure: dict[str, Any] = json.loads(answer.output)["closeEvent"][
            "workflowExecutionFailedEventAttributes"
        ]["failure"]
        return failure

    async def list_ids(self, query: str) -> set[str]:
        found = (await self.run("workflow", "list", "--query", query)).as_json
        return {row["execution"]["workflowId"] for row in found}

    async def schedule(self, verb: str, schedule_id: str, *words: str) -> Any:
        answer = await self.run("schedule", verb, "--schedule-id", schedule_id, *words)
        assert answer.exit_code == 0, answer.errors
        return json.loads(answer.output) if verb == "describe" else None

    async def activity_summaries(self, workflow_id: str) -> list[str]:
        history = (await self.workflow("show", workflow_id)).as_json
        return [
            json.loads(b64decode(event["userMetadata"]["summary"]["data"]))
            for event in history["events"]
            if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
        ]

    async def has_schedule(self, schedule_id: str) -> bool:
        return (await self.run("schedule", "describe", "--schedule-id", schedule_id)).exit_code == 0


def _as_options(inputs: Any) -> list[str]:
    return [word for value in inputs for word in ("--input", json.dumps(value))]
