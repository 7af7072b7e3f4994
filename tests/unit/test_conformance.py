"""The rating core against the recorded cases, and the runner's own manners."""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from dev.conformance import differences, main, run_case  # noqa: E402
from dev.conformance_kinds import KINDS  # noqa: E402

CASES = ROOT / "tests" / "conformance" / "cases"
README = (CASES / "README.md").read_text(encoding="utf-8")
TOLERANCE = Decimal("0.0000001")


def recorded():
    for path in sorted(CASES.glob("*.json")):
        cases = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(cases, list):
            yield from (case for case in cases if case.get("verified", True))


def examples():
    """Yield (kind, case) of every example in the format's description."""
    kind = None
    for line in README.splitlines():
        if heading := re.match(r"### `([\w.]+)`$", line):
            kind = heading[1]
        elif example := re.match(r"- Example: `(\{.*?\})`( |$)", line):
            yield kind, json.loads(example[1])


@pytest.mark.parametrize("case", list(recorded()), ids=lambda case: case["name"])
def test_recorded_case(case):
    assert run_case(case) == ([], [])


@pytest.mark.parametrize(("kind", "case"), list(examples()))
def test_example_of_the_format(kind, case):
    assert run_case({"kind": kind, **case}) == ([], [])


def test_every_kind_has_an_example():
    assert {kind for kind, _case in examples()} == set(KINDS)
    assert set(re.findall(r"^### `([\w.]+)`$", README, re.MULTILINE)) == set(KINDS)


def case(**changes):
    return {
        "name": "a-case",
        "kind": "tax.simple",
        "given": {"net": "10", "tax_percent": "21"},
        "expect": {"tax": "2.10", "total": "12.10"},
        **changes,
    }


def run(tmp_path, capsys, *cases):
    """Run cases; return exit status and lines."""
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    status = main([tmp_path])
    return status, capsys.readouterr().out.splitlines()


def test_a_good_case_passes(tmp_path, capsys):
    assert run(tmp_path, capsys, case()) == (0, ["1 passed, 0 failed, 0 skipped"])


def test_a_difference_is_named(tmp_path, capsys):
    wrong = case(expect={"tax": "2.11", "total": "12.1"})
    assert run(tmp_path, capsys, case(), wrong) == (
        1,
        [
            'FAIL a-case: expect.tax: expected "2.11", got "2.10"',
            "1 passed, 1 failed, 0 skipped",
        ],
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "rate.auction"}, 'unsupported kind: "rate.auction"'),
        ({"kind": None}, "unsupported kind: null"),
        ({"given": {"net": "10"}}, "given.tax_percent is missing"),
        ({"given": None}, "given is not an object"),
        ({"given": [1]}, "given is not an object"),
        ({"expect": None}, "case.expect is missing"),
        ({"expect": {"gross": "1"}}, 'expect.gross: expected "1", got nothing'),
        ({"tolerance": "few"}, 'case.tolerance is not a number: "few"'),
        (
            {"given": {"net": "ten", "tax_percent": "21"}},
            'given.net is not a number: "ten"',
        ),
        (
            {"given": {"net": True, "tax_percent": "21"}},
            "given.net is not a number: true",
        ),
        (
            {"given": {"net": "NaN", "tax_percent": "21"}},
            'given.net is not a number: "NaN"',
        ),
        (
            {"kind": "proration.days", "given": {"amount": "1", "days": "1.5"}},
            'given.days is not a whole number: "1.5"',
        ),
        (
            {
                "kind": "rate.graduated",
                "given": {"quantity": "1", "tiers": [{"up_to": None, "unit": "x"}]},
            },
            'given.tiers[0].unit is not a number: "x"',
        ),
        (
            {
                "kind": "rate.capacity",
                "given": {"peak": "2", "tiers": [{"up_to": "1", "price": "1"}]},
            },
            "BeyondLastTier: 2 lies beyond the last tier, which ends at 1",
        ),
    ],
)
def test_a_bad_case_fails_with_a_clear_message(tmp_path, capsys, changes, message):
    assert run(tmp_path, capsys, case(**changes), case()) == (
        1,
        [f"FAIL a-case: {message}", "1 passed, 1 failed, 0 skipped"],
    )


def test_something_that_is_no_case_fails(tmp_path, capsys):
    assert run(tmp_path, capsys, 7) == (
        1,
        ["FAIL cases.json[0]: is not an object", "0 passed, 1 failed, 0 skipped"],
    )


def test_a_division_by_zero_is_no_traceback(tmp_path, capsys):
    bad = case(
        kind="proration.days", given={"amount": "1", "days": 1, "period_days": 0}
    )
    status, lines = run(tmp_path, capsys, bad)
    assert status == 1
    assert lines[0].startswith("FAIL a-case: DivisionByZero")


def test_an_unknown_key_is_reported_and_does_not_fail(tmp_path, capsys):
    given = {"net": "10", "tax_percent": "21", "country": "ES", "note": "words"}
    assert run(tmp_path, capsys, case(given=given)) == (
        0,
        ["NOTE a-case: unknown key given.country", "1 passed, 0 failed, 0 skipped"],
    )


def test_an_unknown_key_inside_a_list_is_reported():
    tier = {"up_to": None, "unit": "1", "flat": "0", "color": "red"}
    _problems, unknown = run_case(
        {
            "kind": "rate.volume",
            "given": {"quantity": "1", "tiers": [tier]},
            "expect": {},
        }
    )
    assert unknown == ["given.tiers[0].color"]


@pytest.mark.parametrize(
    ("tax", "outcome"),
    [("9", 'expect.tax: expected "9", got "2.10"'), ("2.1", "agrees")],
)
def test_what_is_not_verified_is_shown_and_not_counted(tmp_path, capsys, tax, outcome):
    assert run(tmp_path, capsys, case(verified=False, expect={"tax": tax})) == (
        0,
        [
            f"INFO a-case: not verified, not counted: {outcome}",
            "0 passed, 0 failed, 0 skipped",
        ],
    )


def test_data_is_no_list_of_cases(tmp_path, capsys):
    (tmp_path / "tables.json").write_text("{}")
    status, lines = run(tmp_path, capsys, case())
    assert status == 0
    assert lines == [
        f"DATA {tmp_path / 'tables.json'}: not a list of cases",
        "1 passed, 0 failed, 0 skipped",
    ]


def test_what_cannot_be_read_ends_the_run(tmp_path, capsys):
    broken = tmp_path / "broken.json"
    broken.write_text("[{")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (broken, tmp_path / "nowhere.json", empty):
        assert main([path]) == 2
        assert "cannot read cases: " in capsys.readouterr().err
    assert main([]) == 2


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("0.50", Decimal("0.5")),
        ("1", Decimal("1.0000001")),
        (3, Decimal(3)),
        ("2026-10", "2026-10"),
        (None, None),
        (False, False),
        ([], []),
        ({"a": "1"}, {"a": 1, "b": 2}),
    ],
)
def test_equal(expected, got):
    assert differences(expected, got, TOLERANCE) == []


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ("1", Decimal("1.0000002")),
        ("2026-10", "2026-11"),
        (None, 0),
        (0, None),
        (False, 0),
        ("1", True),
        (["1"], ["1", "1"]),
        (["1", "2"], ["2", "1"]),
        ({"a": "1"}, {}),
        ({"a": "1"}, []),
    ],
)
def test_not_equal(expected, got):
    assert differences(expected, got, TOLERANCE)
