"""Who wants to be told when a product is back in stock. How they are: store/products.py."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import Product, ProductSubscription


async def subscribe(
    session: AsyncSession, product: Product, participant_id: UUID, now: datetime
) -> ProductSubscription:
    """Whoever subscribes again is told once all the same."""
    given = ProductSubscription(
        program_id=product.program_id, product_id=product.id, participant_id=participant_id, created_at=now
    )
    await session.execute(insert(ProductSubscription).values(**given.model_dump()).on_conflict_do_nothing())
    key = (product.program_id, product.id, participant_id)
    return await session.get_one(ProductSubscription, key, populate_existing=True)


async def unsubscribe(session: AsyncSession, program_id: UUID, product_id: str, participant_id: UUID) -> None:
    await session.execute(
        delete(ProductSubscription).where(
            col(ProductSubscription.program_id) == program_id,
            col(ProductSubscription.product_id) == product_id,
            col(ProductSubscription.participant_id) == participant_id,
        )
    )


async def delete_subscriptions(session: AsyncSession, program_id: UUID, product_id: str) -> list[UUID]:
    """Answers whose they were."""
    statement = (
        delete(ProductSubscription)
        .where(
            col(ProductSubscription.program_id) == program_id,
            col(ProductSubscription.product_id) == product_id,
        )
        .returning(col(ProductSubscription.participant_id))
    )
    return list((await session.execute(statement)).scalars())


async def forget_product_subscriptions(session: AsyncSession, participant_id: UUID) -> None:
    """Of somebody who is erased."""
    await session.execute(
        delete(ProductSubscription).where(col(ProductSubscription.participant_id) == participant_id)
    )
