"""Reading and writing products, and who is told when one is back in stock."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventKind
from domain.products import back_in_stock_data
from domain.segment_events import SEGMENT_SOURCE
from store.event_rows import NewEvent, insert_events
from store.participants import hold_participants
from store.product_subscriptions import delete_subscriptions
from store.tables import Product

EVENTS_A_STATEMENT = 1_000


class ProductSort(StrEnum):
    DATE = "date"
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"


async def get_product(session: AsyncSession, program_id: UUID, product_id: str) -> Product | None:
    return await session.get(Product, (program_id, product_id))


async def lock_product(session: AsyncSession, program_id: UUID, product_id: str) -> Product | None:
    key = (program_id, product_id)
    return await session.get(Product, key, with_for_update=True, populate_existing=True)


async def add_product(session: AsyncSession, product: Product) -> bool:
    """Answers False where there is one with its id."""
    statement = (
        insert(Product).values(**product.model_dump()).on_conflict_do_nothing().returning(col(Product.id))
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def list_products(
    session: AsyncSession, program_id: UUID, sort: ProductSort, offset: int, limit: int
) -> Sequence[Product]:
    """Newest first."""
    at = Product.updated_at if sort is ProductSort.UPDATED_AT else Product.created_at
    statement = select(Product).where(col(Product.program_id) == program_id)
    statement = statement.order_by(desc(col(at)), desc(col(Product.id))).offset(offset).limit(limit)
    return (await session.exec(statement)).all()


async def delete_product(session: AsyncSession, program_id: UUID, product_id: str) -> None:
    """Nothing happens where there is none. Nobody is told of it any more."""
    await delete_subscriptions(session, program_id, product_id)
    product = await lock_product(session, program_id, product_id)
    if product is not None:
        await session.delete(product)


async def tell_subscribers(session: AsyncSession, product: Product, now: datetime) -> int:
    """`product back in stock` for each, who then is no subscriber any more; answers how many were told.

    The caller has locked the product, so nobody is told twice.
    """
    people = sorted(await delete_subscriptions(session, product.program_id, product.id))
    data = back_in_stock_data(product.document)
    told = 0
    for start in range(0, len(people), EVENTS_A_STATEMENT):
        page = people[start : start + EVENTS_A_STATEMENT]
        # Erasing them finds these events too.
        held = await hold_participants(session, product.program_id, page, ())
        events = [
            NewEvent(
                program_id=product.program_id,
                participant_id=participant_id,
                kind=EventKind.SYSTEM,
                data=data,
                source=SEGMENT_SOURCE,
                event_timestamp=now,
                created_at=now,
            )
            for participant_id in held
        ]
        told += len(await insert_events(session, events))
    return told
