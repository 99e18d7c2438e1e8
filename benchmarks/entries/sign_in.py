"""Signing in at OWASP's hashing parameters beside the framework's stock hashing (W9)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from sqlalchemy import insert, text
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.models import Account, LoginName
from app.security.passwords import hash_password
from benchmarks.bench import Bench
from benchmarks.load import Request, press
from benchmarks.measure import in_turns
from benchmarks.registry import Result, benchmark
from tests.support.databases import Database
from tests.support.server import Server

ACCOUNTS, CLIENTS = 400, 8
PASSWORD = "Demo-2026"
SIGNED_IN = "SELECT count(*) FROM audit_entry WHERE action = 'sign_in'"


@benchmark("W9", "Sign-ins a second at OWASP's parameters ÷ stock hashing", bar="≥ 3.5", unit="sign-ins/s")
def sign_ins(bench: Bench) -> Result:
    """Let the same accounts sign in on the platform twice: with its own hashes, and with the framework's."""
    with bench.copy("signing") as ours, bench.copy("stock") as stock:
        _add_accounts(bench, ours, hash_password(PASSWORD))
        _add_accounts(bench, stock, generate_password_hash(PASSWORD))
        settings = {"PROXY_HOPS": "1"}
        with (
            bench.serving(ours, **settings) as fast,
            bench.serving(stock, application="benchmarks.peers.stock_sign_in:app", **settings) as slow,
        ):
            answered = {"ours": 0, "stock": 0}

            def rate(name: str, server: Server) -> float:
                pressed = press(server.port, _requests, clients=CLIENTS, seconds=bench.seconds)
                answered[name] += pressed.count(201)
                return pressed.rate(201)

            sides = {"ours": lambda: rate("ours", fast), "stock": lambda: rate("stock", slow)}
            for warm_up in sides.values():
                warm_up()
            found = in_turns(sides, bench.rounds)
        wrong = _untrue(bench, ours, answered["ours"]) + _untrue(bench, stock, answered["stock"])
    value, control = found["ours"].median, found["stock"].median
    spread = {name: series.spread for name, series in found.items()}
    return Result(value, control, value / control, spread, wrong, {"answered": answered})


def _add_accounts(bench: Bench, database: Database, hashed: str) -> None:
    """Add accounts that share one hash: checking costs the same, and making them costs once."""
    with bench.app(database):
        rows = [
            {"username": f"bench{n}", "first_name": "", "last_name": f"某{n}", "email": f"bench{n}@noemail.invalid",
             "active": True, "password": hashed}
            for n in range(ACCOUNTS)
        ]  # fmt: skip
        db.session.execute(insert(Account), rows)
        made = db.session.query(Account.id, Account.username).filter(Account.username.startswith("bench")).all()
        db.session.execute(insert(LoginName), [{"name": name.upper(), "account_id": key} for key, name in made])
        db.session.commit()


def _requests(number: int) -> Iterator[Request]:
    """Yield sign-ins of one client: its own accounts in turn, each from an address of its own."""
    for turn in itertools.count():
        account = (number + turn * CLIENTS) % ACCOUNTS
        body = json.dumps({"username": f"bench{account}", "password": PASSWORD}).encode()
        address = f"10.{turn // 250 % 250}.{turn % 250}.{number}"
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        yield Request("/api/v1/session", "POST", headers, body)


def _untrue(bench: Bench, database: Database, answered: int) -> list[str]:
    """Return what the audit says otherwise: every sign-in that was answered stands in it."""
    with bench.app(database):
        recorded = db.session.scalar(text(SIGNED_IN)) or 0
    return [] if recorded >= answered else [f"{answered} answered, {recorded} in the audit"]
