"""Books to hand over: accounts of three charts, and entries of every kind."""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bookkeeping import Account, Books, Entry, Line, Partner
from hypothesis import strategies as st

ZERO, CENT = Decimal(0), Decimal("0.01")
CURRENCIES = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
RATES = {"2": 7, "3": 19}


def _chart(*rows):
    return {key: Account(code, name, kind) for key, code, name, kind in rows}


SKR03 = _chart(
    ("receivable", "1400", "Forderungen a. L. L.", "receivable"),
    ("clearing", "1361", "Verrechnung FastSpring", "bank"),
    ("bank", "1200", "Bank", "bank"),
    ("deferred", "0990", "Passive Rechnungsabgrenzung", "liability"),
    ("tax3", "1776", "Umsatzsteuer 19 %", "liability"),
    ("tax2", "1771", "Umsatzsteuer 7 %", "liability"),
    ("income", "8338", "Erlöse Drittland", "income"),
    ("taxed", "8190", "Erlöse Speicher", "income"),
    ("fee", "4970", "Nebenkosten des Geldverkehrs", "expense"),
    ("equity", "0800", "Gezeichnetes Kapital", "equity"),
    ("payable", "1600", "Verbindlichkeiten", "payable"),
    ("exchange", "2660", "Kursgewinne", "income"),
)
SKR04 = _chart(
    ("receivable", "1200", "Forderungen a. L. L.", "receivable"),
    ("clearing", "1461", "Verrechnung FastSpring", "bank"),
    ("bank", "1800", "Bank", "bank"),
    ("deferred", "3900", "Passive Rechnungsabgrenzung", "liability"),
    ("tax3", "3806", "Umsatzsteuer 19 %", "liability"),
    ("tax2", "3801", "Umsatzsteuer 7 %", "liability"),
    ("income", "4338", "Erlöse Drittland", "income"),
    ("taxed", "4190", "Erlöse Speicher", "income"),
    ("fee", "6855", "Nebenkosten des Geldverkehrs", "expense"),
    ("equity", "2900", "Gezeichnetes Kapital", "equity"),
    ("payable", "3300", "Verbindlichkeiten", "payable"),
    ("exchange", "4840", "Kursgewinne", "income"),
)
TURKISH = _chart(
    ("receivable", "120.01", "Alıcılar; (yurt dışı)", "receivable"),
    ("clearing", "108.01", "Diğer hazır değerler [FastSpring]", "bank"),
    ("bank", "102", "Bankalar: İş", "bank"),
    ("deferred", "380", "Gelecek aylara ait gelirler", "liability"),
    ("tax3", "391", "Hesaplanan KDV", "liability"),
    ("tax2", "391.02", "Hesaplanan KDV", "liability"),
    ("income", "601", "ışıltı  Yurt dışı satışlar", "income"),
    ("taxed", "600", 'Yurt içi "satışlar" \\ 1', "income"),
    ("fee", "653", "Komisyon giderleri @ 3 %", "expense"),
    ("equity", "500", "= Sermaye", "equity"),
    ("payable", "320", "* Satıcılar", "payable"),
    ("exchange", "646", "Kambiyo kârları", "income"),
)
GENERIC = _chart(
    ("receivable", "121000", "Account Receivable", "receivable"),
    ("clearing", "101403", "Outstanding Receipts", "asset"),
    ("bank", "101401", "Bank", "bank"),
    ("deferred", "212000", "Deferred Revenue", "liability"),
    ("tax3", "251000", "Tax Received", "liability"),
    ("tax2", "251001", "", "liability"),
    ("income", "400000", "Product Sales", "income"),
    ("taxed", "400001", "Product Sales", "income"),
    ("fee", "620000", "Bank Fees", "expense"),
    ("equity", "999999", "Undistributed Profits/Losses", "equity"),
    ("payable", "211000", "Account Payable", "payable"),
    ("exchange", "441000", "Foreign Exchange Gain", "income"),
)
CHARTS = (SKR03, SKR04, TURKISH, GENERIC)

DEBTORS = (
    Partner(1, "FastSpring", "10001", "IE9740425P", "Main St 1", "D02", "Dublin", "IE"),
    Partner(2, 'Müller & "Söhne" GmbH', "10002", "DE123456789", country="DE"),
    Partner(3, "İstanbul Işık A.Ş.", "10003", country="TR"),
)
CREDITOR = Partner(4, "Rechenzentrum Süd", "70001", country="DE")
PERIOD = date(2026, 1, 1), date(2027, 1, 1)
DATEV = {"consultant": 29098, "client": 55003, "chart": "03", "transliterate": True}


def make_books(chart=SKR03, options=(), **values):
    """Return the frame of an export of the year 2026."""
    frame = {
        "reference": "EXP/2026/00042",
        "company": 'Lumen "Cloud" GmbH',
        "currency": "EUR",
        "start": PERIOD[0],
        "end": PERIOD[1],
        "created": datetime(2026, 11, 22, 10, 15, 1, 234567),
        "fiscal_year_start": PERIOD[0],
        "currencies": CURRENCIES,
        "accounts": tuple(chart.values()),
        "partners": (*DEBTORS, CREDITOR),
        "user": "finance",
        "options": {**DATEV, **dict(options)},
    }
    return Books(**{**frame, **values})


def make_line(account, balance, **values):
    """Return a line of an account with a signed amount, given as text or number."""
    balance = Decimal(balance)
    return Line(account, max(balance, ZERO), max(-balance, ZERO), **values)


def make_entry(*lines, name="INV/2026/00001", day=date(2026, 10, 31), **values):
    """Return an entry of the lines."""
    return Entry(values.pop("id", 1), name, day, "INV", lines, **values)


def collect(format_, books, entries):
    """Write the files, and return their bytes by name."""
    files = {}
    for name, piece in format_.write(books, iter(entries)):
        files.setdefault(name, []).append(piece)
    return {name: b"".join(pieces) for name, pieces in files.items()}


def balances(entries, key=lambda line: line.account.code):
    """Return what the entries move per account, without those that move nothing."""
    sums = {}
    for entry in entries:
        for line in entry.lines:
            sums[key(line)] = sums.get(key(line), ZERO) + line.debit - line.credit
    return {name: value for name, value in sums.items() if value}


def year(count, chart=SKR03):
    """Yield a year of invoices, a fee, a payout and a recognition among them."""
    for number in range(count):
        day = PERIOD[0] + timedelta(days=number * 365 // count)
        debtor = DEBTORS[number % len(DEBTORS)]
        net = Decimal(1000 + number % 977) / 100
        yield make_entry(
            make_line(chart["receivable"], 4 * net, partner=debtor, due_date=day),
            make_line(chart["income"], -net, label="Requests", kind="requests"),
            make_line(chart["income"], -net, label="Storage", kind="storage"),
            make_line(chart["taxed"], -net, label="Transfer", kind="transfer"),
            make_line(chart["deferred"], -net, label="Plan", kind="plan"),
            name=f"INV/2026/{number:05}",
            day=day,
            id=number + 1,
            kind="invoice",
        )


# === RANDOM ENTRIES === #

ODD_TEXTS = st.sampled_from(
    [
        "",
        'a "quoted"; text\\',
        "date:2026-13-45 [2026-99-99]",
        "(code) * ! | payee",
        "  spaces  \t and\r\nlines ",
        "ışıltı €uro – „Anführung“",
        "= @ 5 USD {2 EUR} ; x",
        "name: value, :tag:",
        "x" * 300,
    ]
)
TEXTS = ODD_TEXTS | st.text(st.characters(exclude_categories=("Cs",)), max_size=70)
DAYS = st.dates(PERIOD[0], PERIOD[1] - timedelta(days=1))


@st.composite
def free_entries(draw, chart=SKR03, number=0):
    """Return an entry of any lines: foreign ones, zero ones, of either sign."""
    accounts = [account for key, account in chart.items() if key != "payable"]
    lines, left = [], ZERO
    for _count in range(draw(st.integers(1, 6))):
        balance = Decimal(draw(st.integers(-(10**7), 10**7) | st.just(0))) / 100
        lines.append(_free_line(draw, draw(st.sampled_from(accounts)), balance))
        left -= balance
    lines.append(_free_line(draw, draw(st.sampled_from(accounts)), left))
    return make_entry(
        *lines,
        name=f"{draw(TEXTS)} {number}",
        day=draw(DAYS),
        id=number,
        narration=draw(TEXTS),
        reference=draw(TEXTS),
    )


def _free_line(draw, account, balance):
    currency = draw(st.sampled_from(["", "EUR", "USD", "JPY", "KWD"]))
    amount = balance
    if currency not in ("", "EUR"):
        digits = Decimal(1).scaleb(-CURRENCIES[currency])
        rate = draw(st.decimals("0.002", "170", places=4))
        amount = (balance * rate).quantize(digits, ROUND_HALF_UP)
        amount += draw(st.sampled_from([ZERO, digits, -digits]))
    return make_line(
        account,
        balance,
        label=draw(ODD_TEXTS),
        partner=draw(st.sampled_from(DEBTORS)),
        amount_currency=amount,
        currency=currency,
        kind=draw(st.sampled_from(["", "storage", "coupon"])),
        due_date=draw(st.none() | DAYS),
        service_end=draw(st.none() | DAYS),
        settles=draw(st.sampled_from(["", "INV/2026/00007"])),
    )


@st.composite
def invoices(draw, chart=SKR03, number=0):
    """Return an invoice or credit note, its taxes rounded per line or in total."""
    lines, totals = [], {}
    rounded_globally = draw(st.booleans())
    for _count in range(draw(st.integers(1, 5))):
        net = Decimal(draw(st.integers(-(10**5), 10**6))) / 100
        code = draw(st.sampled_from(["", "2", "3"]))
        lines.append(
            make_line(
                chart["taxed" if code else "income"],
                -net,
                taxes=(code,) if code else (),
                kind=draw(st.sampled_from(["storage", "requests", "plan"])),
            )
        )
        if code:
            tax = net * RATES[code] / 100
            totals[code] = totals.get(code, ZERO) + (
                tax if rounded_globally else _round(tax)
            )
    for code, tax in totals.items():
        lines.append(make_line(chart[f"tax{code}"], -_round(tax), tax=code))
    total = -sum(line.debit - line.credit for line in lines)
    lines.append(make_line(chart["receivable"], total, partner=DEBTORS[0]))
    return make_entry(*lines, name=f"INV/{number:05}", day=draw(DAYS), id=number)


def _round(value):
    return value.quantize(CENT, ROUND_HALF_UP)


@st.composite
def journals(draw, chart=SKR03):
    """Return some entries in the order of their dates."""
    count = draw(st.integers(1, 6))
    entries = [
        draw(st.one_of(free_entries(chart, number), invoices(chart, number)))
        for number in range(count)
    ]
    return sorted(entries, key=lambda entry: (entry.date, entry.name))
