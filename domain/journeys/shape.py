"""How the parts of a journey are written: camelCase, no unknown fields, never changed in place."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def written_name(name: str) -> str:
    """As in the seed: `contentID`, not `contentId`."""
    words = to_camel(name)
    for ending, written in (("Ids", "IDs"), ("Id", "ID")):
        if words.endswith(ending):
            return words.removesuffix(ending) + written
    return words


class Shape(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=written_name, populate_by_name=True
    )
