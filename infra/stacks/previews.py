"""Where people look at what agents made: a host of its own before the bucket of assets."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.assembly.stage import Stage
from infra.catalog import Catalog
from infra.catalog.previews import BUCKET, HSTS_SECONDS, REMOVED_HEADERS, preview_headers
from infra.constructs.lint import accept

_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


class PreviewsStack(Stack):
    """A CloudFront distribution that has no rights of its own: S3 itself authorises each request by the signature in
    its query, which covers the host, the path and the query that S3 sees. So the bucket's own host is asked, the
    viewer's `Host` stays behind, the query goes on whole, and nothing is cached.

    `url` is the origin, without a slash at the end. The bucket is named and not referred to: the stacks of both can
    be made in either order. From documentation and others' reports; nothing of it was deployed by us.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, catalog: Catalog) -> None:
        super().__init__(scope, id_, description="RoboAgency: the origin of generated pages")
        (bucket,) = (bucket for bucket in catalog.buckets if bucket.name == BUCKET)
        store = (
            f"{bucket.deployed_name(stage.name, Aws.ACCOUNT_ID)}.s3.{self.region}.{Aws.URL_SUFFIX}"
            # The name that functions sign for: `shared.adapters.objects.s3_client` asks for the regional host.
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"RoboAgency {stage.name}: generated pages",
            default_behavior=self._behaviour(stage, store),
            error_responses=[
                # Kept for ten seconds otherwise, under the path alone: an expired URL would shut out a fresh one.
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in _ERRORS
            ],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            domain_names=[stage.previews_domain] if stage.previews_domain else None,
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", stage.previews_certificate_arn
            )
            if stage.previews_domain
            else None,
        )
        self.url = f"https://{stage.previews_domain or self.distribution.distribution_domain_name}"
        self._answer_for(stage)
        CfnOutput(self, "PreviewsUrl", value=self.url, description="the origin of generated pages")
        if stage.previews_domain:
            CfnOutput(
                self,
                "PreviewsDomainTarget",
                value=self.distribution.distribution_domain_name,
                description="what the DNS record of the origin's name points at",
            )

    def _behaviour(self, stage: Stage, store: str) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            # Not an S3 origin: there is no identity to sign with, and plain HTTP would not do.
            origin=origins.HttpOrigin(
                store,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            ),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
            # A redirect would come after the signature had travelled in clear.
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy(
                self,
                "SignedQuery",
                comment="the whole query, which holds S3's signature; no header and no cookie of the viewer",
                query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.all(),
                header_behavior=cloudfront.OriginRequestHeaderBehavior.none(),
                cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
            ),
            response_headers_policy=self._headers(stage),
            compress=False,
        )

    def _headers(self, stage: Stage) -> cloudfront.ResponseHeadersPolicy:
        """The table of `infra.catalog.previews`: CloudFront has places of their own for some."""
        rest = preview_headers(stage.portal_url)
        policy = rest.pop("Content-Security-Policy")
        for placed in ("X-Content-Type-Options", "Referrer-Policy", "Strict-Transport-Security"):
            rest.pop(placed)
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            comment="a sandbox for whatever agents wrote",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.seconds(HSTS_SECONDS), override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in rest.items()
                ]
            ),
            remove_headers=list(REMOVED_HEADERS),
        )

    def _answer_for(self, stage: Stage) -> None:
        accept(
            self.distribution,
            "CFR1",
            "whoever holds a signed URL may open it, in any country: kits are sent to customers everywhere",
        )
        accept(
            self.distribution,
            "CFR2",
            "nothing runs behind it: it passes GET and HEAD to S3, which refuses every request without a valid "
            "signature; a firewall would inspect what S3 does not interpret",
        )
        accept(
            self.distribution,
            "CFR3",
            "a log of CloudFront would hold signed URLs that still open: its column of queries cannot be left out. "
            "Every request reaches S3, as nothing is cached, and is in the bucket's own access log",
        )
        if not stage.previews_domain:
            accept(
                self.distribution,
                "CFR4",
                "only with a name and a certificate of ours does CloudFront let the oldest version of TLS be chosen; "
                "the setting previews_domain gives it one, and TLS 1.2 then",
            )
