import pytest

from stream.servers.errors import ServerError
from stream.servers.ports import split_address


def test_an_address_is_host_and_port() -> None:
    assert split_address(" [::1]:9092", "ATLAS_KAFKA") == ("::1", 9092)
    assert split_address("kafka.local:1", "ATLAS_KAFKA") == ("kafka.local", 1)


@pytest.mark.parametrize("text", ["", "localhost", "localhost:", ":9092", "localhost:http"])
def test_what_is_no_address_is_refused_by_the_name_of_its_setting(text: str) -> None:
    with pytest.raises(ServerError, match=r"ATLAS_KAFKA holds .*host:port"):
        split_address(text, "ATLAS_KAFKA")
