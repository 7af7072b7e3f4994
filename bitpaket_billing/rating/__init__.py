"""Rating: from usage and prices to the lines of a statement.

Pure Python on Decimal, without a database and without Odoo; start reading at
``statement.py``. Money arithmetic lives here and nowhere else.
"""

from .coupons import Coupon, CouponResult
from .errors import (
    BeyondLastTier,
    DuplicateUsage,
    InvalidValue,
    MissingPrice,
    OverlappingPrices,
    RatingError,
    UnknownMeter,
    UsageOutsidePeriod,
)
from .explain import Conversion, explain, explain_quantity
from .late import adjustments
from .periods import Period, calendar_month
from .pricing import Tier
from .review import COMPARED, average, change, review, totals_by_meter
from .statement import rate_statement
from .types import (
    Adjustment,
    Commitment,
    DailyUsage,
    Fee,
    Line,
    Meter,
    MinimumInvoice,
    Part,
    Price,
    Statement,
    StatementRequest,
    Transaction,
)
from .versions import Version, overridden, schedule
