"""The workbook of the accountant pack, written row by row."""

from datetime import date
from decimal import Decimal

import xlsxwriter

from . import sums
from .control import Control
from .pack_rows import DOCUMENT, ITEM, MONEY, MONEY_KINDS, Money
from .text import clean
from .types import Books, Entry

#: Rows of a sheet, as Excel has them.
MOST_ROWS = 1_048_576
#: Characters of a cell, as Excel has them.
LONGEST_TEXT = 32_767

CONTROL = "Control"
ITEMS = "Journal items"
DOCUMENTS = "Invoices & credit notes"
PAYMENTS = "Payments, payouts & fees"
TAXES = "Tax summary"
REVENUE = "Revenue"


class Formats:
    """The cell formats of a workbook, made when they are first needed."""

    def __init__(self, book, books: Books):
        self.book = book
        self.books = books
        self.header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.section = book.add_format({"bold": True})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._money = {}

    def money(self, currency):
        """Return the format of amounts in a currency."""
        digits = self.books.digits(currency)
        if digits not in self._money:
            zeros = f".{'0' * digits}" if digits else ""
            self._money[digits] = self.book.add_format({"num_format": f"#,##0{zeros}"})
        return self._money[digits]


class Sheet:
    """A sheet that is written from its top; it goes on in another one when full."""

    def __init__(self, book, formats: Formats, name, most=MOST_ROWS):
        self.book = book
        self.formats = formats
        self.name = name
        self.most = most
        self.count = 0
        self.row = 0
        self.head = None
        self._open()

    def _open(self):
        self.count += 1
        name = self.name if self.count == 1 else f"{self.name} {self.count}"
        self.sheet = self.book.add_worksheet(name)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)
        self.row = 0

    def table(self, headers, widths):
        """Make the whole sheet a table: widths, and a header that stays and filters."""
        self.head = (headers, widths)
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.freeze_panes(1, 0)
        self.sheet.repeat_rows(0)
        self.write_row(headers, self.formats.header)

    def write_row(self, values, text_format=None):
        """Write a row.

        :param values: text, int, Money, date, datetime or None, by column
        """
        if self.row == self.most:
            self.finish()
            self._open()
            if self.head:
                self.table(*self.head)
        for column, value in enumerate(values):
            self._cell(column, value, text_format)
        self.row += 1

    def _cell(self, column, value, text_format):
        sheet, row, formats = self.sheet, self.row, self.formats
        if value is None or value == "":
            return
        if isinstance(value, str):
            sheet.write_string(row, column, clean(value)[:LONGEST_TEXT], text_format)
        elif isinstance(value, Money):
            form = formats.money(value.currency)
            sheet.write_number(row, column, value.amount, form)
        elif isinstance(value, int | Decimal):
            sheet.write_number(row, column, value)
        elif type(value) is date:
            sheet.write_datetime(row, column, value, formats.date)
        else:
            sheet.write_datetime(row, column, value, formats.time)

    def finish(self):
        """Put the filter on what was written."""
        if self.head:
            self.sheet.autofilter(0, 0, max(self.row - 1, 0), len(self.head[0]) - 1)


class Workbook:
    """The workbook: entries are added one by one; `finish` adds what they come to.

    :param str path: where to write it
    :param str folder: for temporary files
    """

    def __init__(self, books: Books, path, folder, most_rows=MOST_ROWS):
        self.books = books
        options = {"constant_memory": True, "tmpdir": folder}
        self.book = xlsxwriter.Workbook(path, options)
        properties = {"title": books.reference, "created": books.created}
        self.book.set_properties({**properties, "author": books.user})
        formats = Formats(self.book, books)
        self.sheets = {
            name: Sheet(self.book, formats, name, most_rows)
            for name in (CONTROL, ITEMS, DOCUMENTS, PAYMENTS, TAXES, REVENUE)
        }
        for name, fields in ((ITEMS, ITEM), (DOCUMENTS, DOCUMENT), (PAYMENTS, MONEY)):
            headers = [field.header for field in fields]
            self.sheets[name].table(headers, [field.width for field in fields])

    def add(self, entry: Entry, items: list[list]):
        """Write an entry to the sheets that it belongs to.

        :param list items: the values of its items
        """
        books = self.books
        for item in items:
            self.sheets[ITEMS].write_row(item)
        if entry.kind in sums.DOCUMENTS:
            values = [field.read(books, entry) for field in DOCUMENT]
            self.sheets[DOCUMENTS].write_row(values)
        elif entry.kind in MONEY_KINDS:
            for line in entry.lines:
                values = [field.read(books, entry, line) for field in MONEY]
                self.sheets[PAYMENTS].write_row(values)

    def finish(self, control: Control, files):
        """Write the summaries and close the file.

        :param list files: name, bytes and sha256 of the other files
        """
        self._write_taxes(control)
        self._write_revenue(control)
        self._write_control(control, files)
        for sheet in self.sheets.values():
            sheet.finish()
        self.book.close()

    def _own(self, amount):
        return Money(amount, self.books.currency)

    def _write_taxes(self, control):
        sheet = self.sheets[TAXES]
        headers = ["Tax", "Country", "Base", "Tax amount", "Items"]
        sheet.table(headers, [20, 9, 16, 16, 9])
        for (code, country), total in sorted(control.taxes.items()):
            base, tax = self._own(total.base), self._own(total.tax)
            sheet.write_row([code, country, base, tax, total.lines])

    def _write_revenue(self, control):
        sheet = self.sheets[REVENUE]
        headers = ["Month", "For", "Account", "Account name", "Revenue", "Items"]
        sheet.table(headers, [11, 14, 11, 30, 16, 9])
        rows = sorted(
            control.revenue.items(),
            key=lambda item: (item[0][0], item[0][1], _account_key(item[0][2])),
        )
        for (month, kind, account), total in rows:
            revenue = self._own(-total.balance)
            sheet.write_row(
                [month, kind, account.code, account.name, revenue, total.lines]
            )

    def _write_control(self, control, files):
        sheet, formats = self.sheets[CONTROL], self.sheets[CONTROL].formats
        for column, width in enumerate([34, 26, 22, 12, 18, 18, 18]):
            sheet.sheet.set_column(column, column, width)
        sheet.write_row([self.books.reference], formats.title)
        self._write_frame(sheet)
        self._write_totals(sheet, control)
        self._section(sheet, "Numbers that are missing between first and last")
        sheet.write_row(["Journal", "First", "Last", "Count"], formats.header)
        gaps = False
        for gap in control.gaps():
            gaps = True
            sheet.write_row([gap.journal, gap.first, gap.last, gap.count])
        if not gaps:
            sheet.write_row(["none"])
        self._section(sheet, "Other files")
        sheet.write_row(["File", "Bytes", "SHA-256"], formats.header)
        for name, size, digest in files:
            sheet.write_row([name, size, digest])

    def _write_frame(self, sheet):
        books = self.books
        for name, value in (
            ("Company", books.company),
            ("Currency", books.currency),
            ("First day", books.start),
            ("Last day", sums.last_day(books.end)),
            ("Made at (UTC)", books.created.replace(tzinfo=None)),
            ("Made by", books.user),
        ):
            sheet.write_row([name, value])

    def _write_totals(self, sheet, control):
        own, formats = self._own, sheet.formats
        figures = ["Entries", "Items", "Debit", "Credit", "Balance"]

        def numbers(total):
            return [
                total.entries,
                total.lines,
                own(total.debit),
                own(total.credit),
                own(total.balance),
            ]

        self._section(sheet, "Total")
        sheet.write_row(["", "", *figures], formats.header)
        sheet.write_row(["All entries", "", *numbers(control.total)])
        self._section(sheet, "Per kind of entry")
        sheet.write_row(["Kind", "", *figures], formats.header)
        for kind, total in sorted(control.kinds.items()):
            sheet.write_row([kind, "", *numbers(total)])
        self._section(sheet, "Per journal")
        sheet.write_row(["Journal", "Name", *figures], formats.header)
        for journal, total in sorted(control.journals.items()):
            sheet.write_row([*journal, *numbers(total)])
        self._section(sheet, "Per account")
        sheet.write_row(["Account", "Name", *figures], formats.header)
        for account, total in sorted(
            control.accounts.items(), key=lambda item: _account_key(item[0])
        ):
            sheet.write_row([account.code, account.name, *numbers(total)])

    def _section(self, sheet, title):
        sheet.write_row([])
        sheet.write_row([title], sheet.formats.section)


def _account_key(account):
    return account.code, account.own_code, account.name
