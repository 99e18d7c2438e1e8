"""Work a published draw out again: `python3 verify_draw.py FILE.json`. Needs nothing but Python.
复核已公布的随机筛选结果:`python3 verify_draw.py 文件.json`,只需 Python,不依赖本平台。

The file is the one the public page of a draw offers. The steps are told in docs/draw.md; it shares no code with
the platform, so that it can be read and trusted on its own. It ends with 0 when everything agrees, 1 when something
does not, and 2 when the file cannot be read.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

KNOWN_VERSION = 1


def sha256(text: str) -> str:
    """Return the SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def differences(published: dict[str, Any]) -> list[str]:
    """Return what does not agree in a published draw; an empty list is a right draw."""
    found = []
    numbers = published["candidates"]
    seed = published["seed"]
    if len(set(numbers)) != len(numbers):
        found.append("a candidate stands twice in the list / 名单中有人重复")
    if sha256("".join(f"{number}\n" for number in sorted(numbers))) != published["list_hash"]:
        found.append("the list is not the one whose hash was published before / 候选名单与筛选前公布的哈希值不符")
    if sha256(seed) != published["commitment"]:
        found.append("the seed is not the one that was promised before the draw / 种子与筛选前公布的承诺不符")
    expected = sorted(numbers, key=lambda number: (sha256(f"{seed}:{number}"), number))
    if expected != published["order"]:
        found.append("the order is not the one that seed and numbers give / 排序与由种子和报名编号算出的不符")
    if published["drawn"] != expected[: published["seats"]]:
        found.append("those drawn are not the first of the order / 中签者不是排序最前的人")
    if "result_hash" in published and sha256("".join(f"{number}\n" for number in expected)) != published["result_hash"]:
        found.append("the result does not have the published hash / 结果与公布的哈希值不符")
    return found


def main(arguments: list[str]) -> int:
    """Read the file, tell what was found."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as file:
            published = json.load(file)
        if published["version"] != KNOWN_VERSION:
            print(f"This script knows version {KNOWN_VERSION}, the file has another / 版本不符: {published['version']}")
            return 2
        if not published.get("seed"):
            print("Not drawn yet: the file holds the promise, not the result. / 尚未筛选:文件中只有承诺,没有结果。")
            return 2
        found = differences(published)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"This is not the file of a draw / 不是筛选文件: {error!r}")
        return 2
    for line in found:
        print(f"WRONG / 不一致: {line}")
    if not found:
        candidates, drawn = len(published["candidates"]), len(published["drawn"])
        print(f"Right / 一致: {candidates} candidates, {drawn} drawn / 候选 {candidates} 人,中签 {drawn} 人")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
