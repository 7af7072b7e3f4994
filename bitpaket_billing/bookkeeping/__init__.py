"""The hand-over to bookkeeping: journal entries in, files out. Pure, without Odoo."""

from . import beancount, datev, plaintext
from .pack import PACK
from .papers import ZIP_TIME, Paper
from .papers import write as write_papers
from .profile_writer import PROFILE
from .profiles import PROFILES
from .proof import Proof, Total, check_balance, fingerprint, imbalance
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
FORMATS: dict[str, Format] = {
    format_.code: format_
    for format_ in (
        PACK,
        datev.FORMAT,
        PROFILE,
        beancount.FORMAT,
        plaintext.HLEDGER,
        plaintext.LEDGER,
    )
}

__all__ = [
    "ERROR",
    "FORMATS",
    "PROFILES",
    "WARNING",
    "ZIP_TIME",
    "Account",
    "Books",
    "Proof",
    "Entry",
    "Format",
    "Line",
    "Paper",
    "Partner",
    "Problem",
    "Total",
    "check_balance",
    "fingerprint",
    "imbalance",
    "write_papers",
]
