"""The part of the exports' benchmark that runs inside Odoo.

`python -m dev.bench.export_inside NAME ARGUMENT`; prints one line of JSON.
"""

import json
import os
import resource
import sys
import time

import odoo
import odoo.tests
from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

TABLES = ("account_move", "account_move_line")
#: What is different in each copy: column → expression, of its `number`.
MOVE = {
    "name": "'COPY/2026/' || lpad(number::text, 6, '0')",
    "sequence_prefix": "'COPY/2026/'",
    "sequence_number": "number",
}


def fill(env, count):
    """Copy an invoice of five revenue lines until there are as many."""
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", company=company)
    model = env["account.move"].search([("ref", "=", "bench")], limit=1)
    if not model:
        model = _invoice(env)
    known = env["account.move"].search_count([("state", "=", "posted")])
    env.flush_all()
    moves = _columns(env.cr, "account_move", MOVE)
    lines = _columns(env.cr, "account_move_line", {"move_id", "move_name"})
    env.cr.execute(
        SQL(
            """
            WITH copied AS (
                 INSERT INTO account_move (%(columns)s, %(changed)s)
                 SELECT %(columns)s, %(values)s
                   FROM account_move, generate_series(%(first)s, %(last)s) number
                  WHERE id = %(model)s
              RETURNING id, name
            )
            INSERT INTO account_move_line (%(line_columns)s, move_id, move_name)
            SELECT %(own_columns)s, copied.id, copied.name
              FROM copied, account_move_line line
             WHERE line.move_id = %(model)s
            """,
            columns=_list(moves),
            changed=_list(MOVE),
            values=SQL(", ").join(SQL(value) for value in MOVE.values()),
            first=known,
            last=int(count) - 1,
            model=model.id,
            line_columns=_list(lines),
            own_columns=_list(lines, "line"),
        )
    )
    env.cr.commit()
    env.cr._cnx.autocommit = True
    for table in TABLES:
        env.cr.execute(SQL("VACUUM ANALYZE %s", SQL.identifier(table)))
    env.cr._cnx.autocommit = False
    return {}


def _invoice(env):
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "ref": "bench",
            "partner_id": env["res.partner"].create({"name": "Bench"}).id,
            "invoice_date": "2026-10-01",
            "invoice_line_ids": [
                Command.create(
                    {"name": f"Line {number}", "price_unit": 10, "tax_ids": []}
                )
                for number in range(5)
            ],
        }
    )
    invoice.action_post()
    return invoice


def _columns(cr, table, left_out):
    """Return the columns of a table that copies share."""
    cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY column_name",
        [table],
    )
    return [name for (name,) in cr.fetchall() if name not in {"id", *left_out}]


def _list(columns, table=None):
    return SQL(", ").join(
        SQL.identifier(table, name) if table else SQL.identifier(name)
        for name in columns
    )


def export(env, format_):
    """Export all entries to a new target."""
    with odoo.tests.Form(env["bitpaket.export.target"]) as form:
        form.name = format_
        form.format = format_
        form.journal_ids.clear()
        if format_ == "profile":
            form.csv_template = "yevmiye"
    target = form.record
    if format_ == "datev":
        target.write(
            {
                "datev_consultant": "29098",
                "datev_client": "55003",
                "datev_account_length": "6",
                "number_partners": True,
                "first_customer_number": 1_000_000,
                "first_supplier_number": 7_000_000,
            }
        )
    batch = env["bitpaket.export.batch"].create(
        {"target_id": target.id, "date_start": "2026-01-01", "date_end": "2027-01-01"}
    )
    batch._claim()
    env.cr.commit()
    started = time.perf_counter()
    batch._write_files()
    env.cr.commit()
    seconds = time.perf_counter() - started
    if batch.state != "generated":
        raise SystemExit("\n".join(batch.problem_ids.mapped("text")) or batch.message)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "megabytes": kilobytes / 1024}


def main():
    """Run the step that the command line names."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=error"])
    name, argument = sys.argv[1:]
    step = {"fill": fill, "export": export}[name]
    with Registry(config["db_name"][0]).cursor() as cr:
        result = step(api.Environment(cr, SUPERUSER_ID, {}), argument)
    print(json.dumps(result))
    odoo.sql_db.close_all()


if __name__ == "__main__":
    main()
