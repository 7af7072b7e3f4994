from . import bitpaket_billing_reason, bitpaket_usage_key
