"""One JSON line an event, with the request's number; never a password, an ID or a phone number."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Send the logs of the application and of its libraries to standard error as JSON lines."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(message)s", force=True)
    logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)
    # Its own search is not used (views/fab/filters.py), and it warns of each column of time it cannot search.
    logging.getLogger("flask_appbuilder.models.filters").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
