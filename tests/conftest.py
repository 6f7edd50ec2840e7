"""What every test stands on: an environment without anybody's keys, and engines that start when first used."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ("tests.fixtures.engines", "tests.fixtures.aws", "tests.fixtures.workers")

# How long an example takes says more about the neighbours on the machine than about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Whatever a developer's shell carries under these names must not decide a test, or be spent by one.
_FOREIGN = ("AWS_", "ANTHROPIC_", "PG", "DATABASE_", "CACHE_URL", "QDRANT_", "BEDROCK_")
_FAKE = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # Kits are made by the dozen, and few tests ask what is found in them: those set what they need.
    "EMBEDDING_PROVIDER": "hashed",
    "SEED_DOCUMENTS": "false",
}


def pytest_collection_finish() -> None:
    """Keep the collector from going through a million syntax trees and schemas again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Fake AWS credentials in us-east-1 and no settings of the machine, for tests and what they start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_FOREIGN):
                patch.delenv(name)
        for name, value in _FAKE.items():
            patch.setenv(name, value)
        yield
