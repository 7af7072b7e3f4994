"""A database of an earlier version is upgraded with what is in it."""

import pytest

from ..processes import Scratch
from .test_install import server

FILL = "dev.bench.close_inside"
#: What 19.0.1.1.0 added to tables that 19.0.1.0.0 had, and its constraint on prices.
BACK_TO_19_0_1_0_0 = """
    ALTER TABLE bitpaket_price DROP COLUMN currency_id, DROP COLUMN company_id,
        DROP COLUMN date_existing, DROP COLUMN account_id, DROP COLUMN package_size;
    ALTER TABLE bitpaket_price ADD CONSTRAINT bitpaket_price_meter_start_uniq
        UNIQUE (book_id, meter_id, date_start);
    ALTER TABLE bitpaket_usage_line DROP COLUMN type, DROP COLUMN basis;
    ALTER TABLE bitpaket_statement DROP COLUMN price_book_id;
    ALTER TABLE bitpaket_meter DROP COLUMN rounding, DROP COLUMN unit_size_custom;
    DROP TABLE bitpaket_price_minimum;
    UPDATE ir_rule SET domain_force =
        '[(''book_id.company_id'', ''in'', company_ids + [False])]'
     WHERE name = 'price: own companies';
    UPDATE ir_module_module SET latest_version = '19.0.1.0.0'
     WHERE name = 'bitpaket_billing';
"""
INVOICED = """
    SELECT account.reference, statement.period_start, statement.amount_total, line.name,
           line.quantity, line.amount, line.type, price.currency_id, price.company_id,
           price.date_existing = price.date_start, statement.price_book_id
      FROM bitpaket_usage_line line
      JOIN bitpaket_statement statement ON statement.id = line.statement_id
      JOIN bitpaket_account account ON account.id = statement.account_id
      LEFT JOIN bitpaket_price price ON price.id = line.price_id
     ORDER BY account.reference, statement.period_start, line.sequence
"""


@pytest.fixture(scope="module")
def scratch():
    with Scratch("upgrade") as database:
        for month, following in (("2026-09", "2026-10-01"), ("2026-10", "2026-11-01")):
            database.run(FILL, "fill", "3", month)
            database.run(FILL, "ours", following)
        yield database


def test_prices_and_statements_come_along(scratch):
    before = scratch.query(INVOICED)
    assert len(before) == 3 * 2 * 5
    scratch.query(BACK_TO_19_0_1_0_0)
    assert server(scratch, "-u", "bitpaket_billing") == []
    assert scratch.query(INVOICED) == before
    assert scratch.query(
        "SELECT domain_force FROM ir_rule WHERE name = 'price: own companies'"
    ) == [("[('company_id', 'in', company_ids + [False])]",)]
    assert not scratch.query(
        "SELECT conname FROM pg_constraint"
        " WHERE conname = 'bitpaket_price_meter_start_uniq'"
    )
