"""Chinese punctuation: in a Chinese sentence `, : ; ? !` and brackets are full width."""

from __future__ import annotations

import re

PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>|https?://\S+")
FULL_WIDTH = dict(zip(",:;?!()", "\uff0c\uff1a\uff1b\uff1f\uff01\uff08\uff09", strict=True))
CHINESE = r"\u3400-\u9fff\u3001\u3002\u300a-\u300f\u201c\u201d\uff00-\uff5e"
SIGN = re.compile(rf"(?<=[{CHINESE}])\s*[,:;?!()]\s*|[,:;?!()]\s*(?=[{CHINESE}])")
AFTER_PLACE = re.compile(r"(?<=\ue000)[,:;?!()]")
HELD = "\ue000"


def full_width(text: str) -> str:
    """Return `text` with the punctuation of its Chinese parts in full width; placeholders and addresses stay."""
    if not re.search(r"[\u3400-\u9fff]", text):
        return text
    held = PLACE.findall(text)
    changed = PLACE.sub(HELD, text)
    for pattern in (SIGN, SIGN, AFTER_PLACE):
        changed = pattern.sub(lambda found: FULL_WIDTH[found.group().strip()], changed)
    changed = re.sub(
        rf"\({HELD}\uff09", f"\uff08{HELD}\uff09", re.sub(rf"\uff08{HELD}\)", f"\uff08{HELD}\uff09", changed)
    )
    parts = changed.split(HELD)
    return "".join(a + b for a, b in zip(parts, [*held, ""], strict=True))
