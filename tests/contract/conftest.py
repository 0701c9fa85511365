"""A seed, a number of examples, and a stack with the limits on sign-ins raised: hundreds come from here."""

import random
from collections.abc import Iterator

import pytest

import contracts.events
from contract.desk import Desk, open_desk
from contract.trial import SHORT_RUN
from devstack.stack import Stack
from kit.one_stack import guarded

assert contracts.events.MessageSent.TYPE  # importing the module registers the event types


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--examples 200` for a long run."""
    parser.addoption(
        "--examples", type=int, default=SHORT_RUN, help=f"random requests an operation and phase (default {SHORT_RUN})"
    )


@pytest.fixture(scope="session")
def examples(request: pytest.FixtureRequest) -> int:
    """How many random requests an operation gets, beside the boundary cases."""
    given: object = request.config.getoption("--examples", default=SHORT_RUN)
    return given if isinstance(given, int) else SHORT_RUN


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed: `--hypothesis-seed`, else any; it is printed with every outcome."""
    given = str(request.config.getoption("--hypothesis-seed", default=None))
    return int(given) if given.isdigit() else random.randrange(2**31)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running system with both demo hotels."""
    with guarded(tmp_path_factory.mktemp("contract") / "state") as running:
        yield running


@pytest.fixture(scope="session")
async def desk(stack: Stack) -> Desk:
    """What the requests find, and who sends them."""
    return await open_desk(stack)
