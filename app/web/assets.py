"""Static files under an address that changes with their content, so that browsers may keep them for good.

`asset('css/app.css')` in a template gives `/assets/<version>/css/app.css`. The version stands before the path, so that
relative imports between scripts and `url(...)` in style sheets carry it without being rewritten. Text is sent
compressed, whatever stands in front of the application.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, send_from_directory, url_for
from werkzeug.security import safe_join

blueprint = Blueprint("assets", __name__)

FOR_GOOD = "public, max-age=31536000, immutable"
COMPRESSED = {".css", ".js", ".svg", ".json", ".txt"}
LEAST_BYTES = 1000  # below that compression gains nothing
VERSION_LENGTH = 12


def init_app(app: Flask) -> None:
    """Register the route and the template function."""
    mimetypes.add_type("text/javascript", ".js")
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """Return the address of the static file `name`, relative to app/static."""
    return url_for("assets.file", version=current_version(), name=name)


def current_version() -> str:
    """Return the hash of all static files: read once, and again after a change while developing."""
    folder = Path(str(current_app.static_folder))
    return _version(folder, _newest(folder) if current_app.debug else 0)


@blueprint.get("/assets/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """Send a static file; under the present version it may be kept for good, under an old one it is asked for again."""
    folder = Path(str(current_app.static_folder))
    path = Path(safe_join(str(folder), name) or folder / "none")
    response = _compressed(path) if _compressible(path) else send_from_directory(folder, name)
    response.headers["Cache-Control"] = FOR_GOOD if version == current_version() else "no-cache"
    return response


def _compressible(path: Path) -> bool:
    accepted = "gzip" in request.headers.get("Accept-Encoding", "")
    return accepted and path.suffix in COMPRESSED and path.is_file() and path.stat().st_size >= LEAST_BYTES


def _compressed(path: Path) -> Response:
    body = _gzipped(path, path.stat().st_mtime_ns)
    response = Response(body, mimetype=mimetypes.guess_type(path.name)[0])
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.add_etag()
    response.make_conditional(request)
    return response


@lru_cache(maxsize=256)
def _gzipped(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)


def _newest(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in folder.rglob("*")), default=0)


@lru_cache(maxsize=2)
def _version(folder: Path, _newest_change: int) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:VERSION_LENGTH]
