"""The API's description is valid, and names every error that the code can answer."""

import ast
import json
import re
from pathlib import Path

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotFound

ADDON = Path(__file__).resolve().parents[3] / "bitpaket_billing"
DESCRIPTION = json.loads((ADDON / "controllers/openapi.json").read_text())
SOURCES = [
    *(ADDON / "intake").glob("*.py"),
    *(ADDON / "models").glob("bitpaket_usage_*.py"),
    ADDON / "controllers/account.py",
    ADDON / "controllers/raw.py",
    ADDON / "controllers/usage.py",
    ADDON / "models/ir_http.py",
]
#: Calls whose arguments hold the code of an error.
TELLING = {
    "_Refused",
    "Rejection",
    "BodyError",
    "QueryError",
    "error_answer",
    "refusal",
}


def telling(node):
    """Return the parts of a call, or of a pair of code and message."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return node.args if name in TELLING else ()
    if isinstance(node, ast.Tuple) and len(node.elts) == 2:
        return node.elts[:1] if isinstance(node.elts[1], ast.JoinedStr) else ()
    return ()


def codes_in_source():
    return {
        word.value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        for word in telling(node)
        if isinstance(word, ast.Constant)
        and re.fullmatch(r"[a-z]+(_[a-z]+)*", str(word.value))
    }


def codes_in_description(node):
    if isinstance(node, list):
        return set().union(*map(codes_in_description, node))
    if not isinstance(node, dict):
        return set()
    found = codes_in_description(list(node.values()))
    code = node.get("code")
    return found | set(code.get("enum", ()) if isinstance(code, dict) else ())


def test_description_is_valid_openapi_3_1():
    OpenAPIV31SpecValidator(DESCRIPTION).validate()


def test_every_error_code_stands_in_the_description():
    codes = codes_in_source()
    assert {"conflict", "unknown_meter", "bad_cursor", "broken_gzip"} < codes
    # What `RawDispatcher` makes of werkzeug's own errors.
    codes |= {
        error().name.lower().replace(" ", "_")
        for error in (BadRequest, MethodNotAllowed, NotFound)
    }
    assert codes - codes_in_description(DESCRIPTION) == set()


def examples(node):
    """Yield each example with the schema next to it."""
    if isinstance(node, dict):
        if "example" in node and "schema" in node:
            yield node["schema"], node["example"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from examples(one)


def test_examples_fit_their_schemas():
    found = list(examples(DESCRIPTION["paths"]))
    assert len(found) > 5
    for schema, example in found:
        whole = {**schema, "components": DESCRIPTION["components"]}
        OAS31Validator(whole).validate(example)
