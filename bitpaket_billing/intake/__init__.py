"""PURE: reads and checks reported usage, without Odoo and without a database."""

from .body import BodyError, read_body, too_large
from .rows import Catalogue, Rejection, UsageRow, check_rows, conflict, references
