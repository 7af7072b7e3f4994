"""Run rating cases: `python -m dev.conformance PATH...`.

A path is a file or a folder of JSON cases; tests/conformance/cases/README.md is
their format. Cases that are not verified are shown and not counted. Exit status: 0
when no case failed, 1 when one did, 2 when a file cannot be read.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path

from .conformance_given import CaseError, Given, as_decimal
from .conformance_kinds import KINDS

TOLERANCE = Decimal("0.0000001")


def differences(expected, got, tolerance, path="expect"):
    """Compare a result with what a case expects.

    :param expected: JSON value; of an object only its own keys are compared
    :param got: the result
    :param Decimal tolerance: difference of numbers that is allowed, inclusive
    :return: list of text, one per difference: key path, expected, got
    """
    wrong = [f"{path}: expected {_show(expected)}, got {_show(got)}"]
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return wrong
        found = []
        for key, value in expected.items():
            if key in got:
                found += differences(value, got[key], tolerance, f"{path}.{key}")
            else:
                found.append(f"{path}.{key}: expected {_show(value)}, got nothing")
        return found
    if isinstance(expected, list):
        if not isinstance(got, list) or len(expected) != len(got):
            return wrong
        found = []
        for number, (value, item) in enumerate(zip(expected, got, strict=True)):
            found += differences(value, item, tolerance, f"{path}[{number}]")
        return found
    if isinstance(expected, bool) or expected is None or isinstance(got, bool):
        return [] if expected is got else wrong
    try:
        is_near = abs(as_decimal(expected) - as_decimal(got)) <= tolerance
    except ValueError:
        is_near = expected == got
    return [] if is_near else wrong


def _show(value):
    return json.dumps(value, default=str, ensure_ascii=False)


def run_case(case):
    """Run one case.

    :param case: a case as read from JSON
    :return: (problems, unknown keys), both lists of text; no problem: it passed
    """
    try:
        if not isinstance(case, dict):
            raise CaseError("is not an object")
        if case.get("kind") not in KINDS:
            raise CaseError(f"unsupported kind: {_show(case.get('kind'))}")
        whole = Given(case, "case")
        expected = whole.object("expect").data
        tolerance = whole("tolerance", default=TOLERANCE)
        given = Given(case.get("given"), "given")
        result = KINDS[case["kind"]](given)
        return differences(expected, result, tolerance), given.unknown()
    except CaseError as error:
        return [str(error)], []
    except Exception as error:  # one broken case must not end the run
        return [f"{type(error).__name__}: {error}"], []


def case_files(paths):
    """List the JSON files of files and folders.

    :raise OSError: a path does not exist, or a folder has no JSON file
    """
    files = []
    for path in map(Path, paths):
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            raise OSError(f"{path}: no *.json file in this folder")
        files += found
    return files


def read_file(path):
    """Read a JSON file, numbers as Decimal.

    :raise OSError: it cannot be read
    :raise ValueError: it is not JSON
    """
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def main(paths):
    """Run the cases of all paths and print what differs.

    :param paths: files and folders
    :return: exit status
    """
    if not paths:
        print("usage: python -m dev.conformance PATH...", file=sys.stderr)
        return 2
    try:
        contents = [(path, read_file(path)) for path in case_files(paths)]
    except (OSError, ValueError, RecursionError) as error:
        print(f"cannot read cases: {error}", file=sys.stderr)
        return 2
    passed = failed = 0
    for path, cases in contents:
        if not isinstance(cases, list):
            print(f"DATA {path}: not a list of cases")
            continue
        for number, case in enumerate(cases):
            name = f"{path.name}[{number}]"
            if isinstance(case, dict):
                name = case.get("name", name)
            problems, unknown = run_case(case)
            for key in unknown:
                print(f"NOTE {name}: unknown key {key}")
            if isinstance(case, dict) and case.get("verified") is False:
                outcome = "; ".join(problems) or "agrees"
                print(f"INFO {name}: not verified, not counted: {outcome}")
                continue
            for problem in problems:
                print(f"FAIL {name}: {problem}")
            failed += bool(problems)
            passed += not problems
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
