"""Where the synthesised templates and the catalog disagree."""

from __future__ import annotations

from collections.abc import Mapping

from infra.catalog import Catalog
from infra.equality.described import described, optional_empty_variables
from infra.equality.inventory import Inventory
from infra.equality.realised import realised
from infra.equality.templates import Template, Templates

# What carries the things of the catalog; a type outside this list and outside the kinds below is a surprise.
SUPPORTING_TYPES = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Model",
        "AWS::ApiGateway::RequestValidator",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::CloudFront::Distribution",
        "AWS::CloudFront::OriginRequestPolicy",
        "AWS::CloudFront::ResponseHeadersPolicy",
        "AWS::DLM::LifecyclePolicy",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::Route",
        "AWS::Budgets::Budget",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::Cluster",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Logs::LogGroup",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBProxy",
        "AWS::RDS::DBProxyTargetGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::RDS::EventSubscription",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        "AWS::ServiceDiscovery::Service",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
        "Custom::VpcRestrictDefaultSG",
    }
)
CATALOG_TYPES = frozenset(
    {
        "AWS::ApiGateway::Method",
        "AWS::Events::Archive",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::Scheduler::Schedule",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
        "Custom::Trigger",
    }
)


def differences(catalog: Catalog, templates: Mapping[str, Template], stage: str) -> list[str]:
    """One plain sentence for each thing that is missing, unknown or other than the catalog says; [] when equal.

    catalog: as `infra.catalog.capacity.scaled` makes it for the stage. templates: by stack name, all of one stage.
    """
    read = Templates(templates, stage)
    there = realised(read)
    _forget_optional_variables(catalog, there, stage)
    unexpected = sorted(read.types() - SUPPORTING_TYPES - CATALOG_TYPES)
    return compare(described(catalog, stage), there) + [
        f"resources of type {type_} are nothing the catalog knows" for type_ in unexpected
    ]


def compare(expected: Inventory, there: Inventory) -> list[str]:
    """Sentences for every difference between two inventories."""
    found = []
    for key in sorted(expected.facts.keys() | there.facts.keys()):
        kind, name = key
        if key not in there.facts:
            found.append(f"{kind} {name} is in the catalog and not realised")
        elif key not in expected.facts:
            found.append(f"{kind} {name} is realised and not in the catalog")
        else:
            for fact, value in expected.facts[key].items():
                if there.facts[key][fact] != value:
                    found.append(f"{kind} {name}: {fact} {_difference(value, there.facts[key][fact])}")
    return found


def _difference(expected: object, there: object) -> str:
    if isinstance(expected, frozenset) and isinstance(there, frozenset):
        return f"lacks {sorted(expected - there)}, has {sorted(there - expected)} too many"
    return f"is {there!r}, the catalog says {expected!r}"


def _forget_optional_variables(catalog: Catalog, there: Inventory, stage: str) -> None:
    for function in catalog.functions:
        facts = there.facts.get(("function", function.deployed_name(stage).removeprefix(f"robo-{stage}-")))
        if facts is not None and isinstance(facts["variables"], frozenset):
            facts["variables"] = facts["variables"] - optional_empty_variables(function)
