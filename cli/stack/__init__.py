"""The whole of Carillon on one machine: PostgreSQL, Temporal, a mail sink, the API and workers."""

from cli.stack.data_dir import DataDirError
from cli.stack.options import ALL_PARTS, INFRASTRUCTURE, Addresses, Part, StackOptions
from cli.stack.ports import PortsUnavailableError
from cli.stack.process import PartFailedError
from cli.stack.supervisor import Stack

__all__ = [
    "ALL_PARTS",
    "INFRASTRUCTURE",
    "Addresses",
    "DataDirError",
    "Part",
    "PartFailedError",
    "PortsUnavailableError",
    "Stack",
    "StackOptions",
]
