import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.errors import invalid
from api.rule_drafts import RuleDraft, checked_expression
from api.rule_service import RuleServiceDep
from api.schemas.rule import RuleOut
from api.schemas.rule_settings import (
    ActiveWindow,
    EffectiveStateOut,
    PatchAlertSettings,
    PatchRollout,
    PatchSchedule,
    RuleSnoozed,
    SchedulePreview,
    SnoozeRule,
)
from domain.definition_rules import END_OF_TIME, FIRST_INSTANT
from domain.instants import Instant
from domain.rules.active_intervals import active_intervals
from domain.rules.alert_presets import ALERT_PRESETS
from domain.rules.alerting import AlertSettings
from domain.rules.effective_state import effective_state
from domain.rules.schedule_settings import ScheduleSettings
from store.compiled_rules import schedule_of
from store.rule_control import control_of, state_of
from store.tables import AutomationRule

router = APIRouter(prefix="/v1/automation/rules/{rule_id}", tags=["rules"])

LONGEST_SNOOZE = timedelta(days=3_653)
LONGEST_PREVIEW_HOURS = 8_784
WEEK_HOURS = 168
ALWAYS = ScheduleSettings()


@router.post("/snooze")
async def snooze(service: RuleServiceDep, rule_id: UUID, body: SnoozeRule) -> RuleSnoozed:
    """Keep the rule from acting until an instant, at most ten years from now. Null, or one that has passed, ends the
    snooze."""
    now = datetime.now(UTC)
    until = body.snoozed_until
    if until is not None and until > now + LONGEST_SNOOZE:
        raise invalid("snoozed_until", "is out of range", "an instant within ten years")
    until = until.astimezone(UTC) if until is not None and until > now else None
    rule = service.change(await service.lock(rule_id), {"snoozed_until": until})
    message = "Rule no longer snoozed" if until is None else "Rule snoozed"
    return RuleSnoozed(message=message, id=rule.id, snoozed_until=rule.snoozed_until)


@router.get("/effective-state")
async def get_effective_state(service: RuleServiceDep, rule_id: UUID) -> EffectiveStateOut:
    """Whether the rule could act now, considering `is_active`, snooze, pause and schedule; why not, and when next."""
    rule = await service.read(rule_id)
    pause = state_of(await control_of(service.session, service.program.id))
    state = effective_state(
        rule.id, rule.is_active, rule.snoozed_until, pause, schedule_of(rule), datetime.now(UTC)
    )
    return EffectiveStateOut.model_validate(state)


@router.patch("/alert-settings")
async def patch_alert_settings(service: RuleServiceDep, rule_id: UUID, body: PatchAlertSettings) -> RuleOut:
    """Set when failures of the rule are told, by the name of a preset or one by one."""
    if body.preset is not None and body.alert_settings is not None:
        raise invalid("alert_settings", "given beside preset", "one of the two")
    rule = await service.lock(rule_id)
    settings = _of_preset(rule, body) or body.alert_settings
    if settings is None:
        raise invalid("preset", "required", "preset or alert_settings")
    await checked_expression(service.session, service.program, RuleDraft(alert_settings=settings))
    return RuleOut.model_validate(service.change(rule, {"alert_settings": settings.model_dump(mode="json")}))


@router.patch("/schedule")
async def patch_schedule(service: RuleServiceDep, rule_id: UUID, body: PatchSchedule) -> RuleOut:
    """Set when the rule is active; null: all the time."""
    rule = await service.lock(rule_id)
    return RuleOut.model_validate(service.change(rule, body.model_dump(mode="json")))


@router.patch("/rollout")
async def patch_rollout(service: RuleServiceDep, rule_id: UUID, body: PatchRollout) -> RuleOut:
    """Set for how many of a hundred subjects the rule acts. Raised, it goes on acting for those it acted for."""
    rule = await service.lock(rule_id)
    return RuleOut.model_validate(service.change(rule, body.model_dump()))


@router.get("/schedule/preview")
async def preview_schedule(
    service: RuleServiceDep,
    rule_id: UUID,
    hours: Annotated[int, Query(ge=1, le=LONGEST_PREVIEW_HOURS)] = WEEK_HOURS,
    start_at: Annotated[Instant | None, Query(description="From when on; now when absent")] = None,
) -> SchedulePreview:
    """When the rule will be active by its schedule. Snooze, pause and `is_active` make no difference."""
    start = datetime.now(UTC) if start_at is None else start_at
    if not FIRST_INSTANT <= start < END_OF_TIME:
        years = f"{FIRST_INSTANT.year} to {END_OF_TIME.year - 1}"
        raise invalid("start_at", "is out of range", f"an instant in the years {years}")
    schedule = schedule_of(await service.read(rule_id)) or ALWAYS
    end = start + timedelta(hours=hours)
    intervals = await asyncio.to_thread(lambda: list(active_intervals(schedule, start, end)))
    windows = [ActiveWindow(start_at=one.start, end_at=one.end) for one in intervals]
    return SchedulePreview(rule_id=rule_id, timezone=schedule.timezone, windows=windows)


def _of_preset(rule: AutomationRule, body: PatchAlertSettings) -> AlertSettings | None:
    if body.preset is None:
        return None
    current = AlertSettings.model_validate(rule.alert_settings or {})
    return ALERT_PRESETS[body.preset].model_copy(update={"channels": current.channels})
