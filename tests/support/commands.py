"""Commands of the API, sent as the people of the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Send: TypeAlias = Callable[..., tuple[int, Any]]


def sending(login_as: Callable[[str], Any]) -> Send:
    """`send(username, command, **values)` → status and JSON; everybody signs in once."""
    clients: dict[str, Any] = {}

    def send(username: str, command: str, /, **values: Any) -> tuple[int, Any]:
        if username not in clients:
            clients[username] = login_as(username)
        answer = clients[username].post(f"/api/v1/commands/{command}", json=values)
        return answer.status_code, answer.json

    return send
