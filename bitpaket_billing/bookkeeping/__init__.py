"""The hand-over to bookkeeping: journal entries in, files out. Pure, without Odoo."""

from .pack import PACK
from .profile_writer import PROFILE
from .profiles import PROFILES
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
FORMATS: dict[str, Format] = {one.code: one for one in (PACK, PROFILE)}

__all__ = [
    "ERROR",
    "FORMATS",
    "PROFILES",
    "WARNING",
    "Account",
    "Books",
    "Entry",
    "Format",
    "Line",
    "Partner",
    "Problem",
]
