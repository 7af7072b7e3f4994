from . import (
    export,
    fastspring,
    health,
    portal,
    portal_automatic,
    portal_pay,
    portal_usage,
    usage,
    usage_import,
)
