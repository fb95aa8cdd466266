"""Requests to try in a shell while the demo runs."""

from dataclasses import dataclass
from uuid import UUID

from cli.stack import Addresses


@dataclass(frozen=True)
class CurlLine:
    """A command for the shell and what it does."""

    purpose: str
    command: str


def curl_lines(
    addresses: Addresses, program_id: UUID, reminder_id: UUID, digest_id: UUID
) -> tuple[CurlLine, ...]:
    """Each line works by itself, in any order."""
    automations = f"{addresses.api_url}/v1/programs/{program_id}/automations"
    key = f"-H 'X-API-Key: {addresses.admin_key}'"
    paused = "-H 'Content-Type: application/json' -d '{\"status\": \"paused\"}'"
    return (
        CurlLine("Trigger the fan-out again", f"curl -sS -X POST {automations}/{reminder_id}/trigger {key}"),
        CurlLine("List its runs with their counts", f"curl -sS {automations}/{reminder_id}/runs {key}"),
        CurlLine("Pause the cron automation", f"curl -sS -X PATCH {automations}/{digest_id} {key} {paused}"),
    )
