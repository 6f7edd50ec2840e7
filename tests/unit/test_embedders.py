"""Which embedder a function gets: that of its settings, or the one whose vectors a collection holds."""

from __future__ import annotations

import pytest

from shared import bootstrap
from shared.adapters.embeddings import BedrockEmbedder, EmbeddingModelUnknown, HashedEmbedder
from shared.adapters.embeddings_minilm import MiniLmEmbedder
from shared.bootstrap import Container

KINDS = {"bedrock": BedrockEmbedder, "minilm": MiniLmEmbedder, "hashed": HashedEmbedder}


@pytest.fixture(params=list(KINDS))
def provider(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the providers, as the one of the settings."""
    monkeypatch.setenv("EMBEDDING_PROVIDER", request.param)
    found: str = request.param
    return found


def test_the_settings_say_what_embeds(provider: str) -> None:
    own = Container()

    embedder = own.embedder_of(768)

    assert type(embedder) is KINDS[provider]
    assert embedder.dimension == 768
    assert own.embedder_of(768) is embedder
    assert own.embedder_of(1536).dimension == 1536


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_an_embedder_is_found_by_the_name_its_vectors_carry(
    provider: str, kind: type[BedrockEmbedder | MiniLmEmbedder | HashedEmbedder]
) -> None:
    own = Container()

    embedder = own.embedder_named(kind.model, 1536)

    assert type(embedder) is kind
    assert (embedder.model, embedder.dimension) == (kind.model, 1536)
    assert own.embedder_named(kind.model, 1536) is embedder
    assert (embedder is own.embedder_of(1536)) == (kind is KINDS[provider])


def test_a_name_that_nobody_has_is_an_error(provider: str) -> None:
    with pytest.raises(EmbeddingModelUnknown, match="wordllama-v1") as caught:
        Container().embedder_named("wordllama-v1", 768)

    assert all(kind.model in str(caught.value) for kind in KINDS.values())


def test_the_model_of_one_machine_is_not_installed_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_PROVIDER", "bedrock")
    monkeypatch.setattr(bootstrap, "find_spec", dict[str, str]().get)

    with pytest.raises(EmbeddingModelUnknown, match="not installed"):
        Container().embedder_named(MiniLmEmbedder.model, 1536)
