"""What the face answers when it cannot do what was asked, in Qdrant's words and statuses."""

from __future__ import annotations


class FaceError(Exception):
    """An answer other than 200: an HTTP status and the sentence in `status.error`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class FolderInUse(Exception):
    """Another process (or another face of this one) has the folder open."""


def bad_request(message: str) -> FaceError:
    """400: the request is understood and wrong."""
    return FaceError(400, f"Wrong input: {message}")


def not_found(message: str) -> FaceError:
    """404: there is no such thing."""
    return FaceError(404, f"Not found: {message}")


def no_collection(name: str) -> FaceError:
    """404 for a collection that does not exist."""
    return not_found(f"Collection `{name}` doesn't exist!")
