import pytest
from fastspring.signature import sign, verify

SECRET = "sim-secret"
BODY = (
    b'{"events":[{"id":"EVW0000000000000000000000000001","processed":false,'
    b'"created":1795305600000,"type":"order.completed","live":false,'
    b'"data":{"order":"abcDEFgHiJklM1N-3OP9qw","total":193.05}}]}'
)
HEADER = "Z7eNYWbkxX32Z9RdgJA+cbCeb9ctVlfzx787SGPXuDU="


def test_known_signature():
    assert len(BODY) == 190
    assert sign(BODY, SECRET) == HEADER
    assert verify(BODY, HEADER, SECRET) is True


@pytest.mark.parametrize("secret", ["clé privée", "x" * 100])
def test_own_signature_verifies(secret):
    assert verify(BODY, sign(BODY, secret), secret) is True
    assert verify(BODY, sign(BODY, secret), secret + "x") is False


@pytest.mark.parametrize(
    "body",
    [BODY + b"\n", BODY[:-1], BODY.replace(b"193.05", b"193.06"), b"", b"\xff\xfe"],
)
def test_another_body_is_forged(body):
    assert verify(body, HEADER, SECRET) is False


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        HEADER[:-1],
        HEADER.lower(),
        " " + HEADER,
        HEADER + "\n",
        "Z7eNYWbkxX32Z9RdgJA",
        "not base64 at all!",
        "ключ",
        "\udcff",
        "x" * 100_000,
        HEADER.encode(),
        42,
        [HEADER],
    ],
)
def test_a_bad_header_is_refused(header):
    assert verify(BODY, header, SECRET) is False


@pytest.mark.parametrize("secret", [None, "", "   ", False, 0, b"sim-secret", "\udcff"])
def test_without_a_secret_nothing_verifies(secret):
    assert verify(BODY, HEADER, secret) is False


def test_the_signature_of_an_empty_secret_is_refused():
    assert verify(BODY, "5aLDqMmXyDC5w8vbQoPR5HV5lHc6z2JAPxkwVrPB0+g=", "") is False
    assert verify(BODY, sign(BODY, ""), "") is False


@pytest.mark.parametrize("body", [None, BODY.decode(), 7])
def test_a_body_that_is_not_bytes_is_refused(body):
    assert verify(body, HEADER, SECRET) is False
