"""Passwords: what may be one, and how they are kept.

Kept as argon2id hashes. A bcrypt hash that was brought along is accepted once: whoever logs in with its password has
it replaced, and so is an argon2id hash that was made with other parameters.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from functools import cache
from pathlib import Path

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import FieldProblem, Invalid

# Source: OWASP Password Storage Cheat Sheet, argon2id: 19 MiB of memory, two passes, one lane.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
_HASH_BYTES = 32
_SALT_BYTES = 16

# Source: OWASP ASVS 5, 6.2: length is what counts, every character may stand in a password, none must.
LEAST_CHARACTERS = 12
MOST_CHARACTERS = 128

# A cost above 2^16 rounds would keep a function busy for seconds; no system of ours made such a hash.
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}", re.ASCII)
_BCRYPT_BYTES = 72


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(PASSES, MEMORY_KIB, LANES, _HASH_BYTES, _SALT_BYTES)


@cache
def _nobodys_hash() -> str:
    """Return a hash that costs what others cost to verify and that no password has."""
    salt, digest = (base64.b64encode(bytes(n)).decode().rstrip("=") for n in (_SALT_BYTES, _HASH_BYTES))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


@cache
def _common_passwords() -> frozenset[str]:
    """Return the passwords of at least twelve characters among the twenty thousand that leaked most often.

    Source: Django's list, which Royce Williams made of Pwned Passwords.
    """
    text = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.splitlines())


def _normalised(text: str) -> str:
    """Return a password however it was typed: NFKC, as NIST SP 800-63B advises."""
    return unicodedata.normalize("NFKC", text)


def _bytes(text: str) -> bytes:
    # Whatever comes in is a password that is right or wrong, never an error of the encoder.
    return text.encode("utf-8", "surrogatepass")


def check_password_rules(text: str, *, email: str, username: str) -> None:
    """Raise Invalid, with the pointer /password, unless this may be a user's new password.

    It is long, not the user's own name or address, and none of those that everybody tries first.
    """
    password = _normalised(text)
    folded = password.casefold()
    own = {_normalised(name).casefold() for name in (email, email.partition("@")[0], username)}
    if len(password) < LEAST_CHARACTERS:
        problem = f"must have at least {LEAST_CHARACTERS} characters"
    elif len(password) > MOST_CHARACTERS:
        problem = f"must have at most {MOST_CHARACTERS} characters"
    elif folded in own:
        problem = "must not be your e-mail address or your name"
    elif folded in _common_passwords():
        problem = "is one of the passwords that are tried first; choose another"
    else:
        return
    raise Invalid("The password cannot be used.", (FieldProblem("/password", problem),))


def hash_password(text: str) -> str:
    """Return the argon2id hash of a password with a salt of its own, as a PHC string."""
    return _hasher().hash(_bytes(_normalised(text)))


def verify_password(password_hash: str | None, text: str) -> bool:
    """Whether a hash is of this password.

    None, for a user who does not exist, is refused after the work that a real hash costs, so that the time an answer
    takes does not say who exists. Only a bcrypt hash takes another time, until it is replaced.
    """
    if password_hash is not None and password_hash.startswith("$2"):
        return _verify_bcrypt(password_hash, text)
    try:
        right = _hasher().verify(password_hash or _nobodys_hash(), _bytes(_normalised(text)))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether a hash is to be replaced: it is bcrypt's, or made with other parameters."""
    return password_hash.startswith("$2") or _hasher().check_needs_rehash(password_hash)


def _verify_bcrypt(password_hash: str, text: str) -> bool:
    """Verify a hash of a system before us, which took the password as it was typed and its first 72 bytes only."""
    if not _BCRYPT.fullmatch(password_hash) or "\0" in text:
        return False
    try:
        return bcrypt.checkpw(_bytes(text)[:_BCRYPT_BYTES], password_hash.encode())
    except ValueError:
        return False
