"""Rating: from usage and prices to the lines of a statement.

Pure Python on Decimal, without a database and without Odoo; start reading at
``statement.py``. Money arithmetic lives here and nowhere else.
"""

from .budget import check_thresholds, passed, percent_used
from .codes import check_code, display_code, make_code, normalize_code
from .corrections import (
    adjustment_lines,
    discount_share,
    outstanding,
    rebill,
    spread,
)
from .coupons import Coupon, CouponResult
from .daily import Charge, DayCost, by_day
from .deferral import credited_shares, earned, first_release, outlasts
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
from .forecast import (
    FLOW,
    LEVEL,
    PEAK,
    Outlook,
    Range,
    UsageForecast,
    first_day_of_history,
    forecast_usage,
    used_quantity,
)
from .late import adjustments
from .payment import to_pay
from .periods import Period, add_months, calendar_month, last_day
from .plans import (
    PaidFee,
    Phase,
    Timeline,
    allowance_left,
    monthly,
    prorated_allowance,
    term_end,
    unused_rest,
    used,
)
from .pricing import Tier
from .purse import Purse, Redeemed
from .rollup import (
    CARRIED,
    RECOMPUTED,
    WIDE,
    DayRollup,
    add_up,
    level_usage,
    together,
)
from .review import COMPARED, average, change, review, totals_by_meter
from .statement import discount_lines, fee_line, per_meter, rate_statement
from .trial import Difference, difference, differences, even_usage, laid_over
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
