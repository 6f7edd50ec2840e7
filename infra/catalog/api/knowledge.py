"""Knowledge: documents and collections, and search."""

from infra.catalog.api.resource import resource
from infra.catalog.model import Function, Route, Use, Zone
from infra.catalog.uses import CACHE, CHANGE_VECTORS, READ_ASSETS, SEARCH_VECTORS

_DOCUMENTS = "knowledge.documents"
# To remove points nothing is embedded.
_REMOVE_VECTORS = tuple(use for use in CHANGE_VECTORS if use.resource != "embeddings")

FUNCTIONS: tuple[Function, ...] = (
    resource(
        "knowledge",
        "documents",
        "Takes uploads by signed forms, shows documents and collections, deletes documents with their passages",
        # A form and a URL can do what the role of who signs them can.
        Use("bucket:knowledge", "read"),
        Use("bucket:knowledge", "write"),
        Use("bucket:knowledge", "delete"),
        READ_ASSETS,
        *_REMOVE_VECTORS,
        settings=("StorageSettings", "VectorSettings", "EmbeddingSettings"),
        layers=("core", "vectors"),
    ),
    Function(
        "knowledge.search",
        "functions.knowledge.api.search.handler",
        Zone.DATA,
        "Searches the collections: passages by meaning and by words",
        settings=(
            "CacheSettings",
            "RateLimitSettings",
            "HouseSettings",
            "VectorSettings",
            "EmbeddingSettings",
        ),
        # Without the database: what it finds, the vector engine holds.
        uses=(CACHE, *SEARCH_VECTORS),
        layers=("core", "vectors"),
        memory=1024,
        concurrency=4,
    ),
)

ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/documents", _DOCUMENTS, "create_document", "document:create"),
    Route("GET", "/v1/documents", _DOCUMENTS, "list_documents", "document:list"),
    Route("GET", "/v1/documents/{document_id}", _DOCUMENTS, "get_document", "document:read"),
    Route("DELETE", "/v1/documents/{document_id}", _DOCUMENTS, "delete_document", "document:delete"),
    Route("GET", "/v1/collections", _DOCUMENTS, "list_collections", "collection:list"),
    Route("GET", "/v1/collections/{collection}", _DOCUMENTS, "get_collection", "collection:read"),
    Route("POST", "/v1/search", "knowledge.search", "search_knowledge", "knowledge:search"),
)
