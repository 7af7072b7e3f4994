"""The pages that a buyer sees: checkout, thanks, invoice, account."""

from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule
from werkzeug.utils import redirect

from . import accounts, cart, orders, payloads, sessions, subscriptions
from .pages import page, static

#: The value of a button and the payment method it stands for.
ACTIONS = {"pay": "card", "paypal": "paypal", "wire": "wire", "decline": "decline"}


def _shop(world, store):
    """Return what every page shows about the store, or 404."""
    if store != world.settings.store:
        raise NotFound
    return {
        "store": store,
        "title": world.settings.seller,
        "home": world.settings.home_url,
        "popup": False,
    }


def _message(shop, title, text, status=200):
    return page("message.html", status, **shop, heading=title, text=text)


def checkout(world, request, store, key, checkout=""):
    """Show a checkout session, or take the buyer's decision."""
    shop = {**_shop(world, store), "popup": checkout.startswith("popup-")}
    session = sessions.find(world, key)
    if session is None:
        return _message(
            shop, "Checkout not found", "Please go back and try again.", 404
        )
    if request.method == "POST":
        return _decide(world, request, key)
    notice = request.args.get("notice", "")
    if session["order"]:
        return _done(world, shop, session, notice)
    if session["status"] == "CANCELLED":
        return page("canceled.html", **shop)
    if session["status"] == "EXPIRED":
        text = "It was valid for a limited time only. Please open a new one."
        return _message(shop, "This checkout has expired", text, 410)
    return _form(world, shop, session, notice)


def _decide(world, request, key):
    """Do what a button says and come back to the page."""
    action = request.form.get("action")
    contact = {name: request.form.get(name) for name in ("email", "first", "last")}
    notice = ""
    try:
        with world.store.transaction():
            if action == "cancel":
                sessions.abandon(world, key)
            elif action in ACTIONS:
                orders.place(world, key, ACTIONS[action], contact)
                notice = "declined" if action == "decline" else ""
    except orders.Refused as refused:
        closed = sessions.is_closed(sessions.find(world, key))
        notice = "again" if closed else str(refused)
    world.outbox.wake()
    return redirect(f"{request.path}?notice={notice}" if notice else request.path, 303)


def _form(world, shop, session, notice):
    lines = sessions.priced(world, session)
    account = accounts.find(world, session["account"])
    given = session["customer"].get("billToContact", {})
    return page(
        "checkout.html",
        **shop,
        session=session,
        lines=[
            {**line, "title": sessions.title(world, line, session["locale"]),
             "summary": _summary(line, session["locale"])}
            for line in lines
        ],
        net=cart.total(lines, "net"),
        tax=cart.total(lines, "tax"),
        total=cart.total(lines, "gross"),
        included=any(line["included"] for line in lines),
        rate=max((line["rate"] for line in lines), default=0),
        methods=sessions.methods(session),
        email=given.get("email") or (account["email"] if account else ""),
        recurring=any(line["interval"] for line in lines),
        notice=notice,
    )  # fmt: skip


def _summary(line, language):
    given = line["descriptions"].get("summary") or {}
    return given.get(language) or given.get("en") or ""


def _done(world, shop, session, notice):
    order = world.store.get("order", session["order"])
    return page(
        "done.html",
        **shop,
        order=order,
        account=accounts.find(world, order["account"]),
        invoice=payloads.invoice_url(order, world.storefront_url),
        again=notice == "again",
    )


def invoice(world, request, store, reference, invoice):
    """Show the invoice that FastSpring issues to the buyer."""
    shop = _shop(world, store)
    found = world.store.find("order", "invoice", invoice)
    if not found:
        return _message(shop, "Invoice not found", "Please check the address.", 404)
    (order,) = found
    return page(
        "invoice.html",
        **shop,
        order=order,
        account=accounts.find(world, order["account"]),
        refunds=world.store.find("return", "order", order["id"]),
    )


def account(world, request, store, key, token):
    """Show a signed-in buyer's orders and subscriptions."""
    shop = _shop(world, store)
    ticket = world.store.get("token", token)
    if not ticket or ticket["account"] != key or ticket["expires"] < world.clock.now():
        text = "Ask the seller for a new link."
        return _message(shop, "This link is no longer valid", text, 403)
    if request.method == "POST":
        return _manage(world, request, key)
    return page(
        "account.html",
        **shop,
        account=accounts.find(world, key),
        orders=[
            {**one, "url": payloads.invoice_url(one, world.storefront_url)}
            for one in reversed(world.store.find("order", "account", key))
        ],
        subscriptions=world.store.find("subscription", "account", key),
    )


def _manage(world, request, key):
    with world.store.transaction():
        document = subscriptions.find(world, request.form.get("subscription"))
        if document and document["account"] == key and document["active"]:
            if request.form.get("action") == "cancel":
                subscriptions.deactivate(world, document)
            elif request.form.get("action") == "remove-card":
                subscriptions.forget_card(world, document)
    return redirect(request.path, 303)


def home(world, request, store):
    """Answer the storefront's own address."""
    text = "Nothing is for sale here; a checkout opens from the seller's site."
    return _message(_shop(world, store), "Welcome", text)


def library(world, request, version):
    """Serve the stand-in for the Store Builder Library."""
    return static(request, "builder.js")


def style(world, request):
    """Serve the style sheet of all pages."""
    return static(request, "sim.css")


ROUTES = [
    Rule("/sbl/<version>/fastspring-builder.min.js", endpoint=library),
    Rule("/sim.css", endpoint=style),
    Rule("/<store>/", endpoint=home, methods=["GET"]),
    Rule("/<store>/account", endpoint=home, methods=["GET"]),
    Rule("/<store>/session/<key>", endpoint=checkout, methods=["GET", "POST"]),
    Rule(
        "/<store>/<checkout>/session/<key>", endpoint=checkout, methods=["GET", "POST"]
    ),
    Rule(
        "/<store>/account/order/<reference>/invoice/<invoice>",
        endpoint=invoice,
        methods=["GET"],
    ),
    Rule("/<store>/account/<key>/<token>", endpoint=account, methods=["GET", "POST"]),
]
