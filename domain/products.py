"""Products of a shop: when one can be bought, and the event that tells its subscribers that it can again."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.journeys.definition import BACK_IN_STOCK


class ProductStatus(StrEnum):
    IN_STOCK = "inStock"
    OUT_OF_STOCK = "outOfStock"
    NOT_AVAILABLE = "notAvailable"


def can_be_bought(status: ProductStatus, stock: int | None) -> bool:
    """`stock`: how many there are; None where nobody counts them."""
    return status is ProductStatus.IN_STOCK and stock != 0


def back_in_stock_data(product: Mapping[str, Any]) -> dict[str, Any]:
    """The event_data, from a product as its clients wrote it."""
    variants = product.get("variants") or [{}]
    said = {
        "productID": product["id"],
        "productTitle": product["title"],
        "productURL": product["url"],
        "currency": product["currency"],
        "productPrice": variants[0].get("price"),
        "productImageURL": product.get("defaultImageUrl"),
        "vendor": product.get("vendor"),
        "stock": product.get("stock"),
    }
    return {"type": BACK_IN_STOCK} | {name: value for name, value in said.items() if value is not None}
