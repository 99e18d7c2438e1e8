"""What looks like a number and is none, wherever an address or a form may hold one: read as nothing, never an error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

pytestmark = pytest.mark.req("S3")
ODD = ("²", "٣", "9" * 5000)


@pytest.mark.parametrize("odd", ODD, ids=["superscript", "other digits", "long"])
@pytest.mark.parametrize(
    "address",
    ["/teacherview/list/?page={}&size={}", "/teacherview/list/?school={}", "/accountview/list/?role={}&place={}",
     "/catalogue/?subject={}", "/reviews/?institution={}", "/school-changes/merge?schools={}"],
)  # fmt: skip
def test_pages_read_it_as_nothing(login_as: Any, world: World, address: str, odd: str) -> None:
    answer = login_as("provincial_admin").get(address.format(odd, odd))
    assert answer.status_code in {200, 404}


@pytest.mark.parametrize("odd", ODD, ids=["superscript", "other digits", "long"])
def test_a_link_to_a_new_password_is_over(client: Any, world: World, odd: str) -> None:
    for token in (f"{odd}.1.1.x", f"1.{odd}.1.x", f"1.1.{odd}.x", "1.1.1.²"):
        assert client.get(f"/recover/link/{token}", follow_redirects=True).status_code < 500
