from tests.web_server import serve, web

__all__ = ["serve", "web"]
