"""Makes the helpers beside this file importable for the tests below, and keeps features out of the cache."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache_of_features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("photowave.image.cache.platformdirs.user_cache_path", lambda *a, **k: folder)
        yield
