"""The hand-over to bookkeeping: journal entries in, files out. Pure, without Odoo."""

from .types import (
    ERROR,
    WARNING,
    Account,
    Books,
    Entry,
    Format,
    Line,
    Partner,
    Problem,
)

#: Every format, by its code.
FORMATS: dict[str, Format] = {}

__all__ = [
    "ERROR",
    "FORMATS",
    "WARNING",
    "Account",
    "Books",
    "Entry",
    "Format",
    "Line",
    "Partner",
    "Problem",
]
