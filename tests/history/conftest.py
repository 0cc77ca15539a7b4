"""The web server that the repository of the small distribution is served by."""

from __future__ import annotations

from tests.web_server import serve, web

__all__ = ["serve", "web"]
