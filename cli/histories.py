"""Recorded histories: read from a file or a namespace, and replayed through the workflow code at hand."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from domain.contract import WorkflowType
from workflows.registry import WORKFLOWS
from workflows.sandbox import sandboxed_runner

_MESSAGE = re.compile(r'message: "(?P<text>(?:[^"\\]|\\.)+)"')


class UnreadableHistoryError(Exception):
    """A file does not hold a history."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """A history that the workflow code no longer reproduces."""

    workflow_type: str
    workflow_id: str
    run_id: str
    reason: str


@dataclass(frozen=True)
class LiveHistory(WorkflowHistory):
    """A history with the run id that the server lists it under; after a reset the history names another."""

    listed_run_id: str

    @property
    def run_id(self) -> str:
        return self.listed_run_id


@dataclass
class ReplayReport:
    replayed: Counter[str] = field(default_factory=Counter)
    divergences: list[Divergence] = field(default_factory=list)

    @property
    def diverged(self) -> Counter[str]:
        return Counter(divergence.workflow_type for divergence in self.divergences)


def build_replayer(workflows: Sequence[type] = WORKFLOWS) -> Replayer:
    """A replayer that decodes payloads and sandboxes workflows as the worker does."""
    return Replayer(
        workflows=workflows, data_converter=pydantic_data_converter, workflow_runner=sandboxed_runner()
    )


async def replay_histories(
    histories: AsyncIterator[WorkflowHistory], on_progress: Callable[[ReplayReport], None]
) -> ReplayReport:
    """Replay one history after another; a divergence does not end it."""
    report = ReplayReport()
    async with build_replayer().workflow_replay_iterator(histories) as results:
        async for result in results:
            history, failure = result.history, result.replay_failure
            workflow_type = start_of(history).workflow_type.name
            report.replayed[workflow_type] += 1
            if failure is not None:
                report.divergences.append(
                    Divergence(workflow_type, history.workflow_id, history.run_id, _reason(failure))
                )
            on_progress(report)
    return report


def _reason(failure: Exception) -> str:
    """What an engineer needs of a replay failure: the core prints whole structures around it."""
    message = _MESSAGE.search(str(failure))
    return message["text"].replace('\\"', '"') if message else str(failure)


def read_history(file: Path) -> WorkflowHistory:
    """A history as `temporal workflow show --output json` writes it. Raises UnreadableHistoryError."""
    try:
        history = WorkflowHistory.from_json(file.stem, file.read_text(encoding="utf-8"))
        return WorkflowHistory(start_of(history).workflow_id or file.stem, history.events)
    except OSError as error:
        raise UnreadableHistoryError(f"{file}: {error.strerror}") from None
    except Exception as error:
        raise UnreadableHistoryError(f"{file}: not the history of a workflow ({error})") from None


def files_under(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and those named *.json in folders. Raises UnreadableHistoryError for none."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UnreadableHistoryError(f"no history in {', '.join(map(str, paths))}")
    return files


async def read_histories(files: Sequence[Path]) -> AsyncIterator[WorkflowHistory]:
    for file in files:
        yield read_history(file)


def query_of(narrowed: str | None) -> str:
    """The visibility query for every workflow of Carillon, or for those that `narrowed` keeps."""
    types = ", ".join(f"'{workflow_type.value}'" for workflow_type in WorkflowType)
    ours = f"WorkflowType IN ({types})"
    return f"({narrowed}) AND {ours}" if narrowed else ours


async def fetch_histories(client: Client, query: str, limit: int | None) -> AsyncIterator[LiveHistory]:
    """Histories of a live namespace, running and closed ones; at most `limit`."""
    async for execution in client.list_workflows(query, limit=limit):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            history = await handle.fetch_history()
        except RPCError as error:
            # Listed a moment ago, and past its retention since.
            if error.status is RPCStatusCode.NOT_FOUND:
                continue
            raise
        yield LiveHistory(history.workflow_id, history.events, execution.run_id)


def start_of(history: WorkflowHistory) -> WorkflowExecutionStartedEventAttributes:
    """Raises ValueError for events that do not begin with the start of a workflow."""
    if not history.events or not history.events[0].HasField("workflow_execution_started_event_attributes"):
        raise ValueError("its first event does not start a workflow")
    return history.events[0].workflow_execution_started_event_attributes
