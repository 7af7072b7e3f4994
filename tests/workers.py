"""Workers of Odoo's scheduler that can be killed: `python -m tests.workers`.

They are forked from a process that has loaded Odoo already, so that one that was killed
is replaced at once, and they run jobs by the code that Odoo's own cron workers run.
"""

import contextlib
import json
import os
import random
import signal
import sys
import time

import psycopg2

import odoo
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.base.models.ir_cron import IrCron

# As if the next poll of an idle worker came right now.
READY = """
    UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC'
     WHERE id IN (SELECT id FROM ir_cron WHERE cron_name LIKE 'BitPaket: invoice%'
                     FOR NO KEY UPDATE SKIP LOCKED)
"""
LEFT = """
    SELECT (SELECT COUNT(*) FROM bitpaket_account)
         - (SELECT COUNT(*) FROM bitpaket_statement WHERE state = 'invoiced')
"""


def query(sql):
    database = psycopg2.connect(dbname=config["db_name"][0])
    with contextlib.closing(database):
        database.autocommit = True
        cursor = database.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None


def work():
    """Run ready jobs until every account is invoiced."""
    while query(LEFT):
        query(READY)
        IrCron._process_jobs(config["db_name"][0])
        time.sleep(0.01)


def fork(batch_size):
    """Start a worker and return its process id."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        from odoo.addons.bitpaket_billing.models import bitpaket_billing_run_work

        work_of = bitpaket_billing_run_work.BitpaketBillingRun._work
        work_of.__defaults__ = (batch_size,)
        work()
        code = 0
    except psycopg2.OperationalError:
        pass  # the database is away: replaced, as Odoo's master process does
    finally:
        os._exit(code)


def main(kills, seed, batch_size):
    """Run two workers to the end of the work, and kill one of them time and again.

    :param int kills: how many times
    :param int seed: of the moments and of who it hits
    :param int batch_size: of the month close
    """
    config.parse_config(["-c", os.environ["ODOO_RC"], "--log-level=critical"])
    Registry(config["db_name"][0])
    odoo.sql_db.close_all()  # a connection must not be shared with a fork
    chance = random.Random(seed)
    workers = {fork(batch_size) for _number in range(2)}
    left, longest = [query(LEFT)], 0.5
    for _kill in range(kills):
        time.sleep(chance.uniform(0, longest))
        victim = chance.choice(sorted(workers))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        left.append(query(LEFT))
        # About as long as a batch takes on this machine, so that every part is hit.
        longest *= 1.2 if left[-1] == left[-2] else 0.8
        workers = workers - {victim} | {fork(batch_size)}
    while workers:
        pid, status = os.wait()
        workers.discard(pid)
        if status:
            time.sleep(0.1)
            workers.add(fork(batch_size))
    print(json.dumps({"left": left}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
