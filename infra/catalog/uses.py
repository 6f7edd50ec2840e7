"""Rights that several functions need."""

from infra.catalog.model import Use

DATABASE = Use("database", "connect")
CACHE = Use("cache", "connect")
PUBLISH = Use("bus:agent-analytics", "put")
READ_ASSETS = Use("bucket:assets", "read")
WRITE_ASSETS = Use("bucket:assets", "write")
READ_DOCUMENTS = Use("bucket:knowledge", "read")
WRITE_DOCUMENTS = Use("bucket:knowledge", "write")
READ_HANDOFF = Use("bucket:handoff", "read")
WRITE_HANDOFF = Use("bucket:handoff", "write")
CAPABILITY_KEY = Use("secret:capability-key", "read")
TOKEN_KEY = Use("secret:token-key", "read")
MAIL_KEY = Use("secret:mail-key", "read")
BOOTSTRAP_KEY = Use("secret:bootstrap-key", "read")
WEBHOOK_KEY = Use("secret:webhook-key", "read")
# What a search needs: a key with which the engine changes nothing.
SEARCH_VECTORS = (
    Use("vectors", "read"),
    Use("secret:vectors-read-key", "read"),
    Use("secret:vectors-certificate", "read"),
    Use("embeddings", "invoke"),
)
CHANGE_VECTORS = (
    Use("vectors", "write"),
    Use("secret:vectors-key", "read"),
    Use("secret:vectors-certificate", "read"),
    Use("embeddings", "invoke"),
)
