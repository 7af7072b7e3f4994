"""PURE: reads and checks reported usage, without Odoo and without a database."""

from .body import BodyError, read_body, too_large
from .rows import (
    Account,
    Catalogue,
    Checked,
    Meter,
    Oldest,
    Rejection,
    UnknownRow,
    UsageRow,
    check_rows,
    content,
    raw_text,
    references,
    refusal,
)
