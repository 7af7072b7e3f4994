"""Steps that run inside Odoo's Python, on the database named in `ODOO_RC`.

`python -m dev.inside NAME [ARGUMENT...]`; each prints one line of JSON.
"""

import json
import os
import sys
from datetime import date, datetime, timedelta

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules import Manifest
from odoo.modules.registry import Registry
from odoo.tools import config
from odoo.tools.convert import convert_file

ADDON = "bitpaket_billing"


def prepare(env, url, simulator_url, storefront_url, known_key):
    """Load the demo's data, connect FastSpring's simulator, and make a usage key.

    Every step may run again: what exists already is kept.

    :return: what `make info` tells about the demo
    """
    again = env.ref(f"{ADDON}.account_kestrel", raise_if_not_found=False)
    for name in Manifest.for_addon(ADDON)["demo"]:
        convert_file(
            env,
            ADDON,
            name,
            None,
            mode="update" if again else "init",
            noupdate=True,
        )
    parameters = env["ir.config_parameter"]
    parameters.set_param("web.base.url", url)
    parameters.set_param("web.base.url.freeze", "True")
    provider = env.ref(f"{ADDON}.payment_provider_fastspring")
    provider.write(
        {
            "company_id": env.ref("base.main_company").id,
            "state": "test",
            "is_published": True,
            "fastspring_store": "bitpaket",
            "fastspring_checkout": "web-invoices",
            "fastspring_username": "sim",
            "fastspring_password": "sim",
            "fastspring_automatic_product": "autopay",
            "fastspring_test_api_url": simulator_url,
            "fastspring_test_storefront_url": storefront_url,
        }
    )
    # Usage must be there before its month is closed.
    later = datetime.now() + timedelta(hours=1)
    env["bitpaket.billing.run"]._jobs().nextcall = later.replace(microsecond=0)
    return {
        "api_key": known_key if _key_works(env, known_key) else make_key(env)["key"],
        "webhook_url": provider.fastspring_webhook_url,
        "webhook_secret": provider.fastspring_webhook_secret,
    }


def _key_works(env, key):
    keys = env["res.users.apikeys"]
    return bool(key and keys._check_credentials(scope="bitpaket.usage", key=key))


def make_key(env):
    """Make another usage key of the demo's reporter."""
    wizard = env["bitpaket.usage.key"]
    reporter = env.ref(f"{ADDON}.user_control_plane")
    values = wizard.default_get(["name", "expiration"])
    return {"key": wizard._make_key(reporter, values["name"], values["expiration"])}


def close(env, period):
    """Close one month, and return what became of it.

    :param str period: YYYY-MM
    """
    start = date.fromisoformat(f"{period}-01")
    following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    env["bitpaket.usage.store"]._cron_roll_up()
    env["bitpaket.statement"]._close_periods(until=following)
    statements = env["bitpaket.statement"].search(
        [("period_start", ">=", start), ("period_start", "<", following)],
        order="account_id",
    )
    return {"statements": [_describe(statement) for statement in statements]}


def _describe(statement):
    move = statement.move_id
    amounts = dict.fromkeys(("requests", "storage", "transfer", "other"), 0)
    for line in statement.line_ids:
        amounts[line.kind or "other"] += line.amount
    return {
        "account": statement.account_id.name,
        "company": statement.company_id.name,
        "invoice": move.name or "",
        "currency": statement.currency_id.name,
        "digits": statement.currency_id.decimal_places,
        "untaxed": move.amount_untaxed if move else 0,
        "state": "error"
        if statement.state == "error"
        else dict(move._fields["payment_state"].selection).get(move.payment_state, ""),
        "message": statement.message or "",
        **amounts,
    }


def main():
    """Run the step that the command line names."""
    name, *arguments = sys.argv[1:]
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    steps = {"prepare": prepare, "close": close, "make_key": make_key}
    registry = Registry(config["db_name"][0])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        result = steps[name](env, *arguments)
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
