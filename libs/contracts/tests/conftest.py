"""Settings of this package's tests: generated examples are the same in every run, and only here."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("contracts", derandomize=True, deadline=None, max_examples=60, database=None)


@pytest.fixture(scope="module", autouse=True)
def seeded() -> Iterator[None]:
    """Leaves the settings of other packages' tests, that may run in the same process, as they were."""
    before = settings.get_current_profile_name()
    settings.load_profile("contracts")
    yield
    settings.load_profile(before)
