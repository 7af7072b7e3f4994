"""Steps of exports in a process of its own; runs inside Odoo's Python."""

import json
import os
import signal
import sys
from dataclasses import replace
from functools import partial
from unittest.mock import patch

import odoo
from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import config

MODELS = "odoo.addons.bitpaket_billing.models.bitpaket_export_"


def formats():
    """Return the formats; the addon can be imported once Odoo knows where it is."""
    from odoo.addons.bitpaket_billing import bookkeeping

    return bookkeeping.FORMATS


def die():
    """End like a machine that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def prepare(env, count):
    """Make a target, and post entries."""
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
    env["bitpaket.export.target"].create(
        {"name": "Adviser", "format": "plain", "journal_ids": [Command.clear()]}
    )
    add(env, count)


def add(env, count):
    """Post entries of one dollar, two dollars and so on."""
    journal = env["account.journal"].search([("type", "=", "general")], limit=1)
    domain = [("company_ids", "in", env.company.id)]
    account = env["account.account"].search(
        [*domain, ("account_type", "=", "expense")], limit=2
    )
    moves = env["account.move"].create(
        [
            {
                "journal_id": journal.id,
                "date": "2026-10-15",
                "line_ids": [
                    Command.create({"account_id": account[0].id, "balance": amount}),
                    Command.create({"account_id": account[1].id, "balance": -amount}),
                ],
            }
            for amount in range(1, int(count) + 1)
        ]
    )
    moves.action_post()


def export(env):
    """Export as a person does; tell how many entries, or that there were none."""

    def do():
        batch = env["bitpaket.export.batch"].create(
            {
                "target_id": env["bitpaket.export.target"].search([], limit=1).id,
                "date_start": "2026-10-01",
                "date_end": "2026-11-01",
            }
        )
        batch.action_export()
        return batch.entry_count

    try:
        return retrying(do, env)
    except UserError:
        env.cr.rollback()
        return 0


def claim(env, count):
    """Post entries, and take them for the scheduler to write."""
    add(env, count)
    env.cr.commit()
    with patch(f"{MODELS}batch_actions.DIRECT", 0):
        return export(env)


def finish(env):
    """Let the scheduler work; tell how many entries still waited for an export."""
    waiting = export(env)
    env["bitpaket.export.batch"]._cron_export()
    return waiting


def work(env, moment=""):
    """Let the scheduler work; die at a moment of it."""
    plain = formats()["plain"]

    def write(books, entries):
        for number, piece in enumerate(plain.write(books, entries)):
            if moment == f"line {number}":
                die()
            yield piece

    batches = type(env["bitpaket.export.batch"])
    finish = batches._finish

    def finish_and_die(batch, control):
        finish(batch, control)
        if moment == "before the commit":
            batch.env.flush_all()
            die()

    with (
        patch.dict(formats(), {"plain": replace(plain, write=write)}),
        patch.object(batches, "_finish", finish_and_die),
    ):
        env["bitpaket.export.batch"]._cron_export()


def main():
    """Run the step that the command line names."""
    name, *arguments = sys.argv[1:]
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    steps = {one.__name__: one for one in (claim, export, finish, prepare, work)}
    registry = Registry(config["db_name"][0])
    from ..export_common import PLAIN

    with (
        patch.dict(formats(), {"plain": PLAIN}),
        patch(f"{MODELS}target_books.CHUNK", 50),
        patch(f"{MODELS}batch_write.CHUNK", 50),
        registry.cursor() as cr,
    ):
        env = api.Environment(cr, SUPERUSER_ID, {})
        result = partial(steps[name], env)(*arguments)
        cr.commit()
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
