"""Access tokens that are forged, altered, too old or no longer good for anything: 401 to the very next request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from functions.identity.accounts import sessions, tokens
from shared import base64url
from tests.integration.identity.accounts.door import TOKEN_KEY, Door

_ISSUER = "roboagency"


@pytest.fixture
def token(door: Door, user: UUID) -> str:
    """A token that works."""
    made: str = door.tokens()["access_token"]
    assert door.status(made) == 200
    return made


def key() -> bytes:
    """What tokens are signed with; the attacks below that know it show what the claims are worth alone."""
    return tokens._key(TOKEN_KEY).value


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")
    return json.loads(base64url.decode(header)), json.loads(base64url.decode(claims)), signature


def spelt(value: object) -> str:
    return base64url.encode(json.dumps(value, separators=(",", ":")).encode())


def signed(header: str, claims: str, secret: bytes | None = None) -> str:
    """Return a token of two parts as they are spelt, with a right HMAC."""
    text = f"{header}.{claims}"
    return f"{text}.{base64url.encode(hmac.digest(secret or key(), text.encode(), hashlib.sha256))}"


def with_claims(token: str, **changes: Any) -> str:
    """Return the token with other claims, signed with the real key; None takes one away."""
    header, _, _ = token.partition(".")
    claims = parts(token)[1] | changes
    return signed(header, spelt({name: value for name, value in claims.items() if value is not None}))


def with_header(token: str, **changes: Any) -> str:
    header = parts(token)[0] | changes
    found = {name: value for name, value in header.items() if value is not None}
    return signed(spelt(found), token.split(".")[1])


def test_the_attacker_of_these_tests_can_sign(door: Door, token: str) -> None:
    """Without this the tests below could pass for the wrong reason."""
    assert with_claims(token) == with_header(token) == token
    assert door.status(with_claims(token, jti=str(uuid4()))) == 200


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "hs256"]
)
def test_another_algorithm(door: Door, token: str, alg: str) -> None:
    _, claims, signature = token.split(".")
    header = spelt(parts(token)[0] | {"alg": alg})

    assert door.status(with_header(token, alg=alg)) == 401
    assert door.status(f"{header}.{claims}.") == 401
    assert door.status(f"{header}.{claims}") == 401
    assert door.status(f"{header}.{claims}.{signature}") == 401


def test_no_algorithm_at_all(door: Door, token: str) -> None:
    assert door.status(with_header(token, alg=None)) == 401
    assert door.status(jwt.encode(parts(token)[1], "", "none")) == 401


@pytest.mark.parametrize("alg", ["HS384", "HS512"])
def test_a_stronger_hmac_with_the_right_key_is_another_algorithm_too(
    door: Door, token: str, alg: str
) -> None:
    header, claims, _ = parts(token)
    long_enough = key() + key()
    for secret in (key(), long_enough):
        with pytest.warns(jwt.InsecureKeyLengthWarning) if secret == key() else _nothing():
            forged = jwt.encode(claims, secret, alg, headers={"kid": header["kid"]})
        assert door.status(forged) == 401


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
def test_a_key_pair_of_the_attackers(door: Door, token: str, alg: str) -> None:
    """Signed with a private key, and offered with its public key in the header or as the HMAC's secret."""
    private = (
        ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else rsa.generate_private_key(65537, 2048)
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, claims, _ = parts(token)
    name = "EC" if alg == "ES256" else "RSA"
    jwk = json.loads(getattr(jwt.algorithms, f"{name}Algorithm").to_jwk(private.public_key()))
    headers = {"kid": header["kid"], "jwk": jwk, "x5u": "https://example.com/key"}

    assert door.status(jwt.encode(claims, private, alg, headers=headers)) == 401
    spelt_header, spelt_claims, _ = token.split(".")
    assert door.status(signed(spelt_header, spelt_claims, secret=public)) == 401


@pytest.mark.parametrize("secret", ["", "secret", TOKEN_KEY, f"{TOKEN_KEY} "])
def test_a_wrong_key(door: Door, token: str, secret: str) -> None:
    header, claims, _ = token.split(".")
    assert door.status(signed(header, claims, secret=secret.encode() or b"\0")) == 401


def test_the_key_of_refresh_tokens_signs_no_access_token(door: Door, token: str) -> None:
    other = tokens._derived(TOKEN_KEY, "refresh-token")
    header, claims, _ = token.split(".")
    assert door.status(signed(header, claims, secret=other)) == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "../../dev/null"},
        {"kid": None},
        {"typ": "JWS"},
        {"typ": None},
        {"crit": ["exp"]},
        {"b64": False},
        {"zip": "DEF"},
        {"jku": "https://example.com/keys"},
        {"cty": "JWT"},
    ],
    ids=str,
)
def test_another_header_with_the_right_signature(door: Door, token: str, changes: dict[str, Any]) -> None:
    assert door.status(with_header(token, **changes)) == 401


@pytest.mark.parametrize(
    "audience",
    [
        "",
        "roboagency",
        "roboagency-api ",
        "ROBOAGENCY-API",
        ["roboagency-api"],
        ["roboagency-api", "x"],
        [],
        1,
    ],
    ids=str,
)
def test_a_wrong_audience(door: Door, token: str, audience: object) -> None:
    assert door.status(with_claims(token, aud=audience)) == 401


@pytest.mark.parametrize("issuer", ["", "somebody", "roboagency/", ["roboagency"], 1], ids=str)
def test_a_wrong_issuer(door: Door, token: str, issuer: object) -> None:
    assert door.status(with_claims(token, iss=issuer)) == 401


def test_an_expired_token_to_the_second(door: Door, token: str) -> None:
    door.clock.advance(599)
    assert door.status(token) == 200
    door.clock.advance(1)
    assert door.status(token) == 401


def test_a_token_that_is_not_yet_valid_to_the_second(door: Door, token: str) -> None:
    now = int(door.clock.now().timestamp())
    early = with_claims(token, nbf=now + 1)
    assert (door.status(with_claims(token, nbf=now)), door.status(early)) == (200, 401)
    door.clock.advance(1)
    assert door.status(early) == 200


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "tid", "sid", "ver", "jti", "iat", "nbf", "exp"])
def test_a_claim_that_is_missing_or_of_another_kind(door: Door, token: str, name: str) -> None:
    odd: list[Any] = [None, "", "0", 0.5, 1.8e9, True, [], {}, "9" * 400, "٣"]
    values = [*odd, f"{parts(token)[1][name]} "]

    assert {repr(value): door.status(with_claims(token, **{name: value})) for value in values} == {
        repr(value): 401 for value in values
    }


def test_ids_in_another_spelling(door: Door, token: str) -> None:
    claims = parts(token)[1]
    for name in ("sub", "tid", "sid", "jti"):
        for respelt in (
            claims[name].upper(),
            claims[name].replace("-", ""),
            "{" + claims[name] + "}",
            f"urn:uuid:{claims[name]}",
        ):
            assert respelt == claims[name] or door.status(with_claims(token, **{name: respelt})) == 401


def test_a_claim_more(door: Door, token: str) -> None:
    assert door.status(with_claims(token, role="admin")) == 401


def test_ids_of_others(door: Door, user: UUID, token: str) -> None:
    """A token says tenant, user and session together; no other combination is one."""
    hers = door.add_user("grace@example.com")
    her_session = door.tokens(email="grace@example.com")["session_id"]
    other, _ = door.add_tenant()
    changes = [{"sub": str(hers)}, {"sid": her_session}, {"tid": str(other)}, {"ver": 2}, {"ver": 0}]

    assert [door.status(with_claims(token, **each)) for each in changes] == [401] * 5
    assert door.status(with_claims(token, sub=str(hers), sid=her_session)) == 200


def respellings(token: str) -> Iterator[str]:
    """The same bytes in other letters, as far as lenient decoders go."""
    header, claims, signature = token.split(".")
    yield f"{token}="
    yield f"{token}=="
    yield f"{token}\n"
    yield f"{token} {token}"
    yield f"{token}."
    yield f"{token}.."
    yield f".{token}"
    yield f"{header}.{claims}={'='}.{signature}"
    yield f"{header[:4]}\n{header[4:]}.{claims}.{signature}"
    yield f"{header}.{claims[:8]} {claims[8:]}.{signature}"
    yield f"{header}.{claims}.{signature[:5]}!{signature[5:]}"
    yield f"{header}.{claims}.{signature[:5]}\u200b{signature[5:]}"
    yield f"{header}.{claims}.{signature.replace('-', '+').replace('_', '/')}~"
    yield base64.b64encode(token.encode()).decode()
    # 32 bytes fill 42 letters and two thirds of the last: two bits of it say nothing.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(signature[-1])
    for loose in range(1, 4):
        yield f"{header}.{claims}.{signature[:-1]}{alphabet[last ^ loose]}"


def test_other_spellings_of_the_same_token(door: Door, token: str) -> None:
    tried = list(respellings(token))
    assert token not in tried
    assert [door.status(each) for each in tried] == [401] * len(tried)


def test_other_spellings_of_what_is_signed(door: Door, token: str) -> None:
    """Padding and loose bits, with a right signature over them."""
    header, claims, _ = token.split(".")
    for changed in (
        (f"{header}=", claims),
        (f"{header}{'=' * (-len(header) % 4)}", f"{claims}{'=' * (-len(claims) % 4 or 4)}"),
        (f"{header}\n", claims),
        (header, f"{claims}\r\n"),
        (header, f"{claims[:-1]}-_"),
        (header, ""),
        ("", claims),
    ):
        assert door.status(signed(*changed)) == 401, changed


@pytest.mark.parametrize(
    "respell",
    [
        lambda text: f" {text}",
        lambda text: f"{text}\n",
        lambda text: text.replace(":", ": "),
        lambda text: '{"alg":"none",' + text[1:],
        lambda text: text[:-1] + ',"alg":"HS256"}',
        lambda text: text[:-1] + ',"alg":"none"}',
        lambda text: text.replace("HS256", "\\u0048S256"),
        lambda text: "\ufeff" + text,
        lambda _: "null",
        lambda _: "[]",
    ],
    ids=["space", "line", "spaces", "twice-before", "twice", "twice-after", "escape", "mark", "null", "list"],
)
def test_a_header_that_says_the_same_otherwise(door: Door, token: str, respell: Callable[[str], str]) -> None:
    header, claims, _ = token.split(".")
    text = respell(base64url.decode(header).decode())

    assert door.status(signed(base64url.encode(text.encode()), claims)) == 401


@pytest.mark.parametrize("text", ["null", "[]", '"x"', "1", "{}", "{", "\ufeff{}", "\x00"], ids=repr)
def test_claims_that_are_none(door: Door, token: str, text: str) -> None:
    assert door.status(signed(token.split(".")[0], base64url.encode(text.encode()))) == 401


@pytest.mark.parametrize(
    "rubbish",
    ["a", "a.b", "a.b.c", "..", "null", "eyJ.eyJ.", "e" * 4000, "rt_AAAA", "Bearer", "sk", "cap"],
    ids=lambda v: v[:8],
)
def test_rubbish(door: Door, rubbish: str) -> None:
    assert door.status(rubbish) == 401


def _every_change(door: Door, user: UUID) -> dict[str, Callable[[], object]]:
    def change(statement: str) -> Callable[[], object]:
        return lambda: door.rows(statement, id=user)

    def password() -> None:
        with door.own.database.transaction(door.tenant) as work:
            sessions.change_password(work, user, "another sentence altogether")

    raised = "token_version = token_version + 1"
    return {
        "role": change(f"UPDATE identity.users SET role = 'admin', {raised} WHERE id = %(id)s"),  # noqa: S608
        "password": password,
        "deactivation": change("UPDATE identity.users SET is_active = false WHERE id = %(id)s"),
        "deletion": change(
            "UPDATE identity.users SET is_active = false, deleted_at = now() WHERE id = %(id)s"
        ),
        "suspension": change("UPDATE identity.tenants SET status = 'suspended' WHERE id = %(tenant)s"),
        "closing": change("UPDATE identity.tenants SET status = 'closed' WHERE id = %(tenant)s"),
    }


@pytest.mark.parametrize("name", ["role", "password", "deactivation", "deletion", "suspension", "closing"])
def test_what_a_token_stood_on_has_changed(door: Door, user: UUID, token: str, name: str) -> None:
    assert door.status(token) == 200
    _every_change(door, user)[name]()

    assert door.status(token) == 401


@pytest.mark.parametrize("path", ["/v1/sessions/current", "/v1/sessions"])
def test_a_token_after_logout(door: Door, token: str, path: str) -> None:
    assert door.send("DELETE", path, token=token).status == 204

    assert door.status(token) == 401
    assert door.send("DELETE", path, token=token).status == 401


def test_a_role_that_changed_is_that_of_the_next_token(door: Door, user: UUID) -> None:
    made = door.tokens()
    assert door.send("GET", "/v1/audit-log", token=made["access_token"]).status == 403
    _every_change(door, user)["role"]()
    assert door.send("GET", "/v1/audit-log", token=made["access_token"]).status == 401

    fresh = door.refresh(made["refresh_token"]).json
    assert door.send("GET", "/v1/audit-log", token=fresh["access_token"]).status == 200


@pytest.mark.parametrize("name", ["deactivation", "deletion", "suspension"])
def test_a_refresh_token_of_somebody_who_is_gone(door: Door, user: UUID, name: str) -> None:
    made = door.tokens()
    _every_change(door, user)[name]()

    assert door.refresh(made["refresh_token"]).status == 401
    assert door.login().status == 401


def test_a_key_is_rotated_without_anybody_noticing(door: Door, token: str) -> None:
    door.token_key = f"{TOKEN_KEY} the-new-key"
    door.enter()
    assert door.status(token) == 200
    made = door.tokens()

    door.token_key = f"the-new-key {TOKEN_KEY}"
    door.enter()
    assert door.status(token) == 200
    renewed = door.refresh(made["refresh_token"]).json
    assert parts(renewed["access_token"])[0]["kid"] != parts(token)[0]["kid"]

    door.token_key = "the-new-key"
    door.enter()
    assert [door.status(each) for each in (token, renewed["access_token"])] == [401, 200]
    assert door.refresh(renewed["refresh_token"]).status == 200
