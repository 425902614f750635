"""Where a request comes from: what a proxy says of it counts only when the proxy was named as trusted."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from workflow.settings import MissingSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def behind(app: "WSGIApplication", trusted: str) -> "WSGIApplication":
    """The application as proxies are trusted: "" none, "2" that many in a row, "10.0.0.5,10.1.0.0/16" one of these.

    Raises MissingSettings for anything else.
    """
    if not trusted:
        return app
    if trusted.isdecimal():
        return ProxyFix(app, x_for=int(trusted), x_proto=int(trusted), x_host=0)
    try:
        networks = [ip_network(each.strip()) for each in trusted.split(",")]
    except ValueError as error:
        raise MissingSettings(
            "OVERGANG_TRUSTED_PROXIES is a count, or addresses: 1, or 10.0.0.5,10.1.0.0/16"
        ) from error
    fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=0)

    def choose(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        peer = ip_address(environ.get("REMOTE_ADDR") or "0.0.0.0")
        inside: Callable[..., Iterable[bytes]] = fixed if any(peer in network for network in networks) else app
        return inside(environ, start_response)

    return choose
