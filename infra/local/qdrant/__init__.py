"""Qdrant on one machine."""

from infra.local.qdrant.errors import FolderInUse
from infra.local.qdrant.face import QdrantFace

__all__ = ["FolderInUse", "QdrantFace"]
