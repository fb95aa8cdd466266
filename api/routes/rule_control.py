from datetime import UTC, datetime, timedelta

from fastapi import APIRouter

from api.dependencies import SessionDep
from api.errors import invalid
from api.rule_access import Supervised
from api.schemas.rule_control import ControlOut, PatchControl
from store.rule_control import control_of, lock_control, state_of
from store.tables import AutomationControl, Program

router = APIRouter(prefix="/v1/automation/control", tags=["rules"])

LONGEST_PAUSE = timedelta(days=3_653)


@router.get("")
async def get(session: SessionDep, supervision: Supervised) -> ControlOut:
    """Whether the rules of the program rest, since when and why."""
    return _shown(supervision.program, await control_of(session, supervision.program.id))


@router.patch("")
async def patch(session: SessionDep, supervision: Supervised, body: PatchControl) -> ControlOut:
    """Pause all rules of the program, or go on. Events that arrive meanwhile wait, in their order, and none is lost."""
    program, actor = supervision.program, supervision.caller.name
    if not body.model_fields_set:
        return _shown(program, await control_of(session, program.id))
    now = datetime.now(UTC)
    _refuse_contradictions(body, now)
    control = await lock_control(session, program.id, actor)
    _apply(body, control, now)
    control.updated_at = now
    control.updated_by = actor
    return _shown(program, control)


def _refuse_contradictions(body: PatchControl, now: datetime) -> None:
    until = body.paused_until
    if until is not None and not body.is_paused:
        raise invalid("paused_until", "given without is_paused", "is_paused true beside it")
    if until is not None and not now < until <= now + LONGEST_PAUSE:
        raise invalid("paused_until", "is out of range", "an instant from now on, within ten years")
    if body.pause_reason is not None and body.is_paused is False:
        raise invalid("pause_reason", "given while resuming", "is_paused true beside it")


def _apply(body: PatchControl, control: AutomationControl, now: datetime) -> None:
    """Raises a Refusal for a reason without a pause."""
    goes_on = state_of(control).holds(now)
    if body.is_paused is None and body.pause_reason is not None and not goes_on:
        raise invalid("pause_reason", "the rules are not paused", "is_paused true beside it")
    if body.is_paused is not None:
        control.is_paused = body.is_paused
        if not (body.is_paused and goes_on):
            # What was said of an earlier pause is not true of this one.
            control.pause_reason = control.paused_until = None
    if "pause_reason" in body.model_fields_set:
        control.pause_reason = body.pause_reason
    if "paused_until" in body.model_fields_set:
        control.paused_until = body.paused_until and body.paused_until.astimezone(UTC)


def _shown(program: Program, control: AutomationControl | None) -> ControlOut:
    if control is None:
        return ControlOut(
            is_paused=False,
            updated_at=program.created_at,
            pause_reason=None,
            paused_until=None,
            updated_by=None,
        )
    return ControlOut(
        is_paused=state_of(control).holds(datetime.now(UTC)),
        updated_at=control.updated_at,
        pause_reason=control.pause_reason,
        paused_until=control.paused_until,
        updated_by=control.updated_by,
    )
