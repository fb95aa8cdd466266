import pytest

from cli.stack import Stack
from tests.contract.temporal_cli import TemporalCli
from tests.contract.work import Work
from tests.fixtures.carillon import Carillon


@pytest.fixture
def cli(stack: Stack) -> TemporalCli:
    addresses = stack.addresses
    return TemporalCli(addresses.temporal_address, addresses.temporal_namespace)


@pytest.fixture
def work(stack: Stack, carillon: Carillon) -> Work:
    return Work(stack, carillon)
