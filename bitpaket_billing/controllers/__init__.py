from . import (
    bookkeeping,
    coupon_codes,
    export,
    fastspring,
    health,
    portal,
    portal_automatic,
    portal_coupon,
    portal_pay,
    portal_usage,
    usage,
    usage_import,
)
