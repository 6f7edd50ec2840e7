"""References of templates become ARNs of an account that does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from infra.rights.deployment import Deployment, Unresolved

HERE = "eu-central-1:111122223333"
STORAGE = {
    "Resources": {
        "Assets": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": {"Fn::Join": ["", ["robo-dev-assets-", {"Ref": "AWS::AccountId"}]]}},
        },
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "robo/dev/a"}},
        "Queue": {"Type": "AWS::SQS::Queue"},
    },
    "Outputs": {
        "Out": {"Value": {"Fn::GetAtt": ["Assets", "Arn"]}, "Export": {"Name": "robo-dev-storage:Assets"}}
    },
}
BUCKET = {"Fn::ImportValue": "robo-dev-storage:Assets"}


def statement(action: str, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


COMPUTE = {
    "Parameters": {"Version": {"Type": "String", "Default": "7"}},
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [statement("sts:AssumeRole", "*")]},
                "Policies": [{"PolicyDocument": {"Statement": [statement("a:Inline", "*")]}}],
                "ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/P"}],
            },
        },
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": {"Statement": [statement("a:Own", {"Fn::Join": ["", [BUCKET, "/*"]]})]},
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "robo-dev-f", "Role": {"Fn::GetAtt": ["Role", "Arn"]}},
        },
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"Name": "live", "FunctionName": {"Ref": "Function"}},
        },
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/f"}},
    },
}
DEPLOYMENT = Deployment({"robo-dev-storage": STORAGE, "robo-dev-compute": COMPUTE})


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Function"}, "robo-dev-f"),
        ({"Ref": "Version"}, "7"),
        ({"Ref": "Live"}, f"arn:aws:lambda:{HERE}:function:robo-dev-f:live"),
        ({"Fn::GetAtt": ["Function", "Arn"]}, f"arn:aws:lambda:{HERE}:function:robo-dev-f"),
        ({"Fn::GetAtt": "Logs.Arn"}, f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f:*"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "arn:aws:iam::111122223333:role/robo-dev-compute-Role"),
        (
            {"Fn::Sub": "${Function.Arn}:*/${AWS::Region}"},
            f"arn:aws:lambda:{HERE}:function:robo-dev-f:*/eu-central-1",
        ),
        (
            {"Fn::Sub": ["${a}-${Version}-${!b}", {"a": BUCKET}]},
            "arn:aws:s3:::robo-dev-assets-111122223333-7-${!b}",
        ),
        ({"Fn::Select": [5, {"Fn::Split": [":", BUCKET]}]}, "robo-dev-assets-111122223333"),
        ([{"Ref": "AWS::NoValue"}, "a"], ["a"]),
        ({"Key": {"Ref": "AWS::URLSuffix"}}, {"Key": "amazonaws.com"}),
    ],
    ids=str,
)
def test_references_are_resolved(value: Any, resolved: Any) -> None:
    assert DEPLOYMENT.resolve("robo-dev-compute", value) == resolved


def test_names_that_aws_makes_are_made() -> None:
    resolve = DEPLOYMENT.resolve

    assert (
        resolve("robo-dev-storage", {"Ref": "Secret"})
        == f"arn:aws:secretsmanager:{HERE}:secret:robo/dev/a-AbCdEf"
    )
    assert (
        resolve("robo-dev-storage", {"Fn::GetAtt": ["Queue", "Arn"]})
        == f"arn:aws:sqs:{HERE}:robo-dev-storage-Queue"
    )


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nobody"},
        {"Fn::GetAtt": ["Nobody", "Arn"]},
        {"Fn::ImportValue": "nowhere"},
        {"Fn::If": ["a", "b", "c"]},
    ],
    ids=str,
)
def test_a_reference_to_nothing_is_an_error(value: Any) -> None:
    with pytest.raises(Unresolved):
        DEPLOYMENT.resolve("robo-dev-compute", value)


def test_a_function_has_all_policies_of_its_role() -> None:
    role = DEPLOYMENT.functions()["robo-dev-f"]

    assert role.statements == (
        statement("a:Inline", "*"),
        statement("a:Own", "arn:aws:s3:::robo-dev-assets-111122223333/*"),
    )
    assert role.trusted == (statement("sts:AssumeRole", "*"),)
    assert role.managed == ("arn:aws:iam::aws:policy/P",)
