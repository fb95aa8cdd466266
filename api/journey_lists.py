"""Lists of journeys: what may be asked for, and pages of it."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from sqlmodel.ext.asyncio.session import AsyncSession

from api.journey_cursors import Asked, cursor_of, not_of_this_list, read_cursor
from api.schemas.journey_out import shown
from domain.instants import Instant
from domain.storable_text import storable
from store.journey_pages import (
    Direction,
    JourneyFilter,
    JourneyOrder,
    JourneyPlace,
    JourneySort,
    list_journeys,
)
from store.tables import Program

Cursor = Annotated[str, StringConstraints(max_length=4_000)]
NamePart = Annotated[str, StringConstraints(max_length=200), AfterValidator(storable)]
DEFAULT_LIMIT = 100


class JourneyListQuery(BaseModel):
    """`direction` only with `sort`, and `after` or `before`. A cursor need not be told again what was asked for."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=250, description="Automations a page")
    after: Cursor | None = Field(default=None, description="`paging.cursors.after`: the next page")
    before: Cursor | None = Field(default=None, description="`paging.cursors.before`: the previous page")
    sort: JourneySort | None = Field(default=None, description="Without it, createdAt")
    direction: Direction | None = Field(default=None, description="Without it, desc")
    isEnabled: bool | None = None  # noqa: N815
    nameContains: NamePart | None = Field(default=None, description="Part of the name")  # noqa: N815
    createdAtFrom: Instant | None = None  # noqa: N815
    createdAtTo: Instant | None = None  # noqa: N815
    updatedAtFrom: Instant | None = None  # noqa: N815
    updatedAtTo: Instant | None = None  # noqa: N815

    @model_validator(mode="after")
    def _fits_together(self) -> "JourneyListQuery":
        if self.after is not None and self.before is not None:
            raise ValueError("after and before exclude each other; expected one of them")
        if self.direction is not None and self.sort is None and self.after is None and self.before is None:
            raise ValueError("direction is only for a list with sort; expected sort beside it")
        return self

    @property
    def asked(self) -> Asked:
        """Filters and order, as texts."""
        given = self.model_dump(mode="json", exclude_none=True, exclude={"limit", "after", "before"})
        return {name: _as_text(value) for name, value in given.items()}


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def page_of_journeys(
    session: AsyncSession, program: Program, query: JourneyListQuery
) -> dict[str, Any]:
    """The JSON of a page. Raises a Refusal for a cursor that is none of this list."""
    asked = query.asked
    place: JourneyPlace | None = None
    for name in ("after", "before"):
        cursor = getattr(query, name)
        if cursor is not None:
            place, asked = read_cursor(name, cursor, asked)
            query = _as_before(name, asked, query.limit)
    order = JourneyOrder(query.sort or JourneySort.CREATED_AT, query.direction or Direction.DESC)
    page = await list_journeys(session, program.id, _filter(query), order, query.limit, place)
    return {
        "automations": [shown(journey) for journey in page.rows],
        "paging": {
            "limit": query.limit,
            "hasMore": page.has_more,
            "cursors": {"after": cursor_of(page.last, asked), "before": cursor_of(page.first, asked)},
        },
    }


def _as_before(name: str, asked: Asked, limit: int) -> JourneyListQuery:
    """What a cursor carries, which a client may have made up."""
    try:
        return JourneyListQuery.model_validate({**asked, "limit": limit})
    except ValidationError:
        raise not_of_this_list(name) from None


def _filter(query: JourneyListQuery) -> JourneyFilter:
    return JourneyFilter(
        is_enabled=query.isEnabled,
        name_contains=query.nameContains,
        created_from=query.createdAtFrom,
        created_to=query.createdAtTo,
        updated_from=query.updatedAtFrom,
        updated_to=query.updatedAtTo,
    )
