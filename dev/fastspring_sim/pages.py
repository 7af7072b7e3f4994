"""HTML pages and static files."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from .money import display
from .payloads import instant

HERE = Path(__file__).parent

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["money"] = display
_templates.filters["moment"] = lambda ms: f"{instant(ms):%Y-%m-%d %H:%M:%S}"
_templates.filters["day"] = lambda ms: f"{instant(ms).day} {instant(ms):%B %Y}"


def page(template, status=200, **values):
    """Return a rendered template."""
    html = _templates.get_template(template).render(**values)
    headers = {"Cache-Control": "no-store"}
    return Response(html, status, headers, content_type="text/html; charset=utf-8")


def static(request, name):
    """Return a file of the `static` folder."""
    return send_file(HERE / "static" / name, request.environ)
