"""Products as Omnisend's clients write them, and `stock` beside."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.contact import Contact, NeighbourShape, UpTo100
from domain.instants import Instant
from domain.products import ProductStatus
from domain.storable_text import storable

Title = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(storable)]
UpTo255 = Annotated[str, StringConstraints(max_length=255), AfterValidator(storable)]
UpTo1000 = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(storable)]
ProductId = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(storable)]
Price = (
    Annotated[int, Field(strict=True, ge=0)] | Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
)
Stock = Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]

EXAMPLE: dict[str, Any] = {
    "id": "shoes-blue-123",
    "title": "Blue shoes",
    "url": "https://example.com/shoes",
    "currency": "USD",
    "status": "outOfStock",
    "variants": [{"id": "42", "title": "Size 42", "url": "https://example.com/shoes/42", "price": 59.9}],
}


def _is_in_a_path(id_: str) -> str:
    if "/" in id_ or id_ in (".", ".."):
        raise ValueError("no part of an address; expected an id without /")
    return id_


class ProductVariant(NeighbourShape):
    """A version of a product, such as a size."""

    id: ProductId
    title: Title
    url: UpTo1000
    price: Price
    strikeThroughPrice: Price | None = None  # noqa: N815
    sku: UpTo255 | None = None
    description: UpTo1000 | None = None
    status: ProductStatus | None = None
    defaultImageUrl: UpTo1000 | None = None  # noqa: N815
    images: list[UpTo1000] | None = Field(default=None, max_length=300)


class WrittenProduct(NeighbourShape):
    """`id` is the client's own. `stock`: how many there are; left out where nobody counts them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    id: ProductId
    title: Title
    url: UpTo1000
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    status: ProductStatus
    stock: Stock | None = None
    description: UpTo1000 | None = None
    type: UpTo100 | None = None
    vendor: UpTo100 | None = None
    defaultImageUrl: UpTo1000 | None = None  # noqa: N815
    images: list[UpTo1000] | None = Field(default=None, max_length=300)
    tags: list[UpTo100] | None = Field(default=None, max_length=100)
    categoryIDs: list[UpTo100] | None = Field(default=None, max_length=100)  # noqa: N815
    variants: list[ProductVariant] | None = Field(default=None, min_length=1, max_length=500)
    createdAt: Instant | None = None  # noqa: N815
    updatedAt: Instant | None = None  # noqa: N815


class NewProduct(WrittenProduct):
    """Its `id` is a part of its address."""

    id: Annotated[ProductId, AfterValidator(_is_in_a_path)]


class ProductNamed(BaseModel):
    """The product that was written."""

    id: str


class ProductPaging(BaseModel):
    """`next` and `previous`: where the pages beside this one are, if there are such."""

    limit: int
    offset: int
    next: str | None = None
    previous: str | None = None


class ProductsOut(BaseModel):
    products: list[WrittenProduct]
    paging: ProductPaging


class SubscribeContact(NeighbourShape):
    """Who wants to know when the product is back in stock."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"contact": {"email": "noor@example.com"}}]}
    )

    contact: Contact


class ProductSubscriptionOut(BaseModel):
    """A contact who is told, once, when the product is back in stock."""

    productID: str  # noqa: N815
    contactID: UUID  # noqa: N815
    createdAt: datetime  # noqa: N815
