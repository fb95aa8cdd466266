import json
from pathlib import Path

import httpx
from temporalio.client import Client, WorkflowExecutionStatus

from cli.stack import Part, Stack, StackOptions
from cli.stack.data_dir import DataDir
from cli.stack.temporal_server import DYNAMIC_CONFIG, TemporalPorts, TemporalServer


def test_the_whole_dynamic_configuration_is_passed(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path)
    argv = TemporalServer(data_dir, "default", TemporalPorts(1, 2, 3, 4)).command().argv
    data_dir.release()
    values = [argv[place + 1] for place, word in enumerate(argv) if word == "--dynamic-config-value"]
    assert {key: json.loads(value) for key, _, value in (entry.partition("=") for entry in values)} == (
        DYNAMIC_CONFIG
    )


async def test_workflows_survive_a_kill_of_the_server(tmp_path: Path) -> None:
    options = StackOptions(data_dir=tmp_path, parts={Part.TEMPORAL}, temporal_namespace="loyalty")
    async with Stack(options) as stack:
        client = await Client.connect(stack.addresses.temporal_address, namespace="loyalty")
        await client.start_workflow("waits", id="kept", task_queue="nobody-listens")
        await stack.kill("temporal")
        await stack.start("temporal")
        client = await Client.connect(stack.addresses.temporal_address, namespace="loyalty")
        description = await client.get_workflow_handle("kept").describe()
        assert description.status is WorkflowExecutionStatus.RUNNING
        assert httpx.get(stack.addresses.ui_url, follow_redirects=True).status_code == 200
