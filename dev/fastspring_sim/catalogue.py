"""Products: what a session may sell."""

from decimal import Decimal

from .errors import failed, listed
from .ids import new_id
from .money import USD_VALUE, decimal

INTERVALS = ("adhoc", "day", "week", "month", "year")


def seed(world):
    """Create the two products that BitPaket sells through FastSpring."""
    for path, title, pricing in (
        ("invoice-payment", "Invoice payment", {}),
        (
            "autopay",
            "Automatic payment",
            {"interval": "adhoc", "intervalLength": 1, "renew": "auto"},
        ),
    ):
        if not world.store.get("product", path):
            _store(world, path, {"display": {"en": title}, "pricing": pricing})


def find(world, path):
    """Return the product at a path, or None."""
    return world.store.get("product", path) if isinstance(path, str) else None


def is_price_map(prices):
    """Return whether a value maps currency codes to amounts of zero or more."""
    return (
        isinstance(prices, dict)
        and bool(prices)
        and all(
            code in USD_VALUE and decimal(one) is not None and decimal(one) >= 0
            for code, one in prices.items()
        )
    )


def _store(world, path, values):
    old = world.store.get("product", path) or {
        "product": path,
        "parent": None,
        "productAppReference": new_id(),
        "display": {"en": path},
        "description": {},
        "sku": None,
        "fulfillments": {},
        "format": "digital",
        "pricing": {},
    }
    pricing = {
        "quantityBehavior": "lock",
        "quantityDefault": 1,
        "price": {"USD": Decimal(1)},
        "dateLimitsEnabled": False,
        **old["pricing"],
        **values.get("pricing", {}),
    }
    pricing["price"] = {code: Decimal(one) for code, one in pricing["price"].items()}
    product = {**old, **values, "product": path, "pricing": pricing}
    world.store.put("product", path, product)
    return product


# --- API ---------------------------------------------------------------------


def list_products(world, call):
    """`GET /products`: paths only."""
    paths = [product["product"] for product in world.store.all("product")]
    return 200, {
        "action": "products.getall",
        "result": "success",
        "page": None,
        "limit": None,
        "nextPage": None,
        "total": len(paths),
        "products": paths,
    }


def get_products(world, call, paths):
    """`GET /products/{path[,path]}`."""
    entries = []
    for path in paths.split(","):
        product = find(world, path)
        entries.append(
            {**product, "action": "product.get", "result": "success"}
            if product
            else failed("product.get", "product", path, {"product": "Not found"})
        )
    found = any(entry["result"] == "success" for entry in entries)
    return 200 if found else 400, {"products": entries}


def write_products(world, call):
    """`POST /products`: create or update."""
    entries = []
    for values in call.entries("products"):
        path = values.get("product")
        error = _problem(path, values)
        exists = isinstance(path, str) and find(world, path)
        verb = "update" if exists else "create"
        action = f"product.{verb}"
        if error:
            entries.append(failed(action, "product", path, error))
            continue
        product = _store(world, path, values)
        entries.append(
            {
                "product": path,
                "action": action,
                f"{verb}d.id": product["productAppReference"],
                "result": "success",
            }
        )
    return call.batch_status(entries), {"products": entries}


def _problem(path, values):
    if not isinstance(path, str) or not path:
        return {"product": "Product path is required"}
    if not isinstance(values.get("display", {}), dict):
        return {"display": "Expecting an object"}
    pricing = values.get("pricing", {})
    if not isinstance(pricing, dict):
        return {"pricing": "Expecting an object"}
    if "price" in pricing and not is_price_map(pricing["price"]):
        return {"pricing.price": "Expecting currency codes and amounts"}
    if pricing.get("interval", "month") not in INTERVALS:
        return {"pricing.interval": "Not valid"}
    return None


def delete_product(world, call, path):
    """`DELETE /products/{path}`."""
    if not find(world, path):
        raise listed(
            "products", "products.delete", "product", path, {"product": "Not found"}
        )
    world.store.remove("product", path)
    return 200, {
        "products": [
            {"product": path, "action": "products.delete", "result": "success"}
        ]
    }
