"""The WSGI object `run:app`; `python run.py` serves it for development."""

from __future__ import annotations

from app import create_app

app = create_app()

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=app.config["SETTINGS"].PORT, threaded=False)
