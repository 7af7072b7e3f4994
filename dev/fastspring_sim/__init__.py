"""A local FastSpring for development, tests and the demo.

It speaks FastSpring's documented API, serves a checkout page, and sends signed
webhooks. It shares no code with the addon, so that each can prove the other.
"""

from .orders import Refused
from .outbox import sign
from .returns import Invalid
from .simulator import Simulator

__all__ = ["Invalid", "Refused", "Simulator", "sign"]
