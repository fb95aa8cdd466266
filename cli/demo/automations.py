"""The two automations of the demo: a cron one and a fan-out."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.schemas.automation import AutomationOut
from api.schemas.run import RunOut
from cli.demo.api_client import ApiClient, DemoError, RefusedError
from cli.demo.sample_program import Advance
from domain.automation import IN_PROGRESS, AutomationStatus

_POLL_SECONDS = 0.15
_STALLED_AFTER_SECONDS = 120.0
_TRIGGER_ATTEMPTS = 3
_BAD_REQUEST = 400

DIGEST: dict[str, Any] = {
    "name": "Monday digest",
    "description": "One event for the whole program, every Monday morning.",
    "event_name": "weekly_digest",
    "scope": "program",
    "trigger": {"type": "cron", "cron_expression": "0 9 * * 1", "timezone": "Europe/Madrid"},
}

_GREETING = (
    "{% assign language = participant.locale | slice: 0, 2 %}{% case language %}"
    "{% when 'es' %}Hola{% when 'fr' %}Bonjour{% when 'de' %}Guten Tag{% when 'pt' %}Olá{% when 'it' %}Ciao"
    "{% when 'ja' %}こんにちは{% when 'zh' %}你好{% when 'ko' %}안녕하세요{% when 'hi' %}नमस्ते{% when 'ar' %}مرحبا"
    "{% when 'tr' %}Merhaba{% when 'uk' %}Вітаємо{% when 'el' %}Γεια σας{% when 'sv' %}Hej{% else %}Hello"
    "{% endcase %} {{ participant.first_name | default: 'friend' }}"
)

REMINDER: dict[str, Any] = {
    "name": "Points reminder",
    "description": "A mail to every customer who has points to spend, on the first of the month.",
    "event_name": "points_reminder",
    "scope": "participants",
    "trigger": {"type": "cron", "cron_expression": "0 10 1 * *", "timezone": "Europe/Madrid"},
    "participant_filter": 'get(participant.counters, "orders", 0.0) >= 1.0',
    "guard_condition": 'participant.counters.points >= 100 && !("staff" in participant.tags)',
    "payload": {"reward": "a coffee on us"},
    "action": {
        "type": "send_message",
        "channel": "email",
        "subject": f"{_GREETING}, you have {{{{ participant.counters.points | round }}}} points",
        "body": (
            f"{_GREETING},\n\n"
            "your {{ participant.counters.points | round }} points are worth {{ payload.reward }}.\n"
            "You are a {{ participant.tiers.loyalty | default: 'new' }} member"
            "{% if participant.attributes.city %} in {{ participant.attributes.city }}{% endif %}.\n"
        ),
    },
}


@dataclass(frozen=True)
class Ensured:
    """An automation, and whether an earlier start had created it."""

    automation: AutomationOut
    was_kept: bool


class Automations:
    """The automations of one program."""

    def __init__(self, api: ApiClient, program_id: UUID) -> None:
        self._api = api
        self._path = f"/v1/programs/{program_id}/automations"

    async def ensure(self, body: dict[str, Any]) -> Ensured:
        """The automation that has the name in `body`, created when there is none."""
        found = await self._api.send("GET", self._path, params={"search": body["name"], "limit": "100"})
        for automation in found["data"]:
            if automation["name"] == body["name"]:
                return Ensured(AutomationOut.model_validate(automation), was_kept=True)
        created = await self._api.send("POST", self._path, json=body)
        return Ensured(AutomationOut.model_validate(created), was_kept=False)

    async def get(self, automation_id: UUID) -> AutomationOut:
        return AutomationOut.model_validate(await self._api.send("GET", f"{self._path}/{automation_id}"))

    async def resume(self, automation_id: UUID) -> None:
        await self._api.send(
            "PATCH", f"{self._path}/{automation_id}", json={"status": AutomationStatus.ACTIVE}
        )

    async def run_now(self, automation_id: UUID, advance: Advance) -> RunOut:
        """Trigger the fan-out and follow it to its end."""
        run_id = await self._trigger(automation_id)
        await self.follow(automation_id, advance)
        return RunOut.model_validate(
            await self._api.send("GET", f"{self._path}/{automation_id}/runs/{run_id}")
        )

    async def follow(self, automation_id: UUID, advance: Advance) -> None:
        """Tell `advance` of the current run's progress until the run has ended."""
        seen = -1
        deadline = 0.0
        while True:
            automation = await self.get(automation_id)
            processed = automation.participants_processed or 0
            advance(processed, automation.participants_total or 0)
            if automation.execution_status not in IN_PROGRESS:
                return
            if processed != seen:
                seen, deadline = processed, time.monotonic() + _STALLED_AFTER_SECONDS
            elif time.monotonic() > deadline:
                raise DemoError(
                    f"{automation.name}: no participant was processed in {_STALLED_AFTER_SECONDS:.0f} s"
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _trigger(self, automation_id: UUID) -> UUID:
        """Answers the run. One that fell due at this very moment is let end first."""
        for attempt in range(1, _TRIGGER_ATTEMPTS + 1):
            try:
                answer = await self._api.send("POST", f"{self._path}/{automation_id}/trigger")
            except RefusedError as refusal:
                if refusal.status != _BAD_REQUEST or attempt == _TRIGGER_ATTEMPTS:
                    raise
                await self.follow(automation_id, lambda done, total: None)
            else:
                return UUID(answer["current_run_id"])
        raise AssertionError("unreachable")
