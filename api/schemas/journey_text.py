"""What parts of journeys are written with: camelCase, no unknown fields, and JSON types as they are."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue

from domain.journeys.shape import written_name
from domain.shown_names import shown_name
from domain.storable_text import storable


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=written_name)


class DocumentedAs:
    """Any JSON, told to clients as this model: what is wrong with it is found out later, and all at once."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_json_schema__(self, _: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._model.__pydantic_core_schema__)


Whole = Annotated[int, Field(strict=True)]
AtLeastOne = Annotated[int, Field(strict=True, ge=1)]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]
AnyText = Annotated[str, Field(strict=True), AfterValidator(storable)]
Filled = Annotated[str, Field(strict=True), StringConstraints(min_length=1), AfterValidator(storable)]
Label = Annotated[
    str, Field(strict=True), StringConstraints(min_length=1, max_length=255), AfterValidator(storable)
]
UpTo250 = Annotated[
    str, Field(strict=True), StringConstraints(min_length=1, max_length=250), AfterValidator(storable)
]
SenderName = Annotated[UpTo250, AfterValidator(shown_name)]
MaybeEmptyUpTo250 = Annotated[
    str, Field(strict=True), StringConstraints(max_length=250), AfterValidator(storable)
]


def maybe_sent() -> Any:
    """A field that may be left out, but not be null."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: JsonDict) -> None:
    schema.pop("default", None)
