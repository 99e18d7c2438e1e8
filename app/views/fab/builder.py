"""The framework's registry of screens, with the home page and nothing else of its own."""

from __future__ import annotations

from flask_appbuilder import AppBuilder


class PlatformBuilder(AppBuilder):
    """Registers no screen but ours.

    The framework would add `/lang/<locale>`, which changes a session by GET, and `/back`, which leads along a page
    history we do not keep. The language changes by POST (`session.language`); pages link to where they belong.
    """

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()
