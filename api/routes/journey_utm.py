from typing import Annotated

from fastapi import APIRouter, Path

from api.errors import not_found
from api.journey_service import JourneyReaderDep, JourneyServiceDep
from api.omnisend_version import VERSIONED
from api.routes.journeys import JourneyId
from api.schemas.journey_switch import BlockUtmOut, TagsOut, UpdateUtm, UtmOut, UtmsOut
from api.schemas.text import Label
from domain.journeys.blocks import ActionType
from domain.journeys.utm import send_blocks, tags_of
from store.journeys import definition_of
from store.tables import Journey

router = APIRouter(prefix="/api/automations", tags=["journeys"], dependencies=VERSIONED)

BlockId = Annotated[Label, Path(alias="blockID", description="A block that sends a message")]


@router.get("/{id}/utm")
async def get_all(reader: JourneyReaderDep, journey_id: JourneyId) -> UtmsOut:
    """The tags of each block that sends a message, in the order of the journey."""
    journey = await reader.read(journey_id)
    sends = send_blocks(definition_of(journey).blocks)
    return UtmsOut(
        blocks=[
            BlockUtmOut(block_id=block, tags=_tags(journey, block, kind)) for block, kind in sends.items()
        ]
    )


@router.get("/{id}/blocks/{blockID}/utm")
async def get(reader: JourneyReaderDep, journey_id: JourneyId, block_id: BlockId) -> UtmOut:
    """The tags of one block; those that are not set, by default."""
    journey = await reader.read(journey_id)
    return UtmOut(tags=_tags(journey, block_id, _sends(journey, block_id)))


@router.put("/{id}/blocks/{blockID}/utm")
async def put(
    service: JourneyServiceDep, journey_id: JourneyId, block_id: BlockId, body: UpdateUtm
) -> UtmOut:
    """Set all three tags of one block. An empty text has a tag be its default again."""
    journey = await service.lock(journey_id)
    sends = _sends(journey, block_id)
    journey.utm = {**journey.utm, block_id: body.tags.model_dump()}
    return UtmOut(tags=_tags(journey, block_id, sends))


def _sends(journey: Journey, block_id: str) -> ActionType:
    kind = send_blocks(definition_of(journey).blocks).get(block_id)
    if kind is None:
        raise not_found("Block that sends a message")
    return kind


def _tags(journey: Journey, block_id: str, sends: ActionType) -> TagsOut:
    return TagsOut(**tags_of(journey.id, journey.name, sends, journey.utm.get(block_id, {})))
