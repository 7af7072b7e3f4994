"""`make bench`: every speed that is promised, against its peer, in the same run."""

import json

from .. import database, environment
from ..console import Problem, paint, say, step
from ..locks import exclusive
from ..odoo_server import OdooServer, free_port
from ..paths import ROOT, RUN
from ..postgres import Postgres
from . import close, core, export, ingest, large, portal, webhook

#: (names of the rows, what is measured, function)
BENCHMARKS = (
    (("rating",), "Rating of 1,000 accounts", core.rating),
    (("ingest-copy",), "Ingest over HTTP against COPY", ingest.against_copy),
    (
        ("ingest-large", "balance-large", "balance-time", "rollup-large"),
        "Ten million events against few",
        large.against_few,
    ),
    (
        ("portal-queries", "portal-time", "portal-stock"),
        "The billing page beside Odoo's list of invoices",
        portal.against_stock,
    ),
    (("close-stock",), "Month close against stock invoicing", close.against_stock),
    (("close-contract",), "Month close against OCA contract", close.against_contract),
    (
        ("close-subscription",),
        "Month close against subscription_oca",
        close.against_subscription,
    ),
    (("close-workers",), "Month close with two workers", close.two_workers),
    (
        ("close-flat", "close-memory"),
        "Month close of 20,000 accounts against 1,000",
        close.many_accounts,
    ),
    (
        (*(f"export-{name}" for name in export.FORMATS), "export-memory"),
        "Exports of 10,000 entries and of 100,000",
        export.each_format,
    ),
    (("webhook",), "Webhook deliveries against a stock one", webhook.against_stock),
)
REPORT = ROOT / "bench.json"


def run(only=None):
    """Run the benchmarks, print a table and write `bench.json`.

    :param str only: name of the one to run
    :return: how many did not hold what is promised
    :rtype: int
    """
    known = [name for names, _title, _function in BENCHMARKS for name in names]
    if only and only not in known:
        raise Problem(f"There is no benchmark {only}.", "Known: " + ", ".join(known))
    environment.ensure()
    postgres = Postgres()
    results = []
    with exclusive(RUN / "bench.lock", "it measures"), postgres.running():
        server = OdooServer(postgres, "bench", free_port())
        for names, title, function in BENCHMARKS:
            if only and only not in names:
                continue
            with step(f"{title} ({', '.join(names)})"):
                database.create(postgres, server.database, _template(postgres, server))
                measured = function(server)
            rows = measured if len(names) > 1 else {names[0]: measured}
            results += [{"name": name, **rows[name]} for name in names]
        database.drop(postgres, server.database)
    REPORT.write_text(json.dumps(results, indent=2) + "\n")
    _print_table(results)
    return sum(not row["holds"] for row in results)


def _template(postgres, server):
    """Return a database with the addon installed, made once per run."""
    name = "bench_template"
    if getattr(server, "bench_ready", False):
        return name
    building = OdooServer(postgres, name, 0)
    database.create(postgres, name, database.template(postgres))
    building.install(database.ADDON)
    server.bench_ready = True
    return name


def compare(ours, against, unit, *, at_least=None, at_most=None):
    """Return a result: rates compare as ours / against, times as against / ours.

    :param float ours: what we measured
    :param float against: what the peer needs or does
    :param str unit: "…/s" for rates; everything else is a cost, less is better
    """
    rate = unit.endswith("/s")
    ratio = ours / against if rate or at_most else against / ours
    limit = {"at_least": at_least} if at_least else {"at_most": at_most}
    return {
        "ours": round(ours, 3),
        "against": round(against, 3),
        "unit": unit,
        "ratio": round(ratio, 2),
        **limit,
        "holds": ratio >= at_least if at_least else ratio <= at_most,
    }


def _print_table(results):
    say()
    heads = f"{'name':<20} {'ours':>12} {'against':>12} {'unit':<12} {'ratio':>7}"
    print(f"{heads}  promised")
    for row in results:
        promise = (
            f"at least {row['at_least']}"
            if "at_least" in row
            else f"at most {row['at_most']}"
        )
        verdict = paint("holds", 32) if row["holds"] else paint("does not hold", 31)
        print(
            f"{row['name']:<20} {row['ours']:>12,.3f} {row['against']:>12,.3f} "
            f"{row['unit']:<12} {row['ratio']:>7.2f}  {promise}: {verdict}"
        )
