"""Synthesised templates as they would stand in an account: references resolved to ARNs, policies by role.

So that a policy is evaluated as CloudFormation would make it, and not as our source means it. What Ref and Fn::GetAtt
give: docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference, of each resource type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
Document = Mapping[str, Any]

_GAP = re.compile(r"\$\{([^!}][^}]*)\}")


class Unresolved(ValueError):
    """A reference that cannot be resolved: to nothing, or by a function that is not known here."""


@dataclass(frozen=True)
class Role:
    """A role of a template. statements and trusted are policy documents' statements without references.

    managed: ARNs of policies that are not in the templates.
    """

    stack: str
    logical_id: str
    statements: tuple[Document, ...]
    trusted: tuple[Document, ...]
    managed: tuple[str, ...]


class Deployment:
    """The templates of one stage (by stack name) in an account that does not exist."""

    def __init__(
        self,
        templates: Mapping[str, Template],
        *,
        region: str = "eu-central-1",
        account: str = "111122223333",
        partition: str = "aws",
    ) -> None:
        self.region, self.account, self.partition = region, account, partition
        self._templates = templates
        self._exports = {
            self.resolve(stack, output["Export"]["Name"]): (stack, output["Value"])
            for stack, template in templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def resources(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Stack, logical id and properties of every resource of a type."""
        for stack, template in self._templates.items():
            for logical_id, resource in template.get("Resources", {}).items():
                if resource["Type"] == kind:
                    yield stack, logical_id, resource.get("Properties", {})

    def functions(self) -> dict[str, Role]:
        """The role of every Lambda function, by the function's name."""
        roles = {(role.stack, role.logical_id): role for role in self.roles()}
        return {
            self.physical(stack, logical_id): roles[stack, properties["Role"]["Fn::GetAtt"][0]]
            for stack, logical_id, properties in self.resources("AWS::Lambda::Function")
        }

    def roles(self) -> list[Role]:
        """Every role with all its policies."""
        attached = list(self._attached())
        return [
            Role(
                stack,
                logical_id,
                tuple(
                    statement
                    for document in (
                        *(policy["PolicyDocument"] for policy in properties.get("Policies", [])),
                        *(d for s, role, d in attached if (s, role) == (stack, logical_id)),
                    )
                    for statement in self.resolve(stack, document)["Statement"]
                ),
                tuple(self.resolve(stack, properties["AssumeRolePolicyDocument"])["Statement"]),
                tuple(self.resolve(stack, properties.get("ManagedPolicyArns", []))),
            )
            for stack, logical_id, properties in self.resources("AWS::IAM::Role")
        ]

    def _attached(self) -> Iterator[tuple[str, str, Document]]:
        """Stack, role and document of each policy that stands on its own."""
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for stack, _, properties in self.resources(kind):
                for role in properties.get("Roles", []):
                    yield stack, role["Ref"], properties["PolicyDocument"]

    def resolve(self, stack: str, value: Any) -> Any:
        """`value` of a template with every reference replaced. Raises Unresolved."""
        if isinstance(value, list):
            items = [self.resolve(stack, item) for item in value]
            return [item for item in items if item is not None]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, given),) = value.items()
            if name == "Ref":
                return self._reference(stack, given)
            if name.startswith("Fn::"):
                return self._function(stack, name, given)
        return {key: self.resolve(stack, item) for key, item in value.items()}

    def physical(self, stack: str, logical_id: str) -> str:
        """The name of a resource: the one it is given, else one as CloudFormation makes it."""
        resource = self._resource(stack, logical_id)
        name = resource.get("Properties", {}).get(_NAMES.get(resource["Type"], "Name"))
        return str(self.resolve(stack, name)) if name is not None else f"{stack}-{logical_id}"

    def _reference(self, stack: str, name: str) -> Any:
        pseudo = {
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack,
            "AWS::StackId": self.arn("cloudformation", f"stack/{stack}/0"),
        }
        if name == "AWS::NoValue":
            return None
        if name in pseudo:
            return pseudo[name]
        parameters = self._templates[stack].get("Parameters", {})
        if name in parameters:
            return str(parameters[name].get("Default", f"{stack}-{name}"))
        if self._resource(stack, name)["Type"] in _REF_IS_ARN:
            return self._attribute(stack, name, "Arn")
        return self.physical(stack, name)

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> str:
        """Fn::GetAtt; what is no ARN becomes a text that names the resource and the attribute."""
        kind = self._resource(stack, logical_id)["Type"]
        name = self.physical(stack, logical_id)
        if kind == "AWS::S3::Bucket" and attribute == "Arn":
            return f"arn:{self.partition}:s3:::{name}"
        if kind == "AWS::IAM::Role" and attribute == "Arn":
            return f"arn:{self.partition}:iam::{self.account}:role/{name}"
        if kind in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            properties = self._resource(stack, logical_id)["Properties"]
            function = self.resolve(stack, properties["FunctionName"]).rpartition(":function:")[2]
            qualifier = name if kind == "AWS::Lambda::Alias" else "1"
            return self.arn("lambda", f"function:{function}:{qualifier}")
        shape = _ARNS.get((kind, attribute))
        if shape is not None:
            return self.arn(shape[0], shape[1].format(name))
        if attribute.endswith("Arn"):
            service = kind.split("::")[1].lower()
            return self.arn(service, f"{kind.split('::')[2].lower()}/{name}")
        return f"{name}.{attribute}"

    def _function(self, stack: str, function: str, given: Any) -> Any:
        match function, given:
            case "Fn::GetAtt", [logical_id, attribute]:
                return self._attribute(stack, logical_id, attribute)
            case "Fn::GetAtt", str():
                return self._attribute(stack, *given.split(".", 1))
            case "Fn::Join", [separator, values]:
                return separator.join(str(item) for item in self.resolve(stack, values))
            case "Fn::Sub", str():
                return _GAP.sub(lambda gap: self._gap(stack, gap[1], {}), given)
            case "Fn::Sub", [text, own]:
                return _GAP.sub(lambda gap: self._gap(stack, gap[1], own), text)
            case "Fn::Select", [index, values]:
                return self.resolve(stack, values)[int(index)]
            case "Fn::Split", [separator, text]:
                return self.resolve(stack, text).split(separator)
            case "Fn::ImportValue", name:
                found = self._exports.get(self.resolve(stack, name))
                if found is not None:
                    return self.resolve(*found)
        raise Unresolved(f"{stack}: {function} {given!r}")

    def _gap(self, stack: str, name: str, own: Mapping[str, Any]) -> str:
        if name in own:
            return str(self.resolve(stack, own[name]))
        if "." in name:
            return self._attribute(stack, *name.split(".", 1))
        return str(self._reference(stack, name))

    def _resource(self, stack: str, logical_id: str) -> Mapping[str, Any]:
        found = self._templates[stack].get("Resources", {}).get(logical_id)
        if found is None:
            raise Unresolved(f"{stack} has no {logical_id}")
        resource: Mapping[str, Any] = found
        return resource


_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::IAM::Role": "RoleName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBProxy": "DBProxyName",
}
"""The property that names a resource, where it is not `Name`."""

_REF_IS_ARN = frozenset(
    {
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
    }
)

_ARNS = {
    ("AWS::SQS::Queue", "Arn"): ("sqs", "{}"),
    ("AWS::SNS::Topic", "Arn"): ("sns", "{}"),
    ("AWS::SNS::Topic", "TopicArn"): ("sns", "{}"),
    ("AWS::Events::EventBus", "Arn"): ("events", "event-bus/{}"),
    ("AWS::Lambda::Function", "Arn"): ("lambda", "function:{}"),
    # With the wildcard for its streams, as CloudFormation gives it.
    ("AWS::Logs::LogGroup", "Arn"): ("logs", "log-group:{}:*"),
    ("AWS::StepFunctions::StateMachine", "Arn"): ("states", "stateMachine:{}"),
    # Secrets Manager adds six characters to the name.
    ("AWS::SecretsManager::Secret", "Arn"): ("secretsmanager", "secret:{}-AbCdEf"),
    ("AWS::KMS::Key", "Arn"): ("kms", "key/{}"),
    ("AWS::RDS::DBInstance", "DBInstanceArn"): ("rds", "db:{}"),
    # By an id of its own, which policies name; `prx-` and its name stand for that.
    ("AWS::RDS::DBProxy", "DBProxyArn"): ("rds", "db-proxy:prx-{}"),
    ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn"): ("secretsmanager", "secret:rds!{}-AbCdEf"),
}
"""Service and resource of the ARN that an attribute gives; `{}` is the resource's name."""
