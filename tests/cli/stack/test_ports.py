import socket
from collections.abc import Iterator

import pytest

from cli.stack.ports import HOST, PortRequest, PortsUnavailableError, claim_ports, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


def test_wanted_ports_stay_in_place_between_free_ones() -> None:
    wanted = free_port()
    requests = [PortRequest("first", 0), PortRequest("second", wanted), PortRequest("third", 0)]
    ports = claim_ports(requests)
    assert ports[1] == wanted
    assert len(set(ports)) == 3


def test_a_port_in_use_is_reported_with_its_part_and_option(taken: int) -> None:
    with pytest.raises(PortsUnavailableError) as refusal:
        claim_ports([PortRequest("the API", taken, "--api-port"), PortRequest("Temporal", 0)])
    assert refusal.value.requests == (PortRequest("the API", taken, "--api-port"),)
    for word in (str(taken), "the API", "--api-port"):
        assert word in str(refusal.value)


def test_every_port_in_use_is_reported_at_once(taken: int) -> None:
    requests = [
        PortRequest("the API", taken, "--api-port"),
        PortRequest("Temporal", taken, "--temporal-port"),
    ]
    with pytest.raises(PortsUnavailableError) as refusal:
        claim_ports(requests)
    assert refusal.value.requests == tuple(requests)


def test_two_parts_cannot_want_the_same_port() -> None:
    port = free_port()
    with pytest.raises(PortsUnavailableError) as refusal:
        claim_ports(
            [PortRequest("the API", port, "--api-port"), PortRequest("Temporal", port, "--temporal-port")]
        )
    assert [request.part for request in refusal.value.requests] == ["Temporal"]


def test_a_port_whose_connections_linger_counts_as_free() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection((HOST, port))
        server, _ = listener.accept()
        server.close()
        client.close()
    assert claim_ports([PortRequest("the API", port)]) == (port,)
