"""Publishing a journey while people are inside. All of it is ours."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.journey import Exits, PatchTrigger, SettingsIn
from api.schemas.journey_block import PutBlock
from api.schemas.journey_out import Shown
from api.schemas.journey_text import Label, Written, maybe_sent
from domain.journeys.publishing import Outcome, PublishMode
from domain.journeys.validation import MAX_BLOCKS

EXAMPLE: JsonDict = {
    "mode": "migrate",
    "stepMap": {"000000000000000000000001": "000000000000000000000002", "000000000000000000000003": None},
}


class JourneyChanges(Written):
    """What a PATCH and a PUT of the blocks would say, in one."""

    trigger: PatchTrigger = maybe_sent()
    blocks: Annotated[list[PutBlock], Field(min_length=1)] = maybe_sent()
    exit_conditions: Exits | None = None
    settings: SettingsIn = maybe_sent()


class PublishJourney(Written):
    """`changes`: to the draft, so that an enabled journey can be edited. Without them, the draft is published as it is.

    `mode`: what becomes of the people inside. `pin`: they go on in the version they walk. `follow`: whoever stands at
    a block that is still there goes on from it. `migrate`: the others too, as `stepMap` says: from the id of a block
    that is gone to that of a block of the new version, where they begin anew, or to null, out of the journey.
    A new block goes by its `temporaryID`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    mode: PublishMode = PublishMode.PIN
    step_map: Annotated[dict[Label, Label | None], Field(max_length=MAX_BLOCKS)] = maybe_sent()
    changes: JourneyChanges = maybe_sent()


class ImpactOut(Shown):
    """`people` in the version `contentHash` stand at `blockID` (null: they have not begun). `toBlockID`: where those
    who move begin anew, as the step map says it."""

    content_hash: str
    block_id: str | None
    people: int
    outcome: Outcome
    to_block_id: str | None


class PublishedOut(Shown):
    """`contentHash`: of the version that people enter from then on; null in a preview. `people`: those inside in
    other versions."""

    content_hash: str | None
    mode: PublishMode
    people: int
    impacts: list[ImpactOut]
