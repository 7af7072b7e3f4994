"""Teaches schemathesis what NDJSON is: good lines, broken ones, and other bytes."""

import json

import schemathesis
from hypothesis import strategies as st

ROWS = st.builds(
    lambda **row: json.dumps(row).encode(),
    id=st.integers(min_value=0).map(str),
    source=st.just("ndjson"),
    account=st.sampled_from(["kestrel-robotics", "lumen-fjord"]),
    meter=st.sampled_from(["requests_a", "storage"]),
    time=st.just("2026-10-05T10:00:00Z"),
    quantity=st.one_of(st.integers(min_value=0), st.decimals().map(str)),
)
BROKEN = st.one_of(
    st.sampled_from(
        [b"", b"{", b"[1]", b'{"id": 1}', b"1e99999999999999999999", b"[" * 9999]
    ),
    st.text(max_size=20).map(lambda text: text.encode(errors="replace")),
)
LINES = st.one_of(ROWS, ROWS, BROKEN)

schemathesis.openapi.media_type(
    "application/x-ndjson",
    st.one_of(st.lists(LINES, max_size=20).map(b"\n".join), st.binary(max_size=40)),
)
