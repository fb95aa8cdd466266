from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from store.tables.columns import JsonObject, created_instant, document, text_field


class Product(SQLModel, table=True):
    """A product of a shop, by its client's own id. `document`: as the client wrote it, `status` and `stock` included."""

    __table_args__ = (
        Index("product_page", "program_id", "created_at", "id"),
        Index("product_page_by_change", "program_id", "updated_at", "id"),
    )

    program_id: UUID = Field(foreign_key="program.id", primary_key=True, ondelete="CASCADE")
    id: str = text_field(primary_key=True)
    status: str = text_field()
    stock: int | None = Field(default=None)
    document: JsonObject = document()
    created_at: datetime = created_instant()
    updated_at: datetime = created_instant()


class ProductSubscription(SQLModel, table=True):
    """A participant who wants to be told, once, when a product is back in stock.

    Like every table that grows by a row per participant, it has no foreign keys.
    """

    __tablename__ = "product_subscription"
    __table_args__ = (Index("product_subscription_of_participant", "participant_id"),)

    program_id: UUID = Field(primary_key=True)
    product_id: str = text_field(primary_key=True)
    participant_id: UUID = Field(primary_key=True)
    created_at: datetime = created_instant()
