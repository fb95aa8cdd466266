"""What the product routes do: keep products as their clients write them, and tell subscribers of stock."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlmodel.ext.asyncio.session import AsyncSession

from api.contacts import participant_of_contact
from api.dependencies import SessionDep
from api.errors import Refusal, invalid, not_found
from api.journey_access import Writing
from api.schemas.contact import Contact
from api.schemas.product import WrittenProduct
from domain.events import event_source
from domain.journeys.definition import BACK_IN_STOCK
from domain.products import ProductStatus, can_be_bought
from store.product_subscriptions import subscribe, unsubscribe
from store.products import add_product, delete_product, lock_product, tell_subscribers
from store.tables import Product, ProductSubscription, Program


class ProductService:
    """One per request, about the products of one program."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program

    async def create(self, request: WrittenProduct) -> None:
        now = datetime.now(UTC)
        product = Product(
            program_id=self._program.id,
            id=request.id,
            status=request.status.value,
            stock=request.stock,
            document=_document(request),
            created_at=request.createdAt or now,
            updated_at=request.updatedAt or now,
        )
        if not await add_product(self._session, product):
            raise Refusal(409, "There is a product with this id")

    async def replace(self, product_id: str, request: WrittenProduct) -> None:
        """Whoever waits for a product that can be bought again is told, in the same transaction."""
        product = await self._lock(product_id)
        if request.id != product_id:
            raise invalid("id", "not the id of this product", product_id)
        could_be_bought = _can_be_bought(product)
        now = datetime.now(UTC)
        product.status, product.stock = request.status.value, request.stock
        product.document = _document(request)
        product.created_at = request.createdAt or product.created_at
        product.updated_at = request.updatedAt or now
        if not could_be_bought and _can_be_bought(product):
            await tell_subscribers(self._session, product, now)

    async def delete(self, product_id: str) -> None:
        await delete_product(self._session, self._program.id, product_id)

    async def subscribe(self, product_id: str, contact: Contact) -> ProductSubscription:
        product = await self._lock(product_id)
        if _can_be_bought(product):
            raise Refusal(409, "The product is in stock")
        source = event_source(BACK_IN_STOCK)
        participant_id = await participant_of_contact(self._session, self._program, contact, source)
        return await subscribe(self._session, product, participant_id, datetime.now(UTC))

    async def unsubscribe(self, product_id: str, participant_id: UUID) -> None:
        await self._lock(product_id)
        await unsubscribe(self._session, self._program.id, product_id, participant_id)

    async def _lock(self, product_id: str) -> Product:
        product = await lock_product(self._session, self._program.id, product_id)
        if product is None:
            raise not_found("Product")
        return product


def _can_be_bought(product: Product) -> bool:
    return can_be_bought(ProductStatus(product.status), product.stock)


def _document(request: WrittenProduct) -> dict[str, Any]:
    return request.model_dump(mode="json", exclude_none=True, exclude={"createdAt", "updatedAt"})


def shown(product: Product) -> WrittenProduct:
    return WrittenProduct.model_validate(
        {
            **product.document,
            "createdAt": product.created_at.isoformat(),
            "updatedAt": product.updated_at.isoformat(),
        }
    )


async def _service(session: SessionDep, acting: Writing) -> ProductService:
    return ProductService(session, acting.program)


ProductServiceDep = Annotated[ProductService, Depends(_service, scope="function")]
