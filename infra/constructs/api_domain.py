"""A name of our own for the API."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from constructs import Construct

from infra.assembly.stage import Stage


class ApiDomain(Construct):
    """The stage's `api_domain` before `api`: regional, TLS 1.2 at least, without a base path.

    `target` is what a DNS record of that name (CNAME, or an alias in Route 53) points at.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: Stage, api: apigateway.RestApi) -> None:
        super().__init__(scope, id_)
        name = apigateway.DomainName(
            self,
            "Name",
            domain_name=stage.api_domain,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", stage.api_certificate_arn),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        name.add_base_path_mapping(api, stage=api.deployment_stage)
        self.target = name.domain_name_alias_domain_name
