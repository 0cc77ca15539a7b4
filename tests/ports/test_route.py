"""Proxies and credentials: taken from the environment and the address, and never told in a message."""

from __future__ import annotations

import base64
import gc
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError, SourceError
from boatyard.ports.http import Fetcher, Patience
from boatyard.ports.route import request_for, shown

if TYPE_CHECKING:
    from tests.web_server import Web

HASTY = Patience(silence_s=10, attempts=2, pause_s=0.01)
BASIC = "Basic " + base64.b64encode(b"me:p@ss").decode()
PROXY = "http://proxy.invalid:3128"


def proxy_of(url: str, **environ: str) -> str:
    return request_for(url, environ).route.proxy


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("http://h.invalid/", {}, ""),
        ("http://h.invalid/", {"http_proxy": PROXY}, PROXY),
        ("http://h.invalid/", {"http_proxy": "proxy.invalid:3128"}, PROXY),
        ("http://h.invalid/", {"https_proxy": PROXY}, ""),
        ("http://h.invalid/", {"HTTP_PROXY": PROXY}, ""),
        ("https://h.invalid/", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://h.invalid/", {"http_proxy": PROXY}, ""),
        ("https://h.invalid/", {"all_proxy": PROXY, "http_proxy": ""}, PROXY),
        ("http://h.invalid/", {"http_proxy": PROXY, "no_proxy": "*"}, ""),
        ("http://h.invalid/", {"http_proxy": PROXY, "no_proxy": "other.invalid, h.invalid"}, ""),
        ("http://a.h.invalid/", {"http_proxy": PROXY, "NO_PROXY": ".h.invalid"}, ""),
        ("http://ah.invalid/", {"http_proxy": PROXY, "no_proxy": "h.invalid"}, PROXY),
        ("http://h.invalid/", {"http_proxy": PROXY, "no_proxy": ",, "}, PROXY),
        ("http://127.0.0.1/", {"http_proxy": PROXY}, ""),
        ("http://localhost:8080/", {"http_proxy": PROXY}, ""),
        ("http://[::1]/", {"http_proxy": PROXY}, ""),
    ],
)
def test_the_proxy_of_an_address(url: str, environ: dict[str, str], proxy: str) -> None:
    assert proxy_of(url, **environ) == proxy


@pytest.mark.parametrize("proxy", ["socks5://p:1", "http://", "http://p:port", "http://[p"])
def test_a_proxy_that_cannot_be_used_is_told(proxy: str) -> None:
    with pytest.raises(ConfigError, match="environment variable http_proxy is no http:// address"):
        proxy_of("http://h.invalid/", http_proxy=proxy)


def test_a_proxy_is_asked_for_the_whole_address(web: Web) -> None:
    web.files["http://mirror.invalid:81/a?b"] = b"content"
    proxy = web.url.replace("//", "//me:p%40ss@")
    fetcher = Fetcher(HASTY, {"http_proxy": proxy})
    assert fetcher.get("http://mirror.invalid:81/a?b", limit=10) == b"content"
    assert web.headers[0]["Host"] == "mirror.invalid:81"
    assert web.headers[0]["Proxy-Authorization"] == BASIC
    assert "Authorization" not in web.headers[0]


# http.client of Python 3.11.2 leaves the socket of a refused tunnel to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_https_goes_through_a_tunnel_that_the_proxy_may_refuse(web: Web) -> None:
    fetcher = Fetcher(HASTY, {"https_proxy": web.url.replace("//", "//me:p%40ss@")})
    with pytest.raises(SourceError, match=r"mirror\.invalid cannot be reached: Tunnel connection failed: 501") as error:
        fetcher.get("https://mirror.invalid/f", limit=10)
    told = str(error.value)
    assert "p@ss" not in told
    assert "p%40ss" not in told
    del error
    gc.collect()


def test_credentials_of_an_address_are_sent_and_not_told(web: Web) -> None:
    web.files["/f"] = b"content"
    address = web.url.replace("//", "//me:p%40ss@")
    assert Fetcher(HASTY).get(f"{address}/f", limit=10) == b"content"
    assert web.headers[0]["Authorization"] == BASIC
    assert web.headers[0]["Host"] in web.url
    with pytest.raises(SourceError) as error:
        Fetcher(HASTY).get(f"{address}/absent", limit=10)
    assert f"{web.url}/absent" in str(error.value)
    assert "p%40ss" not in str(error.value)


def test_credentials_do_not_follow_a_redirect(web: Web) -> None:
    web.behaviours["/a"] = lambda handler: handler.answer(302, Location=f"{web.url}/b")
    web.files["/b"] = b"content"
    assert Fetcher(HASTY).get(f"{web.url.replace('//', '//me:p%40ss@')}/a", limit=10) == b"content"
    assert ["Authorization" in headers for headers in web.headers] == [True, False]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://h/p@q", "http://h/p@q"),
        ("http://u:p@h:1/p", "http://h:1/p"),
        ("http://u:a@b@h/p", "http://h/p"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_is_shown(url: str, told: str) -> None:
    assert shown(url) == told
