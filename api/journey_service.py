"""What the journey routes do: make journeys, find them again, change and remove them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import SessionDep
from api.errors import Fault, not_found
from api.journey_access import Reading, Writing
from api.journey_drafts import conflict, refuse_beyond_size, refuse_faults, surroundings_of
from api.known_parameters import UnknownParameters
from api.schemas.journey import CreateJourney, PatchJourney, PutBlocks
from domain.destinations import DestinationRules
from domain.journeys.blocks import Block
from domain.journeys.definition import JourneyDefinition
from domain.journeys.normalising import blocks_by_id, ids_of_new, stored_blocks, stored_journey
from domain.journeys.patching import patched
from domain.journeys.validation import (
    BlockIds,
    JourneyFault,
    Surroundings,
    WrittenBlocks,
    block_faults,
    journey_faults,
)
from domain.journeys.validation.reading import document
from store.journeys import (
    create_journey,
    definition_of,
    delete_journey,
    get_journey,
    lock_journey,
    new_hex_id,
    redefine_journey,
)
from store.tables import Journey, Program

ENABLED = "An enabled automation cannot be changed; disable it first"


class JourneyReader:
    """One per request, in the request's transaction."""

    def __init__(self, session: AsyncSession, program: Program, destinations: DestinationRules) -> None:
        self.session = session
        self.program = program
        self._destinations = destinations

    async def read(self, journey_id: str) -> Journey:
        return _found(await get_journey(self.session, self.program.id, journey_id))

    async def surroundings(self, journey: Journey | None, *mentioned: object) -> Surroundings:
        """Of what a journey is, and of what a request would make of it."""
        own_id, known = (None, ()) if journey is None else (journey.id, (journey.definition,))
        return await surroundings_of(
            self.session, self.program, (*known, *mentioned), self._destinations, own_id
        )


class JourneyService(JourneyReader):
    """On behalf of somebody who may change journeys. `unknown`: parameters of the request that there are not, to be told
    with what is wrong with its body."""

    def __init__(
        self,
        session: AsyncSession,
        program: Program,
        destinations: DestinationRules,
        unknown: Sequence[Fault] = (),
    ) -> None:
        super().__init__(session, program, destinations)
        self._unknown = unknown

    async def refuse_faults(
        self, body: object, model: type[BaseModel], check: Callable[[], Sequence[JourneyFault]]
    ) -> None:
        """Raises a Refusal that names everything that is wrong with the request."""
        await refuse_faults(body, model, check, self._unknown)

    async def create(self, body: Any) -> Journey:
        refuse_beyond_size(body)
        around = await self.surroundings(None, body)
        await self.refuse_faults(body, CreateJourney, lambda: journey_faults(body, around))
        definition = stored_journey(body, around, new_hex_id)
        return create_journey(self.session, self.program.id, body["name"], definition, datetime.now(UTC))

    async def patch(self, journey_id: str, body: Any) -> Journey:
        """Only the fields sent change."""
        journey = await self.lock_disabled(journey_id)
        refuse_beyond_size(body)
        around = await self.surroundings(journey, body)
        change = patched(definition_of(journey), body, around)
        await self.refuse_faults(body, PatchJourney, lambda: change.faults)
        if "name" in body:
            journey.name = body["name"]
        redefine_journey(journey, change.definition(around), datetime.now(UTC))
        return journey

    async def put_blocks(self, journey_id: str, body: Any) -> Journey:
        journey = await self.lock_disabled(journey_id)
        definition = await self.with_blocks(journey, body, PutBlocks)
        redefine_journey(journey, definition, datetime.now(UTC))
        return journey

    async def with_blocks(self, journey: Journey, body: Any, model: type[BaseModel]) -> JourneyDefinition:
        """The draft with other blocks: those of the body, of which some are there already."""
        refuse_beyond_size(body)
        around = await self.surroundings(journey, body)
        now = definition_of(journey)
        existing = blocks_by_id(now.blocks)
        written = replacing(existing)
        trigger = now.stored()["trigger"]
        blocks = document(body).get("blocks")
        await self.refuse_faults(body, model, lambda: block_faults(blocks, trigger, around, written))
        ids = ids_of_new(body["blocks"], new_hex_id)
        stored = stored_blocks(body["blocks"], around, ids, contents_of(existing))
        return JourneyDefinition.model_validate(now.stored() | {"blocks": stored})

    async def delete(self, journey_id: str) -> None:
        """Nothing happens where there is none."""
        journey = await lock_journey(self.session, self.program.id, journey_id)
        if journey is not None:
            await delete_journey(self.session, journey, datetime.now(UTC))

    async def lock(self, journey_id: str) -> Journey:
        return _found(await lock_journey(self.session, self.program.id, journey_id))

    async def lock_disabled(self, journey_id: str) -> Journey:
        journey = await self.lock(journey_id)
        if journey.is_enabled:
            raise conflict(ENABLED, "automation-enabled")
        return journey


def replacing(blocks: Mapping[str, Block]) -> WrittenBlocks:
    """How the blocks that replace these are written."""
    types = {name: block.type for name, block in blocks.items()}
    return WrittenBlocks(BlockIds.REPLACEMENT, types, contents_of(blocks))


def contents_of(blocks: Mapping[str, Block]) -> dict[str, str]:
    """The content of each email block."""
    return {
        name: block.action.send_email.content_id
        for name, block in blocks.items()
        if block.action is not None and block.action.send_email is not None
    }


def _found(journey: Journey | None) -> Journey:
    if journey is None:
        raise not_found("Automation")
    return journey


async def _destinations(request: Request) -> DestinationRules:
    rules: DestinationRules = request.app.state.destination_rules
    return rules


Destinations = Annotated[DestinationRules, Depends(_destinations)]


async def _reader(session: SessionDep, acting: Reading, destinations: Destinations) -> JourneyReader:
    return JourneyReader(session, acting.program, destinations)


async def _service(
    session: SessionDep, acting: Writing, destinations: Destinations, unknown: UnknownParameters
) -> JourneyService:
    return JourneyService(session, acting.program, destinations, unknown)


JourneyReaderDep = Annotated[JourneyReader, Depends(_reader, scope="function")]
JourneyServiceDep = Annotated[JourneyService, Depends(_service, scope="function")]
