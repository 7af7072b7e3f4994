"""Small helpers between Odoo and the exact numbers of the rating core."""

import codecs
import contextlib
import csv
import gc
import io
from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo.tools import format_date
from odoo.tools.misc import get_lang

from . import rating


def exact(value):
    """Return the decimal number that a float field or a text shows.

    Odoo reads NUMERIC columns as floats; up to 15 significant digits the shortest
    text of such a float is the number that was stored.

    :param value: float, int, text or Decimal
    :rtype: Decimal
    """
    return value if isinstance(value, Decimal) else Decimal(str(value))


def exact_or_none(value):
    """Return the decimal number of a float field in which 0 means that there is none.

    :rtype: Decimal | None
    """
    return exact(value) if value else None


def period_label(env, start, end):
    """Return a half-open period in words: a month's name, or first and last day.

    Many lines of a month close have the same period, so it is put into words once.

    :param date start: first day
    :param date end: day after the last one
    :rtype: str
    """
    labels = env.cr.cache.setdefault("bitpaket_period_labels", {})
    key = (env.uid, env.context.get("lang"), start, end)
    if key not in labels:
        labels[key] = _period_label(env, start, end)
    return labels[key]


def _period_label(env, start, end):
    if rating.calendar_month(start) == rating.Period(start, end):
        return format_date(env, start, date_format="MMMM yyyy")
    last = end - timedelta(days=1)
    if last == start:
        return format_date(env, start)
    return f"{format_date(env, start)} – {format_date(env, last)}"


def price_text(env, price, per, unit=""):
    """Return a price in words, for example: 0.005 per 1,000 requests.

    :param float price: of `per` units
    :param float per: how many units the price is for
    :param str unit: name of the unit, if it shall be told
    :rtype: str
    """
    price = quantity_text(env, price, digits=12)
    several = quantity_text(env, per) if per not in (0, 1) else ""
    units = " ".join(filter(None, (several, unit)))
    if not units:
        return price
    return env._("%(price)s per %(unit)s", price=price, unit=units)


def quantity_text(env, value, digits=4):
    """Return a quantity or price in the reader's format, without trailing zeros.

    :param float value: the number
    :param int digits: decimals at most
    :rtype: str
    """
    rounded = round(exact(value), digits).normalize()
    decimals = max(0, -rounded.as_tuple().exponent)
    return _language(env).format(f"%.{decimals}f", rounded, grouping=True)


def _language(env):
    """Return the language of numbers: many are written, so it is looked up once.

    :rtype: odoo.addons.base.models.res_lang.ResLang
    """
    languages = env.cr.cache.setdefault("bitpaket_languages", {})
    key = (env.uid, env.context.get("lang"))
    if key not in languages:
        languages[key] = get_lang(env).id
    return env["res.lang"].browse(languages[key])


def changed_fields(record, vals):
    """Return the names of the fields that values would change.

    Whoever imports a file writes all its columns, most of them as they are. Lines of a
    record look after themselves.

    :param record: a single record
    :param dict vals: what is to be written
    :rtype: set[str]
    """
    return {
        name
        for name, value in vals.items()
        if not (field := record._fields[name]).type.endswith("2many")
        and field.convert_to_cache(value, record)
        != field.convert_to_cache(record[name], record)
    }


def csv_file(rows):
    """Return a CSV file that spreadsheets and programs read alike.

    UTF-8 with a byte order mark, otherwise as in RFC 4180. A text that a spreadsheet
    would take for a formula gets a leading apostrophe; a number stays one.

    :param rows: iterable of rows of texts, dates and Decimal numbers
    :rtype: bytes
    """
    text = io.StringIO()
    csv.writer(text).writerows([_csv_cell(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + text.getvalue().encode()


def _csv_cell(cell):
    if isinstance(cell, Decimal):
        return format(cell, "f")
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@contextlib.contextmanager
def no_garbage_collection():
    """Put off the search for garbage, while very many objects are in use anyway."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def do_all_that_can(records, do, give_up):
    """Do something with records, in ever smaller parts when one of them fails.

    :param callable do: takes records; what it writes is undone when it fails
    :param callable give_up: takes the one record that fails, and the error
    """
    try:
        with records.env.cr.savepoint():
            do(records)
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        raise  # of the database, and of no record
    except Exception as error:
        if len(records) == 1:
            give_up(records, error)
            return
        half = len(records) // 2
        for part in (records[:half], records[half:]):
            do_all_that_can(part, do, give_up)
