"""How the web processes run: `gunicorn -c deploy/gunicorn.conf.py run:app`.

Processes, never threads: the framework's views keep state that threads would share (docs/architecture.md).
Every number here is set by the environment variable named beside it.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

_shared_memory = Path("/dev/shm")

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8080}"  # BIND: address:port or unix:/path
workers = int(os.environ.get("WEB_WORKERS") or 2)
worker_class = "sync"
threads = 1
nice = int(os.environ.get("WEB_NICE") or 0)  # the sign-in service runs at 10: hashing must not slow enrollment

timeout = int(os.environ.get("WEB_TIMEOUT") or 60)  # seconds; whatever takes longer belongs to the worker
graceful_timeout = 10  # seconds a request may finish in when the service stops
keepalive = 5
backlog = 2048  # a window that opens fills this queue, not an error page
max_requests = int(os.environ.get("WEB_MAX_REQUESTS") or 20_000)  # a process is renewed after that many
max_requests_jitter = max_requests // 10

preload_app = False  # each process opens its own database connections
worker_tmp_dir = str(_shared_memory) if _shared_memory.is_dir() else None  # heartbeats must not wait for a disk
control_socket_disable = True  # one per user account: two instances would fight over it
forwarded_allow_ips = os.environ.get("PROXY_ADDRESSES") or "127.0.0.1,::1"
limit_request_line = 8190
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None  # the application writes its own request log
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(M)s'  # without what was typed into a search
errorlog = "-"
loglevel = (os.environ.get("LOG_LEVEL") or "info").lower()


def post_fork(server: object, worker: object) -> None:
    """Lower the priority of a worker by WEB_NICE."""
    if nice:
        os.nice(nice)


def post_worker_init(worker: object) -> None:
    """Let the collector pass over the application: looking through it again and again slows every request."""
    gc.collect()
    gc.freeze()
