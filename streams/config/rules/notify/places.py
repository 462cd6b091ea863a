"""Addresses of receivers: https, or http on this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or number."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def url_complaint(url: str) -> str | None:
    """Return what is wrong with the address of a webhook; None if it can be used."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("https", "http") or not host or not url.isprintable() or " " in url:
        return "is no https address"
    if parts.scheme == "http" and not is_loopback(host):
        return "is not encrypted: only receivers on this machine may have http"
    return None
