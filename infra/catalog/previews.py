"""The origin where people look at what agents made: what it shows and with which headers, on both targets.

Agents write HTML from what strangers sent. It is shown by a host of its own, so that a script in it shares an origin
with nothing of ours, and in a sandbox, so that it shares one with no other page either: without `allow-same-origin`
each page is an origin for itself, and a prototype of one tenant cannot read what the browser keeps for another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

BUCKET = "assets"
"""The only bucket behind the origin."""

METHODS = ("GET", "HEAD")

HSTS_SECONDS = 63_072_000

REMOVED_HEADERS = ("x-amz-server-side-encryption-aws-kms-key-id",)
"""What S3 says of our account and nobody has to know."""

# A prototype is one file: its script and style are inline, its pictures are data. It stores in the browser if it may,
# offers a table as a download and has forms that lead nowhere. Its own meta tag is narrower (hashes of its script and
# style, `functions/agency/artifacts/prototype`); this one holds for whatever else is ever put there. `'self'` lets a
# browser show a picture or a film that is opened by itself.
_POLICY: Mapping[str, str] = {
    "sandbox": "allow-scripts allow-forms allow-downloads",
    "default-src": "'none'",
    "script-src": "'unsafe-inline'",
    "style-src": "'unsafe-inline'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'none'",
    "form-action": "'none'",
    "base-uri": "'none'",
}

_REFUSED_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "usb",
    "xr-spatial-tracking",
)


def preview_headers(portal_url: str = "") -> dict[str, str]:
    """The headers of every answer, whatever the store said. portal_url: whose pages may frame one; empty: nobody's.

    The store's own answer is a download; here it is shown, because here it can do no harm.
    """
    parts = urlsplit(portal_url)
    framed_by = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'none'"
    policy = {**_POLICY, "frame-ancestors": framed_by}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Content-Disposition": "inline",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": f"max-age={HSTS_SECONDS}",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _REFUSED_FEATURES),
        # A copy in the browser would outlive the signature.
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }
