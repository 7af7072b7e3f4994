"""Buyers."""

import re
import secrets

from . import payloads
from .errors import ApiError, failed, listed
from .ids import new_id
from .paging import page_of

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CUSTOM_KEY = re.compile(r"[A-Za-z0-9_-]{4,}")
TAX_ID = re.compile(r"[A-Z]{2}[0-9A-Z]{2,12}")
CONTACT = ("first", "last", "email", "company", "phone")
ADDRESS = ("addressLine1", "addressLine2", "city", "region", "postalCode")


def is_email(text):
    """Return whether a text looks like an e-mail address."""
    return isinstance(text, str) and EMAIL.fullmatch(text) is not None


def find(world, key):
    """Return the account with that id, or None."""
    return world.store.get("account", key) if isinstance(key, str) else None


def find_by_email(world, email):
    """Return the account with that e-mail address, or None."""
    matches = world.store.find("account", "email", email.lower())
    return matches[0] if matches else None


def attach(world, contact, address, language, country, tax_id=None, live=False):
    """Return the buyer's account, created or brought up to date.

    An unknown e-mail address makes a new account and `account.created`.
    """
    account = find_by_email(world, contact["email"])
    if account is None:
        account = _new(world, contact, language, country)
        account["address"] = _chosen(address, ADDRESS)
        account["taxId"] = tax_id
        world.store.put("account", account["id"], account)
        _emit(world, "account.created", account, live)
        return account
    _merge(account, contact, address)
    if tax_id:
        account["taxId"] = tax_id
    world.store.put("account", account["id"], account)
    return account


def add_payment_method(world, account):
    """Note that the buyer has stored a card."""
    account["methods"] = 1
    world.store.put("account", account["id"], account)


def _new(world, contact, language, country):
    return {
        **dict.fromkeys(CONTACT),
        **_chosen(contact, CONTACT),
        "id": new_id(),
        "first": contact.get("first") or "Test",
        "last": contact.get("last") or "Buyer",
        "email": contact["email"].lower(),
        "address": {},
        "language": language or "en",
        "country": country or "US",
        "global": new_id(),
        "custom": None,
        "taxId": None,
        "methods": 0,
    }


def _chosen(source, keys):
    """Return those fields of a request that hold text."""
    return {
        key: source[key]
        for key in keys
        if source.get(key) and isinstance(source[key], str)
    }


def _merge(account, contact, address):
    account.update(_chosen(contact, CONTACT))
    account["email"] = account["email"].lower()
    account["address"] = {**account["address"], **_chosen(address, ADDRESS)}


def _emit(world, kind, account, live):
    data = payloads.account_event(account, world.storefront_url)
    world.emit(kind, data, live)


# --- API ---------------------------------------------------------------------


def create_account(world, call):
    """`POST /accounts`."""
    contact, custom = call.part("contact"), call.part("lookup").get("custom")
    error = {
        f"contact.{key}": "Required" for key in CONTACT[:3] if not contact.get(key)
    }
    error |= _contact_problem(contact, custom)
    if not error and find_by_email(world, contact["email"]):
        error["email"] = "The email address is already in use by another account."
    if error:
        raise listed("accounts", "account.create", "account", None, error)
    account = _new(world, contact, None, None)
    account.update(_chosen(call.body, ("language", "country")), custom=custom)
    world.store.put("account", account["id"], account)
    _emit(world, "account.created", account, world.settings.live)
    return 200, {**_name(account), "action": "account.create", "result": "success"}


def _contact_problem(contact, custom):
    error = {}
    if contact.get("email") and not is_email(contact["email"]):
        error["contact.email"] = "Not a valid email address"
    if custom is not None and not CUSTOM_KEY.fullmatch(str(custom)):
        error["lookup.custom"] = "At least 4 of A-Z a-z 0-9 _ -"
    return error


def _name(account):
    return {"account": account["id"], "id": account["id"]}


def list_accounts(world, call):
    """`GET /accounts`, with the documented filters."""
    query = call.query
    accounts = world.store.all("account")
    for name, field in (("email", "email"), ("custom", "custom"), ("global", "global")):
        if name in query:
            wanted = query[name].lower() if name == "email" else query[name]
            accounts = [one for one in accounts if one[field] == wanted]
    for name, kind, field in (
        ("orderId", "order", "id"),
        ("orderReference", "order", "reference"),
        ("subscriptionId", "subscription", "id"),
    ):
        if name in query:
            owners = {
                one["account"] for one in world.store.find(kind, field, query[name])
            }
            accounts = [one for one in accounts if one["id"] in owners]
    ids, page = page_of([one["id"] for one in accounts], query)
    return 200, {
        "action": "account.getall",
        "result": "success",
        **page,
        "accounts": ids,
    }


def get_account(world, call, key):
    """`GET /accounts/{id}`."""
    account = find(world, key)
    if account is None:
        raise ApiError(
            400,
            {
                "id": key,
                **failed(
                    "account.get", "account", key, {"account": "account id not found"}
                ),
            },
        )
    return 200, payloads.account_answer(
        account,
        world.storefront_url,
        world.store.find("order", "account", key),
        world.store.find("subscription", "account", key),
    )


def update_account(world, call, key):
    """`POST /accounts/{id}`: a partial update."""
    account = find(world, key)
    contact, custom = call.part("contact"), call.part("lookup").get("custom")
    error = _contact_problem(contact, custom)
    if account is None:
        error = {"account": "account id not found"}
    elif contact.get("email"):
        other = find_by_email(world, contact["email"])
        if other and other["id"] != key:
            error["email"] = "The email address is already in use by another account."
    if error:
        raise listed("accounts", "account.update", "account", key, error)
    _merge(account, contact, call.part("address"))
    account.update(_chosen(call.body, ("language", "country")))
    account["custom"] = custom or account["custom"]
    world.store.put("account", key, account)
    _emit(world, "account.updated", account, world.settings.live)
    entry = {**_name(account), "action": "account.update", "result": "success"}
    return 200, {**entry, "accounts": [entry]}


def authenticate(world, call, key):
    """`GET /accounts/{id}/authenticate`: an address that signs the buyer in."""
    if find(world, key) is None:
        raise listed(
            "accounts",
            "account.authenticate.get",
            "account",
            key,
            {"account": "Not found"},
        )
    token = secrets.token_urlsafe(8)
    expires = world.clock.now() + 24 * 3600 * 1000
    world.store.put("token", token, {"account": key, "expires": expires})
    stamp = payloads.instant(expires).replace(tzinfo=None)
    return 200, {
        "accounts": [
            {
                "action": "account.authenticate.get",
                "result": "success",
                "account": key,
                "expires": stamp.isoformat(timespec="milliseconds"),
                "url": f"{world.storefront_url}/account/{key}/{token}",
            }
        ]
    }
