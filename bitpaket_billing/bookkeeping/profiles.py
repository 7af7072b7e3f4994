"""Column profiles to the templates that vendors publish. Data only; finance may copy
and change them. What each vendor asks for is told in `docs/bookkeeping-*.md`.
"""

#: Xero: manual journals, 300 lines per file, lines of a journal share narration and
#: date, debit is positive. Its own tax would be added on top, so no line carries any.
XERO = {
    "name": "Xero",
    "file_name": "{books.reference}-xero-{file.number|pad:3}.csv",
    "columns": [
        {
            "header": "*Narration",
            "value": "{entry.name} {entry.reference}",
            "required": True,
        },
        {"header": "*Date", "value": "{entry.date}", "required": True},
        {"header": "Description", "value": "{line.label}"},
        {"header": "*AccountCode", "value": "{line.account.code}", "required": True},
        {"header": "*TaxRate", "value": "Tax Exempt", "required": True},
        {"header": "*Amount", "value": "{line.balance}", "required": True},
        {"header": "TrackingName1"},
        {"header": "TrackingOption1"},
        {"header": "TrackingName2"},
        {"header": "TrackingOption2"},
    ],
    "date_format": "DD/MM/YYYY",
    "zero_lines": False,
    "rows_per_file": 300,
    "own_accounts": ["receivable", "payable", "bank"],
    "warn_tax": True,
    "warn_foreign": True,
}

#: QuickBooks Online: journal entries by account name, one of debit and credit blank.
QUICKBOOKS = {
    "name": "QuickBooks Online",
    "file_name": "{books.reference}-quickbooks-{file.number|pad:3}.csv",
    "columns": [
        {
            "header": "JournalNo",
            "value": "{entry.name}",
            "required": True,
            "length": 21,
            "overlong": "refuse",
        },
        {"header": "JournalDate", "value": "{entry.date}", "required": True},
        {
            "header": "AccountName",
            "value": "{line.account.name}",
            "required": True,
            "length": 100,
            "overlong": "refuse",
        },
        {"header": "Debits", "value": "{line.debit|blank_zero}"},
        {"header": "Credits", "value": "{line.credit|blank_zero}"},
        {"header": "Description", "value": "{line.label}", "length": 4000},
        {
            "header": "Name",
            "value": "{line.partner.name}",
            "required_for": ["receivable", "payable"],
            "length": 100,
            "overlong": "refuse",
        },
        {"header": "Currency", "value": "{books.currency}"},
    ],
    "date_format": "MM/DD/YYYY",
    "zero_lines": False,
    "rows_per_file": 1000,
    "warn_tax": True,
    "warn_foreign": True,
}

#: Sage 50: audit trail transactions, each line a journal debit or credit with the tax
#: code T9, which stays out of the tax return. Sage 50 is a Windows program.
SAGE50 = {
    "name": "Sage 50",
    "file_name": "{books.reference}-sage50-{file.number|pad:3}.csv",
    "columns": [
        {"header": "Type", "value": "{line.balance|sign:JD/JC}"},
        {"header": "Account Reference"},
        {
            "header": "Nominal A/C Ref",
            "value": "{line.account.code}",
            "required": True,
            "length": 8,
            "overlong": "refuse",
        },
        {"header": "Department Code", "value": "0"},
        {"header": "Date", "value": "{entry.date}"},
        {
            "header": "Reference",
            "value": "{entry.name}",
            "required": True,
            "length": 30,
            "overlong": "refuse",
        },
        {"header": "Details", "value": "{line.label}", "length": 60},
        {"header": "Net Amount", "value": "{line.amount}"},
        {"header": "Tax Code", "value": "T9"},
        {"header": "Tax Amount", "value": "0.00"},
    ],
    "date_format": "DD/MM/YYYY",
    "encoding": "cp1252",
    "unencodable": "replace",
    "zero_lines": False,
    "own_accounts": ["receivable", "payable"],
    "warn_tax": True,
    "warn_foreign": True,
}

#: Luca: the transfer of invoices from a file that Turkish Excel has saved, at most 400
#: rows and 15 columns, which rules in Luca make entries of.
LUCA = {
    "name": "Luca",
    "file_name": "{books.reference}-luca-{file.number|pad:3}.csv",
    "rows": "part",
    "kinds": ["invoice", "credit_note"],
    "columns": [
        {"header": "Tarih", "value": "{entry.document_date}"},
        {"header": "Belge No", "value": "{entry.name}", "required": True},
        {
            "header": "Cari Ünvan",
            "value": "{entry.partner.name}",
            "required": True,
        },
        {"header": "VKN/TCKN", "value": "{entry.partner.vat}"},
        {"header": "Açıklama", "value": "{entry.reference}"},
        {
            "header": "Hesap Kodu",
            "value": "{part.account.code}",
            "required": True,
        },
        {"header": "Matrah", "value": "{part.net}"},
        {"header": "KDV Oranı", "value": "{part.taxes|default:0}"},
        {"header": "KDV", "value": "{part.tax}"},
        {"header": "Toplam", "value": "{part.total}"},
        {"header": "Döviz", "value": "{entry.currency}"},
        {"header": "Kur", "value": "{entry.rate}"},
        {
            "header": "Belge Türü",
            "value": "{entry.kind|map:invoice=Satış,credit_note=İade}",
        },
    ],
    "delimiter": ";",
    "decimal": ",",
    "date_format": "DD.MM.YYYY",
    "encoding": "cp1254",
    "unencodable": "replace",
    "zero_lines": False,
    "rows_per_file": 400,
}

#: A sheet of the day book for Turkish programs that take a file by a definition of
#: columns (Logo, Mikro, Zirve), in what Turkish Excel opens by itself.
YEVMIYE = {
    "name": "Yevmiye",
    "file_name": "{books.reference}-yevmiye-{file.number|pad:3}.csv",
    "columns": [
        {"header": "Fiş No", "value": "{entry.number|pad:6}"},
        {"header": "Fiş Tarihi", "value": "{entry.date}"},
        {
            "header": "Hesap Kodu",
            "value": "{line.account.code}",
            "required": True,
        },
        {"header": "Hesap Adı", "value": "{line.account.name}"},
        {"header": "Evrak No", "value": "{entry.name}", "required": True},
        {"header": "Evrak Tarihi", "value": "{entry.document_date}"},
        {"header": "Açıklama", "value": "{line.label}"},
        {"header": "Borç", "value": "{line.debit}"},
        {"header": "Alacak", "value": "{line.credit}"},
        {"header": "Döviz", "value": "{line.currency}"},
        {"header": "Döviz Tutarı", "value": "{line.amount_currency|abs}"},
        {"header": "Kur", "value": "{line.rate}"},
    ],
    "delimiter": ";",
    "decimal": ",",
    "date_format": "DD.MM.YYYY",
    "encoding": "utf-8-sig",
    "zero_lines": False,
    "guard_formulas": True,
}

#: Every profile that comes with the product, by its code.
PROFILES: dict[str, dict] = {
    "xero": XERO,
    "quickbooks": QUICKBOOKS,
    "sage50": SAGE50,
    "luca": LUCA,
    "yevmiye": YEVMIYE,
}
