"""Picture questions for people: one answer each, five minutes, kept as a keyed hash only (ACC-8)."""

from __future__ import annotations

import base64
import hmac
import io
import random
import secrets
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import delete

from app.domain.clock import now
from app.domain.errors import Invalid, problem
from app.domain.text import N_
from app.extensions import db
from app.models import Captcha
from app.security.crypto import Vault
from app.services.unit import transaction

CHARACTERS = "ABCDEFGHJKLMNPQRTUVWXY346789"  # none that looks like another
LENGTH, MINUTES = 4, 5
WIDTH, HEIGHT, SIZE = 120, 40, 28
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody typed below the picture of `token`."""

    token: str
    text: str


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A picture to show, as a data address, and the token its answer comes back with."""

    token: str
    picture: str


def new_puzzle(vault: Vault) -> Puzzle:
    """Keep a new question and return its picture; questions nobody answered in time go."""
    answer = "".join(secrets.choice(CHARACTERS) for _ in range(LENGTH))
    token = secrets.token_urlsafe(24)
    with transaction():
        db.session.execute(delete(Captcha).where(Captcha.expires_at <= now()))
        expires = now() + timedelta(minutes=MINUTES)
        db.session.add(Captcha(token=token, answer_key=_key(token, answer, vault), expires_at=expires))
    encoded = base64.b64encode(draw(answer)).decode("ascii")
    return Puzzle(token, f"data:image/png;base64,{encoded}")


def check_answer(answer: Answer | None, vault: Vault) -> None:
    """Use the question up. Raises Invalid when the answer is missing, wrong, late or given before."""
    if answer is None or not answer.text.strip():
        raise Invalid(problem("captcha_missing", N_("Type the characters of the picture."), field="captcha"))
    with transaction():
        used = delete(Captcha).where(Captcha.token == answer.token, Captcha.expires_at > now())
        stored = db.session.scalar(used.returning(Captcha.answer_key))
    typed = _key(answer.token, answer.text.strip().upper(), vault)
    if stored is None or not hmac.compare_digest(stored, typed):
        text = N_("The characters do not match the picture or it is too old; here is a new one.")
        raise Invalid(problem("captcha_wrong", text, field="captcha"))


def draw(answer: str) -> bytes:
    """Return the PNG of `answer`: turned characters behind a few lines and dots."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#f6f8fb")
    step = WIDTH // (len(answer) + 1)
    for number, character in enumerate(answer):
        letter = _letter(character)
        picture.paste(letter, (step // 2 + number * step, _dice.randint(-2, 4)), letter)
    _disturb(ImageDraw.Draw(picture))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _letter(character: str) -> Image.Image:
    letter = Image.new("RGBA", (SIZE + 8, SIZE + 8))
    ink = (_dice.randint(10, 70), _dice.randint(30, 90), _dice.randint(80, 150), 255)
    ImageDraw.Draw(letter).text((6, 2), character, font=ImageFont.load_default(SIZE), fill=ink)
    return letter.rotate(_dice.uniform(-22, 22), resample=Image.Resampling.BICUBIC)


def _disturb(pen: ImageDraw.ImageDraw) -> None:
    for _ in range(4):
        ends = [_dice.randrange(WIDTH // 3), _dice.randrange(HEIGHT), _dice.randrange(WIDTH), _dice.randrange(HEIGHT)]
        pen.line(ends, fill=(120, 140, 170), width=1)
    for _ in range(60):
        pen.point((_dice.randrange(WIDTH), _dice.randrange(HEIGHT)), fill=(90, 110, 150))


def _key(token: str, answer: str, vault: Vault) -> str:
    return vault.key(f"captcha/{token}/{answer}")
