from . import bitpaket_price_example
from . import bitpaket_usage_key
