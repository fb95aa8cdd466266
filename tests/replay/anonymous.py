"""Histories without a trace of the machine that they were recorded on."""

import base64
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

WORKER = "worker"
STICKY_QUEUE = "sticky"
MACHINE_SPECIFIC = frozenset({"stackTrace"})


def anonymous(history: WorkflowHistory) -> dict[str, Any]:
    """The history as JSON, with identities renamed and stack traces left out: replay reads neither."""
    document: dict[str, Any] = _without_machine(history.to_json_dict())
    return document


def _without_machine(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_machine(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_machine(item) for key, item in value.items() if key not in MACHINE_SPECIFIC}
    if "identity" in kept:
        kept["identity"] = WORKER
    if kept.get("kind") == "TASK_QUEUE_KIND_STICKY":
        kept["name"] = STICKY_QUEUE
    return kept


def texts(value: Any) -> Iterator[str]:
    """Every string of a history, keys too; payloads as what they say once decoded."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from [_decoded(item)] if key == "data" and isinstance(item, str) else texts(item)


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode(errors="replace")


def names_of_this_machine(document: Any) -> list[str]:
    """What the document says that would tell this machine from another."""
    names = (socket.gethostname(), str(Path(__file__).parents[2]), sys.prefix, str(Path.home()))
    everything = "\n".join(texts(document))
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", everything)]
