"""`carillon replay` as an operator runs it."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.replay.corpus import FOLDER

COMMAND = str(Path(sys.prefix) / "bin" / "carillon")
ALL_REPLAYED, DIVERGED, CANNOT_READ = 0, 1, 2
NOWHERE = {
    "CARILLON_DATABASE_URL": "postgresql://u:p@127.0.0.1:9/db",
    "CARILLON_TEMPORAL_ADDRESS": "127.0.0.1:9",
}


async def replay(*arguments: str, env: dict[str, str] | None = None) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "replay",
        *arguments,
        env=dict(os.environ) | {"COLUMNS": "120"} | (env or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    return process.returncode, output.decode(), complaints.decode()


def counted(output: str) -> dict[str, tuple[int, int]]:
    """Replayed and diverged, by workflow type."""
    rows = [[cell.strip() for cell in line.strip("│ ").split("│")] for line in output.splitlines()]
    return {row[0]: (int(row[1]), int(row[2])) for row in rows if len(row) == 3}


async def test_replays_the_running_and_closed_workflows_of_a_live_namespace(
    carillon: Carillon, stack: Stack
) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()
    await carillon.trigger(automation["id"])
    await carillon.closed_run(automation["id"])
    query = f"CarillonProgram = '{carillon.program_id}'"

    async def all_are_listed() -> bool:
        _, output, _ = await replay("--query", query, env=stack.env)
        return counted(output).get("CohortWorkflow") == (2, 0)

    await eventually(all_are_listed)
    status, output, complaints = await replay("--query", query, env=stack.env)
    assert (status, complaints) == (ALL_REPLAYED, "")
    assert counted(output) == {
        "AutomationWorkflow": (1, 0),
        "RunWorkflow": (1, 0),
        "CohortWorkflow": (2, 0),
        "All": (4, 0),
    }
    status, output, _ = await replay("--limit", "2", env=stack.env)
    assert (status, counted(output)["All"]) == (ALL_REPLAYED, (2, 0))


async def test_says_which_history_diverges_and_why(tmp_path: Path) -> None:
    told_otherwise = (
        (FOLDER / "CohortWorkflow" / "happy_path.json").read_text().replace("process_cohort", "greet")
    )
    (tmp_path / "told_otherwise.json").write_text(told_otherwise)

    status, output, complaints = await replay(
        "--history", str(tmp_path), "--history", str(FOLDER / "UpkeepWorkflow" / "happy_path.json")
    )

    assert (status, complaints) == (DIVERGED, "")
    assert counted(output) == {"CohortWorkflow": (1, 1), "UpkeepWorkflow": (1, 0), "All": (2, 1)}
    started = json.loads(told_otherwise)["events"][0]["workflowExecutionStartedEventAttributes"]
    assert started["workflowId"] in output
    assert started["originalExecutionRunId"] in output
    assert "Nondeterminism error" in output
    assert "greet" in output


@pytest.mark.parametrize(
    ("arguments", "env", "complaint"),
    [
        (["--history", "pyproject.toml"], {}, "not the history of a workflow"),
        (["--history", "no-such-file.json"], {}, "No such file"),
        ([], NOWHERE, "Temporal cannot be read"),
        ([], NOWHERE | {"CARILLON_TEMPORAL_ADDRESS": "nonsense"}, "CARILLON_TEMPORAL_ADDRESS"),
        (["--history", "pyproject.toml", "--limit", "1"], {}, "cannot be used with"),
    ],
    ids=["no history", "no file", "no server", "wrong setting", "file and query"],
)
async def test_says_in_words_why_nothing_can_be_read(
    arguments: list[str], env: dict[str, str], complaint: str
) -> None:
    status, output, complaints = await replay(*arguments, env=env)
    assert (status, output) == (CANNOT_READ, "")
    assert complaint in complaints
    assert "Traceback" not in complaints


async def test_refuses_a_query_that_temporal_does_not_understand(stack: Stack) -> None:
    status, _, complaints = await replay("--query", "Colour = 'blue'", env=stack.env)
    assert status == CANNOT_READ
    assert "Colour" in complaints
