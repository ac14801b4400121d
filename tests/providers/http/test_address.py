"""Where a key may travel, and where not."""

import pytest

from cje_audit.domain.errors import ConfigError
from cje_audit.domain.policy import Policy
from cje_audit.providers.http.address import check_address
from cje_audit.providers.registry import make_provider


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost:1/v1",
        "http://[::1]:8000/v1",
        "https://api.example.org/v1",
        "https://10.0.0.4/v1",
    ],
)
def test_usable(url: str) -> None:
    assert check_address(url, "vllm") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/v1", "http://10.0.0.4:8000/v1", "http://localhost.example.org/v1", "http://0.0.0.0:80",
        "https://169.254.169.254/latest", "ftp://127.0.0.1/", "127.0.0.1:8000", "https://user:secret@host/v1",
        "https://host/v1?key=secret", "https://host/v1#secret", "https://", "https://host:port/v1", "",
    ],
)  # fmt: skip
def test_refused_without_repeating_a_secret(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_address(url, "vllm")
    assert "secret" not in str(error.value.document())


def test_a_provider_without_an_address_is_refused_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match="needs a base_url"):
        make_provider(Policy(name="a", model="m", provider="vllm"))


def test_a_hosted_provider_has_its_own_address() -> None:
    assert make_provider(Policy(name="a", model="m", provider="fireworks")).name == "fireworks"
