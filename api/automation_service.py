"""What the automation routes do: stage, ask the workflow, read back."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.automation_gateway import AutomationGateway, Target
from api.documents import refuse_beyond_limits
from api.errors import ErrorDetails, Refusal, TextPosition, invalid, not_found
from api.schemas.automation import AutomationOut, CreateAutomation, PatchAutomation
from domain.actions import EnrollJourney
from domain.amending import amend
from domain.automation import AutomationStatus, Definition, Scope, TriggerType
from domain.contract import NOT_REFRESHABLE_MESSAGE, NOT_TRIGGERABLE_MESSAGE, AutomationSnapshot
from domain.definition_rules import DefinitionError, check_definition
from domain.expressions import AttributeType
from domain.message_template_rules import fault_of_use, template_use
from domain.outcomes import RunCounts
from domain.program_settings import attribute_types
from store.automations import definition_of, get_automation, name_is_taken
from store.database import Database
from store.journeys import known_journeys
from store.message_templates import channels_of_templates
from store.participants import get_participant
from store.programs import get_program
from store.runs import counts_of_runs
from store.tables import Automation, AutomationChange

SERVER_ERRORS = 500


class AutomationService:
    """One per request. Definitions are staged in the database, so their texts never enter a history.

    With a `request_id`, which the attempts at one request share, an attempt whose answer was lost and the
    next one make the same automation, or the same trigger of it.
    """

    def __init__(
        self,
        database: Database,
        gateway: AutomationGateway,
        program_id: UUID,
        actor: str,
        request_id: UUID | None = None,
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._program_id = program_id
        self._actor = actor
        self._request_id = request_id

    async def create(self, request: CreateAutomation) -> AutomationOut:
        definition = define(request)
        automation_id = self._request_id or uuid4()
        async with self._database.transaction() as session:
            check(definition, await self._attribute_types(session))
            await refuse_unknown_references(session, self._program_id, definition)
            if await name_is_taken(session, self._program_id, definition.name, besides=automation_id):
                raise _name_taken()
            if definition.participant_id is not None and not await get_participant(
                session, self._program_id, definition.participant_id
            ):
                raise invalid("participant_id", "no such participant in this program")
            change = self._stage(session, automation_id, "create", definition.model_dump(mode="json"))
        try:
            await self._gateway.create(Target(automation_id, self._program_id, definition.name), change.id)
        except Refusal as refusal:
            # An attempt without an answer may still succeed, and the next one counts on it.
            if self._request_id is None or refusal.status < SERVER_ERRORS:
                await self._discard(change.id)
            raise
        return await self.read(automation_id)

    async def read(self, automation_id: UUID) -> AutomationOut:
        async with self._database.transaction() as session:
            return await show(session, await self._get(session, automation_id))

    async def amend(self, automation_id: UUID, request: PatchAutomation) -> AutomationOut:
        refuse_beyond_limits(payload=request.payload, filter_hints=request.filter_hints)
        patch = request.model_dump(mode="json", exclude_unset=True)
        async with self._database.transaction() as session:
            automation = await self._get(session, automation_id)
            self._refuse_archived(automation)
            try:
                status = AutomationStatus(automation.status)
                amended = amend(
                    definition_of(automation), status, patch, await self._attribute_types(session)
                )
            except DefinitionError as error:
                raise _invalid(error) from None
            await refuse_unknown_references(session, self._program_id, amended.definition)
            if await name_is_taken(session, self._program_id, amended.definition.name, besides=automation_id):
                raise _name_taken()
            change = self._stage(session, automation_id, "amend", patch)
        try:
            await self._gateway.amend(_target(automation), change.id, self._actor)
        except Refusal:
            await self._discard(change.id)
            raise
        return await self.read(automation_id)

    async def trigger(self, automation_id: UUID) -> AutomationOut:
        async with self._database.transaction() as session:
            automation = await self._get(session, automation_id)
            if automation.status != AutomationStatus.ACTIVE.value:
                raise Refusal(400, NOT_TRIGGERABLE_MESSAGE)
        snapshot = await self._gateway.trigger(_target(automation), self._actor, self._request_id)
        return await self._read_as_of(snapshot)

    async def cancel_execution(self, automation_id: UUID) -> AutomationOut:
        async with self._database.transaction() as session:
            automation = await self._get(session, automation_id)
            self._refuse_archived(automation)
        await self._gateway.cancel_execution(_target(automation), self._actor)
        return await self.read(automation_id)

    async def refresh_subscriptions(self, automation_id: UUID) -> None:
        async with self._database.transaction() as session:
            automation = await self._get(session, automation_id)
            if (
                automation.status != AutomationStatus.ACTIVE.value
                or automation.trigger_type != TriggerType.PARTICIPANT_STATE.value
            ):
                raise Refusal(400, NOT_REFRESHABLE_MESSAGE)
        await self._gateway.refresh_subscriptions(_target(automation), self._actor)

    async def archive(self, automation_id: UUID) -> None:
        async with self._database.transaction() as session:
            automation = await self._get(session, automation_id)
            if automation.status == AutomationStatus.ARCHIVED.value:
                return
        await self._gateway.archive(_target(automation), self._actor)

    async def _read_as_of(self, snapshot: AutomationSnapshot) -> AutomationOut:
        """The record, with the next fire as the workflow answered it: it may have fired since."""
        shown = await self.read(snapshot.automation_id)
        return shown.model_copy(update={"next_run_at": snapshot.next_run_at})

    async def _attribute_types(self, session: AsyncSession) -> Mapping[str, AttributeType]:
        program = await get_program(session, self._program_id)
        return attribute_types(program.settings) if program is not None else {}

    async def _get(self, session: AsyncSession, automation_id: UUID) -> Automation:
        automation = await get_automation(session, self._program_id, automation_id)
        if automation is None:
            raise not_found("Automation")
        return automation

    @staticmethod
    def _refuse_archived(automation: Automation) -> None:
        if automation.status == AutomationStatus.ARCHIVED.value:
            raise Refusal(400, "The automation is archived, which is final")

    def _stage(
        self, session: AsyncSession, automation_id: UUID, kind: str, body: dict[str, Any]
    ) -> AutomationChange:
        change = AutomationChange(
            id=uuid4(),
            automation_id=automation_id,
            program_id=self._program_id,
            kind=kind,
            body=body,
            actor=self._actor,
        )
        session.add(change)
        return change

    async def _discard(self, change_id: UUID) -> None:
        async with self._database.transaction() as session:
            change = await session.get(AutomationChange, change_id, with_for_update=True)
            if change is not None and change.applied_at is None:
                await session.delete(change)


def _target(automation: Automation) -> Target:
    return Target(automation.id, automation.program_id, automation.name)


def define(request: CreateAutomation) -> Definition:
    """The request's nested trigger, flattened as it is stored."""
    sent = request.model_dump(exclude={"trigger"}, exclude_none=True)
    trigger: BaseModel = request.trigger
    timing = trigger.model_dump(exclude={"type"})
    return Definition(**sent, trigger_type=request.trigger.type, **timing)


def check(definition: Definition, attribute_types: Mapping[str, AttributeType]) -> None:
    try:
        check_definition(definition, attribute_types)
    except DefinitionError as error:
        raise _invalid(error) from None


async def refuse_unknown_references(session: AsyncSession, program_id: UUID, definition: Definition) -> None:
    """Raises a Refusal when the action's journey or template is not the program's, or that is for another channel."""
    action = definition.action
    if isinstance(action, EnrollJourney) and not await known_journeys(
        session, program_id, [action.journey_id]
    ):
        raise _invalid(DefinitionError("action.journey_id", "no such journey in this program"))
    use = template_use(definition.action)
    if use is not None:
        channels = await channels_of_templates(session, program_id, {use[0]})
        fault = fault_of_use("action.template_id", *use, channels)
        if fault is not None:
            raise _invalid(fault)


async def show(session: AsyncSession, automation: Automation) -> AutomationOut:
    """The record as the seed's response; execution fields only for participants scope."""
    return (await show_all(session, [automation]))[0]


async def show_all(session: AsyncSession, automations: Sequence[Automation]) -> list[AutomationOut]:
    """Each as `show` answers it, in as many statements as it takes for one."""
    fan_outs = (one for one in automations if one.scope == Scope.PARTICIPANTS.value)
    run_ids = [one.current_run_id for one in fan_outs if one.current_run_id is not None]
    counts = await counts_of_runs(session, run_ids)
    return [_shown(one, counts) for one in automations]


def _shown(automation: Automation, counts_by_run: Mapping[UUID, RunCounts]) -> AutomationOut:
    shown = AutomationOut.model_validate(automation)
    if shown.trigger_type is not TriggerType.CRON:
        shown = shown.model_copy(update={"last_run_at": None})
    if shown.schedule_paused:
        shown = shown.model_copy(update={"next_run_at": None})
    if automation.scope != Scope.PARTICIPANTS.value:
        return shown.model_copy(update={"execution_status": None})
    if automation.current_run_id is None:
        return shown.model_copy(update={"participants_total": 0, "participants_processed": 0})
    counts = counts_by_run.get(automation.current_run_id)
    if counts is None:
        return shown
    return shown.model_copy(
        update={"participants_total": counts.total, "participants_processed": counts.processed}
    )


def _invalid(error: DefinitionError) -> Refusal:
    details = ErrorDetails(
        field=error.field,
        reason=error.reason,
        expected=error.expected,
        suggestion=error.suggestion,
        position=TextPosition.model_validate(error.position) if error.position else None,
    )
    return Refusal(400, str(error), details)


def _name_taken() -> Refusal:
    details = ErrorDetails(field="name", reason="taken", expected="unique in the program")
    return Refusal(409, "An automation with this name exists in the program", details)
