"""Where things live: the checkout, its `.run/` folder, and the download cache."""

import hashlib
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / ".run"
LOGS = RUN / "logs"
CACHE = (
    Path(
        os.environ.get("BITPAKET_CACHE")
        or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        / "bitpaket-billing"
    )
    .expanduser()
    .resolve()
)


def digest(*parts):
    """Return a short stable key of texts, bytes and files' contents."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes()
        elif isinstance(part, str):
            part = part.encode()
        sha.update(part + b"\0")
    return sha.hexdigest()[:12]
