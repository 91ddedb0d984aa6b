from pathlib import Path

import pytest
from pydantic import ValidationError

from dashboards.settings import DashboardSettings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ATLAS_API_URL", "ATLAS_API", "ATLAS_API_PUBLIC_URL", "ATLAS_API_KEY", "ATLAS_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_browsers_use_the_servers_address_unless_given_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_API_URL", "http://api:8000/")
    assert DashboardSettings().browser_url == "http://api:8000"
    monkeypatch.setenv("ATLAS_API_PUBLIC_URL", "https://plant.example/atlas/")
    assert DashboardSettings().browser_url == "https://plant.example/atlas"


def test_the_short_name_of_the_address_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_API", "http://api:9000")
    assert DashboardSettings().api_url == "http://api:9000"


@pytest.mark.parametrize("address", ["api:8000", "ftp://api", "javascript:alert(1)", "http://"])
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("ATLAS_API_PUBLIC_URL", address)
    with pytest.raises(ValidationError, match="give scheme and host"):
        DashboardSettings()


def test_the_key_comes_from_the_variable_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("from-file\n")
    monkeypatch.setenv("ATLAS_API_KEY_FILE", str(path))
    assert DashboardSettings().read_key() == "from-file"
    monkeypatch.setenv("ATLAS_API_KEY", "from-variable")
    settings = DashboardSettings()
    assert settings.read_key() == "from-variable"
    assert "from-variable" not in repr(settings)


def test_no_key_is_no_error() -> None:
    assert DashboardSettings().read_key() == ""
