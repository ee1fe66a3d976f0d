"""Which addresses a download may visit.

A page is a stranger's text. It may name a file of this machine, or a service of the network that
this machine stands in, such as the one from which cloud machines fetch their credentials. So only
http and https are spoken, and who starts on the public web stays there.
"""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from hdvg.failures import VideoFailure

Resolve = Callable[[str], list[str]]


def resolve(host: str) -> list[str]:
    """The addresses of a host; none if it has no name here."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(entry[4][0]) for entry in found})


def is_private(address: str) -> bool:
    """Whether an IP address, as text, lies anywhere but on the public internet."""
    found = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return not (mapped or found).is_global


class Reach:
    """Follows one download's addresses.

    Args:
        start: The address that the user gave. If it is a private one, so may the others be: the
            user's own server is the user's to ask.
        through_proxy: Then names are the proxy's to resolve, and only addresses written as numbers
            are judged.
        resolve: Name to addresses.
    """

    def __init__(
        self,
        start: str,
        *,
        through_proxy: bool = False,
        resolve: Resolve = resolve,
    ) -> None:
        self._through_proxy = through_proxy
        self._resolve = resolve
        self._known: dict[str, bool] = {}
        self._stays_public = not self._leads_home(urlsplit(start).hostname or "")

    def check(self, url: str) -> None:
        """Judges an address before it is visited.

        Raises:
            VideoFailure: It is one that is not followed.
        """
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme.lower(), parts.hostname
        except ValueError:
            scheme, host = "", None
        if scheme not in ("http", "https") or not host:
            named = repr(scheme) if scheme.isalnum() else "unreadable"
            raise VideoFailure("forbidden_address", f"leads to an address of the kind {named}")
        if self._stays_public and self._leads_home(host):
            raise VideoFailure("forbidden_address", "leads to an address of a private network")

    def _leads_home(self, host: str) -> bool:
        if host not in self._known:
            self._known[host] = any(is_private(address) for address in self._addresses(host))
        return self._known[host]

    def _addresses(self, host: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            if host == "localhost" or host.endswith(".localhost"):
                return ["127.0.0.1"]
            return [] if self._through_proxy else self._resolve(host)
