"""Where a server may be: https anywhere, plain http on this machine only, and never a secret inside the address."""

import ipaddress
from urllib.parse import urlsplit

from cje_audit.domain.errors import ConfigError


def check_address(base_url: str | None, provider: str) -> str:
    """Return the base address without a trailing slash.

    Raises
    ------
    ConfigError
        When there is none, when it is not https off this machine, or when it holds a user name, key or query.

    Examples
    --------
    >>> check_address("http://127.0.0.1:8801/v1/", "vllm")
    'http://127.0.0.1:8801/v1'
    >>> check_address("http://example.org/v1", "vllm")
    Traceback (most recent call last):
    ...
    cje_audit.domain.errors.ConfigError: The base_url of the provider vllm is http, but example.org is not this machine.
    """
    if base_url is None:
        raise ConfigError(
            f"The provider {provider} needs a base_url.",
            expected="an address such as http://127.0.0.1:8000/v1",
            what_to_do="Add base_url.",
        )
    host = _host(base_url, provider)
    scheme = base_url.partition(":")[0].lower()
    if scheme == "http" and not is_loopback(host):
        raise ConfigError(
            f"The base_url of the provider {provider} is http, but {host} is not this machine.",
            expected="https, or http on 127.0.0.1",
            got=f"http://{host}",
            what_to_do="Write https, or reach the server through an SSH tunnel.",
        )
    return base_url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host name means this machine.

    Examples
    --------
    >>> is_loopback("localhost"), is_loopback("127.8.9.10"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and address.is_loopback


def _host(base_url: str, provider: str) -> str:
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _unusable(provider, "it cannot be read as an address") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise _unusable(provider, "it has to begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise _unusable(provider, "it holds a user name or password; keys belong in an environment variable")
    if parts.query or parts.fragment:
        raise _unusable(provider, "it holds a query; keys belong in an environment variable")
    address = _ip(host)
    if address is not None and (address.is_link_local or address.is_unspecified or address.is_multicast):
        raise _unusable(provider, f"{host} is no address of a model server")
    return host


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _unusable(provider: str, why: str) -> ConfigError:
    return ConfigError(
        f"The base_url of the provider {provider} cannot be used: {why}.",
        expected="an address such as https://host/v1",
        what_to_do="Correct base_url.",
    )
