"""A whole wall for those who send, and a small one with much on it for those who read."""

from tests.moderation.conftest import wall, walls  # noqa: F401 (fixtures)
from tests.pledges.feeds.conftest import shown  # noqa: F401 (a fixture)
