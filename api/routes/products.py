from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator

from api.dependencies import SessionDep
from api.errors import not_found
from api.journey_access import Reading
from api.omnisend_version import VERSIONED
from api.product_service import ProductServiceDep, shown
from api.schemas.product import (
    NewProduct,
    ProductNamed,
    ProductPaging,
    ProductsOut,
    ProductSubscriptionOut,
    SubscribeContact,
    WrittenProduct,
)
from domain.storable_text import storable
from store.products import ProductSort, get_product, list_products

router = APIRouter(prefix="/api/products", tags=["products"], dependencies=VERSIONED)

ProductId = Annotated[
    str,
    Path(alias="productID", min_length=1, max_length=100, description="The client's own id"),
    AfterValidator(storable),
]
MAX_OFFSET = 1_000_000


@router.get("", response_model_exclude_none=True)
async def list_(
    request: Request,
    session: SessionDep,
    acting: Reading,
    limit: Annotated[int, Query(ge=1, le=250)] = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
    sort: Annotated[ProductSort, Query(description="`date` is createdAt")] = ProductSort.DATE,
) -> ProductsOut:
    """Products, newest first."""
    found = await list_products(session, acting.program.id, sort, offset, limit + 1)

    def page(start: int) -> str:
        return str(request.url.include_query_params(limit=limit, offset=start))

    return ProductsOut(
        products=[shown(product) for product in found[:limit]],
        paging=ProductPaging(
            limit=limit,
            offset=offset,
            next=page(offset + limit) if len(found) > limit else None,
            previous=page(max(0, offset - limit)) if offset > 0 else None,
        ),
    )


@router.post("", status_code=201)
async def create(service: ProductServiceDep, body: NewProduct) -> ProductNamed:
    """Add a product. 409 where there is one with its id."""
    await service.create(body)
    return ProductNamed(id=body.id)


@router.get("/{productID}", response_model_exclude_none=True)
async def get(session: SessionDep, acting: Reading, product_id: ProductId) -> WrittenProduct:
    """One product, as it was written."""
    product = await get_product(session, acting.program.id, product_id)
    if product is None:
        raise not_found("Product")
    return shown(product)


@router.put("/{productID}")
async def replace(service: ProductServiceDep, product_id: ProductId, body: WrittenProduct) -> ProductNamed:
    """Write a product anew. When it can be bought again, each of its subscribers has the event `product back in stock`,
    once."""
    await service.replace(product_id, body)
    return ProductNamed(id=body.id)


@router.delete("/{productID}", status_code=204)
async def delete(service: ProductServiceDep, product_id: ProductId) -> Response:
    """Remove it; nobody is told of it any more. A product that is not there is as good as removed."""
    await service.delete(product_id)
    return Response(status_code=204)


@router.post("/{productID}/back-in-stock-subscriptions", status_code=201)
async def subscribe(
    service: ProductServiceDep, product_id: ProductId, body: SubscribeContact
) -> ProductSubscriptionOut:
    """Have a contact told, once, when the product is back in stock. 409 where it is in stock."""
    made = await service.subscribe(product_id, body.contact)
    return ProductSubscriptionOut(
        productID=made.product_id, contactID=made.participant_id, createdAt=made.created_at
    )


@router.delete("/{productID}/back-in-stock-subscriptions/{contactID}", status_code=204)
async def unsubscribe(
    service: ProductServiceDep,
    product_id: ProductId,
    contact_id: Annotated[UUID, Path(alias="contactID", description="Our id of the participant")],
) -> Response:
    """Tell them no more."""
    await service.unsubscribe(product_id, contact_id)
    return Response(status_code=204)
