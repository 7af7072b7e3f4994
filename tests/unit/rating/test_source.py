"""Rules for the source of the rating core itself."""

import ast
import sys
from pathlib import Path

import pytest
import rating

FILES = sorted(Path(rating.__file__).parent.glob("**/*.py"))


def tree(path):
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(node):
    """Return the packages that an import needs from outside the core."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module.partition(".")[0]]
    return []


def test_the_core_was_found():
    assert len(FILES) > 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_float_anywhere(path):
    for node in tree(path):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), node.lineno
        if isinstance(node, ast.Name):
            assert node.id != "float", node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_standard_library_is_imported(path):
    for node in tree(path):
        for name in imported(node):
            assert name in sys.stdlib_module_names, node.lineno
