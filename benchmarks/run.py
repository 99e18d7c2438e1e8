"""`make bench`: measure, print a table, write build/bench.json.

make bench ARGS="--only B8,W9 --database sqlite --scale small --rounds 3"; `--list` names the benchmarks.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from app.services.demo import SIZES
from benchmarks.bench import FOLDER, MEMORY, ROOT, Bench, DurableServer
from benchmarks.measure import ROUNDS, probes
from benchmarks.registry import KINDS, Entry, Result, entries

TARGET = ROOT / "build" / "bench.json"
SECONDS = 5.0  # that each side is pressed on in each round


def main() -> None:
    """Run what was asked for; the exit code says whether everything measured reached its bar."""
    asked = _arguments()
    chosen = _chosen(asked.only)
    if asked.list:
        for entry in chosen.values():
            print(f"{entry.key:12} {entry.bar:8} {entry.unit:12} {entry.title}")
        return
    kinds = KINDS if asked.database == "both" else (asked.database,)
    servers = {base: _server(base) for base in {MEMORY if entry.memory else FOLDER for entry in chosen.values()}}
    found: dict[str, Any] = {}
    try:
        for kind in kinds:
            benches = {
                base: Bench(kind, asked.scale, asked.rounds, asked.seconds, server, base)
                for base, server in servers.items()
            }
            for entry in chosen.values():
                bench = benches[MEMORY if entry.memory else FOLDER]
                if kind in entry.kinds:
                    found[f"{entry.key} {kind}"] = _measured(entry, bench)
                    _write(found)
    finally:
        for server in servers.values():
            server.stop()
    sys.exit(0 if all(row["meets"] for row in found.values()) else 1)


def _server(base: Path) -> DurableServer:
    server = DurableServer(base / "postgresql")
    server.folder.mkdir(parents=True, exist_ok=True)
    return server


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure against limits, peers and controls.")
    parser.add_argument("--only", default="", help="ids, separated by commas: B7,W9")
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--scale", choices=list(SIZES), default="province", help="size of the demo province")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each side is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each side is pressed on")
    parser.add_argument("--list", action="store_true", help="list the benchmarks and measure nothing")
    return parser.parse_args()


def _chosen(only: str) -> dict[str, Entry]:
    known = entries()
    wanted = [key.strip() for key in only.split(",") if key.strip()] or list(known)
    unknown = [key for key in wanted if key not in known]
    if unknown:
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; --list names them.")
    return {key: known[key] for key in wanted}


def _measured(entry: Entry, bench: Bench) -> dict[str, Any]:
    """Measure one; an error is a result too, so that the others still run."""
    before = probes(bench.folder)
    try:
        result = entry.measure(bench)
    except Exception:  # noqa: BLE001 - whatever a benchmark raises, the table must show it
        traceback.print_exc()
        result = Result(value=float("nan"), truth=["ended with an error"])
    row = {
        "title": entry.title, "value": _short(result.value), "control": _short(result.control),
        "ratio": _short(result.ratio), "bar": entry.bar, "unit": entry.unit, "meets": entry.meets(result),
        "spread": {side: [_short(number) for number in span] for side, span in result.spread.items()},
        "untrue": result.truth, "notes": result.notes, "scale": bench.size, "rounds": bench.rounds,
        "probes": {"before": before, "after": probes(bench.folder)},
    }  # fmt: skip
    _print(entry.key, bench.kind, row)
    return row


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def _print(key: str, kind: str, row: dict[str, Any]) -> None:
    shown = {name: "" if row[name] is None else f"{row[name]:g}" for name in ("value", "control", "ratio")}
    verdict = "reached" if row["meets"] else "MISSED"
    numbers = f"{shown['value']:>9} {shown['control']:>9} {shown['ratio']:>8}"
    print(f"{key:12} {kind:11} {numbers}  {row['bar']:8} {verdict:8}{row['unit']:12} {row['title']}", flush=True)
    for untrue in row["untrue"]:
        print(f"     untrue: {untrue}", flush=True)


def _write(found: dict[str, Any]) -> None:
    """Write what was measured now over what an earlier run measured."""
    TARGET.parent.mkdir(exist_ok=True)
    earlier = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    TARGET.write_text(json.dumps(earlier | found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
