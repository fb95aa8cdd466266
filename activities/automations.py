"""Transitions of an automation's record. Each is one transaction, and safe to repeat."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.clock_record import leave_clock
from activities.resources import Resources
from domain.activity_contract import ActivityName, AmendAutomation, ChangeStatus, OpenAutomation
from domain.amending import STATUSES_A_CLIENT_MAY_SET, amend, status_after
from domain.automation import AutomationStatus, Definition, TriggerType
from domain.contract import AutomationSnapshot, ErrorType, automation_workflow_id
from domain.definition_rules import DefinitionError
from domain.firing import Refusal, next_fire
from domain.refusals import archived, no_such_automation
from domain.webhooks import WebhookType
from store.automations import define, definition_of, get_change, lock_automation, snapshot_of
from store.deferred_messages import withdraw_of_automation
from store.tables import Automation, AutomationChange
from store.webhook_announcing import announce_amendment, announce_automation, announce_status


class AutomationActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database

    @activity.defn(name=ActivityName.OPEN_AUTOMATION)
    async def open_automation(self, request: OpenAutomation) -> AutomationSnapshot:
        """Create the automation from its staged definition, or adopt the one on record.

        Raises ApplicationError `name_taken`, `not_found`, or `invalid` for a workflow under another id than
        the automation's own, which would be a second writer. Nothing is written then.
        """
        if activity.info().workflow_id != automation_workflow_id(request.automation_id):
            raise ApplicationError(
                f"the workflow of this automation has the id {automation_workflow_id(request.automation_id)}",
                type=ErrorType.INVALID,
                non_retryable=True,
            )
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is None:
                automation = await self._create(session, request)
            return await snapshot_of(session, automation)

    async def _create(self, session: AsyncSession, request: OpenAutomation) -> Automation:
        change = await get_change(session, request.change_id) if request.change_id else None
        if change is None or change.automation_id != request.automation_id:
            raise no_such_automation(request.automation_id)
        definition = Definition.model_validate(change.body)
        automation = Automation(
            id=request.automation_id,
            program_id=change.program_id,
            name=definition.name,
            event_name=definition.event_name,
            trigger_type=definition.trigger_type.value,
            scope=definition.scope.value,
            causation_id=change.causation_id,
            rule_chain=change.rule_chain,
        )
        define(automation, definition)
        _refresh_clock(automation, request.now)
        change.applied_at = request.now
        session.add(automation)
        await _flush_or_refuse(session)
        await announce_automation(session, automation, WebhookType.AUTOMATION_CREATED)
        return automation

    @activity.defn(name=ActivityName.AMEND_AUTOMATION)
    async def amend_automation(self, request: AmendAutomation) -> AutomationSnapshot:
        """Apply a staged patch once. Raises ApplicationError `invalid`, `archived`, `name_taken` or `not_found`."""
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            change = await get_change(session, request.change_id)
            if automation is None or change is None or change.automation_id != automation.id:
                raise no_such_automation(request.automation_id)
            if change.applied_at is None:
                before = automation.status
                await self._apply(session, automation, change, request.now)
                await _flush_or_refuse(session)
                await announce_amendment(session, automation, change.body, before)
            return await snapshot_of(session, automation)

    @staticmethod
    async def _apply(
        session: AsyncSession, automation: Automation, change: AutomationChange, now: datetime
    ) -> None:
        if automation.status == AutomationStatus.ARCHIVED.value:
            raise archived()
        try:
            amended = amend(definition_of(automation), AutomationStatus(automation.status), change.body)
        except DefinitionError as error:
            # The reason may quote the client's own text, and an error travels into the history.
            raise ApplicationError(
                "no longer fits the automation, which has changed since",
                error.field,
                type=ErrorType.INVALID,
                non_retryable=True,
            ) from None
        if amended.retimed or amended.status_changed:
            await leave_clock(
                session, automation, now, Refusal.RETIMED if amended.retimed else Refusal.PAUSED
            )
        define(automation, amended.definition)
        _move_to(automation, amended.status, now)
        if amended.watches_otherwise:
            automation.refresh_requested_at = now
        if amended.retimed and amended.status is not AutomationStatus.COMPLETED:
            automation.processed_at = None
        if amended.retimed or amended.status_changed:
            _refresh_clock(automation, now)
        automation.updated_at = now
        change.applied_at = now

    @activity.defn(name=ActivityName.CHANGE_STATUS)
    async def change_status(self, request: ChangeStatus) -> AutomationSnapshot:
        """Pause, resume, archive or fail an automation. Raises ApplicationError `archived` or `not_found`."""
        async with self._database.transaction() as session:
            automation = await lock_automation(session, request.automation_id)
            if automation is None:
                raise no_such_automation(request.automation_id)
            if automation.status != request.status.value:
                if automation.status == AutomationStatus.ARCHIVED.value:
                    raise archived()
                if request.status in STATUSES_A_CLIENT_MAY_SET:
                    _refuse_ended(automation, request.status)
                paused = request.status is AutomationStatus.PAUSED
                await leave_clock(
                    session, automation, request.now, Refusal.PAUSED if paused else Refusal.NOT_ACTIVE
                )
                _move_to(automation, request.status, request.now)
                if request.error is not None:
                    _record_error(automation, request.error)
                _refresh_clock(automation, request.now)
                automation.updated_at = request.now
                if request.status is AutomationStatus.ARCHIVED:
                    await withdraw_of_automation(session, automation.id, "The automation was archived")
                await announce_status(session, automation)
            return await snapshot_of(session, automation)


def _refuse_ended(automation: Automation, target: AutomationStatus) -> None:
    try:
        status_after(AutomationStatus(automation.status), target)
    except DefinitionError as error:
        raise ApplicationError(
            error.reason, error.field, type=ErrorType.INVALID, non_retryable=True
        ) from None


def _move_to(automation: Automation, status: AutomationStatus, now: datetime) -> None:
    if automation.status == AutomationStatus.FAILED.value and status is AutomationStatus.ACTIVE:
        automation.last_error = automation.error_message = None
        automation.consecutive_failures = 0
    if (
        automation.trigger_type == TriggerType.PARTICIPANT_STATE.value
        and automation.status != status.value
        and status is AutomationStatus.ACTIVE
    ):
        automation.refresh_requested_at = now
    automation.status = status.value


def _record_error(automation: Automation, error: str) -> None:
    if automation.trigger_type == TriggerType.CRON.value:
        automation.last_error = error
    elif automation.trigger_type == TriggerType.ONE_TIME.value:
        automation.error_message = error
    else:
        automation.execution_error = error


def _refresh_clock(automation: Automation, now: datetime) -> None:
    fire = next_fire(
        definition_of(automation),
        AutomationStatus(automation.status),
        automation.processed_at is not None,
        now,
    )
    automation.next_run_at = fire if automation.trigger_type == TriggerType.CRON.value else None


async def _flush_or_refuse(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError:
        raise ApplicationError(
            "an automation with this name exists in the program",
            type=ErrorType.NAME_TAKEN,
            non_retryable=True,
        ) from None
