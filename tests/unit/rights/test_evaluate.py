"""Policies are evaluated as IAM does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.rights.conditions import Unsupported
from infra.rights.evaluate import Decision, Policy, document
from infra.rights.statements import Statement

BUCKET = "arn:aws:s3:::robo-dev-assets-111122223333"
QUEUE = "arn:aws:sqs:eu-central-1:111122223333:robo-dev-high"


def allow(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: Any, resources: Any, **more: Any) -> dict[str, Any]:
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def on(condition: dict[str, Any], **context: str) -> bool:
    """Whether a statement with a condition allows a call with such a context; `__` in a key stands for a colon."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    return Policy([allow("s3:GetObject", "*", Condition=condition)]).allows("s3:GetObject", BUCKET, keys)


def test_what_nobody_allows_is_denied() -> None:
    assert Policy([]).decide("s3:GetObject", BUCKET) is Decision.DENIED
    assert Policy([allow("s3:PutObject", "*")]).decide("s3:GetObject", BUCKET) is Decision.DENIED
    assert Policy([allow("s3:GetObject", QUEUE)]).decide("s3:GetObject", BUCKET) is Decision.DENIED


@pytest.mark.parametrize("order", [1, -1])
def test_a_denial_wins_in_any_order(order: int) -> None:
    policy = Policy([allow("s3:*", "*"), deny("s3:DeleteObject", f"{BUCKET}/*")][::order])

    assert policy.decide("s3:DeleteObject", f"{BUCKET}/a") is Decision.FORBIDDEN
    assert policy.decide("s3:DeleteObject", "arn:aws:s3:::other/a") is Decision.ALLOWED


@pytest.mark.parametrize(
    ("pattern", "action", "fits"),
    [
        ("s3:GetObject", "s3:getobject", True),
        ("s3:Get*", "s3:GetObjectVersion", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:GetObject", "s3:GetObjectVersion", False),
        ("s3:*", "s3outposts:GetObject", False),
        ("*", "iam:PassRole", True),
    ],
)
def test_actions_have_wildcards_and_no_case(pattern: str, action: str, fits: bool) -> None:
    assert Policy([allow(pattern, "*")]).allows(action, BUCKET) is fits


@pytest.mark.parametrize(
    ("pattern", "resource", "fits"),
    [
        (BUCKET, BUCKET, True),
        (BUCKET, f"{BUCKET}/a", False),
        (BUCKET, BUCKET.upper(), False),
        (f"{BUCKET}/*", f"{BUCKET}/runs/1/a:b.json", True),
        (f"{BUCKET}/*", f"{BUCKET}/a\nb", True),
        (f"{BUCKET}/*", BUCKET, False),
        (f"{BUCKET}/*", f"{BUCKET}-copy/a", False),
        ("arn:aws:s3:::robo-?ev-*", BUCKET, True),
        ("arn:aws:sqs:*:111122223333:robo-dev-high", QUEUE, True),
        ("arn:aws:sqs:eu-*-1:111122223333:robo-dev-high", QUEUE, True),
        ("arn:aws:sqs:*x:111122223333:robo-dev-high", QUEUE.replace(":eu", ":a:x"), False),
        ("arn:aws:sqs:eu-central-1:*:robo-dev-low", QUEUE, False),
        (
            "arn:aws:states:eu-central-1:1:execution:m:*",
            "arn:aws:states:eu-central-1:1:execution:m:a:b",
            True,
        ),
        (
            "arn:aws:states:eu-central-1:1:execution:m:*",
            "arn:aws:states:eu-central-1:1:execution:mm:a",
            False,
        ),
        ("*", "*", True),
        (BUCKET, "*", False),
    ],
)
def test_resources_have_wildcards_and_case(pattern: str, resource: str, fits: bool) -> None:
    assert Policy([allow("a:B", pattern)]).allows("a:B", resource) is fits


def test_a_statement_may_speak_of_all_but_something() -> None:
    policy = Policy(
        [
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:*", "NotResource": [BUCKET, f"{BUCKET}/*"]},
        ]
    )

    assert policy.allows("s3:GetObject", f"{BUCKET}/a")
    assert policy.decide("s3:GetObject", "arn:aws:s3:::other/a") is Decision.FORBIDDEN
    assert policy.decide("iam:PassRole", "*") is Decision.DENIED


@pytest.mark.parametrize(
    ("condition", "context", "fits"),
    [
        (
            {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
            {"aws__requestedregion": "eu-central-1"},
            True,
        ),
        ({"StringEquals": {"aws:RequestedRegion": ["a", "b"]}}, {"aws__RequestedRegion": "b"}, True),
        ({"StringEquals": {"aws:RequestedRegion": "EU"}}, {"aws__RequestedRegion": "eu"}, False),
        ({"StringEqualsIgnoreCase": {"k": "EU"}}, {"k": "eu"}, True),
        ({"StringEquals": {"k": "*"}}, {"k": "a"}, False),
        ({"StringLike": {"k": "a*c?"}}, {"k": "abbcd"}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": "b"}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "c"}, True),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotLike": {"k": "a*"}}, {"k": "abc"}, False),
        ({"Bool": {"aws:SecureTransport": False}}, {"aws__SecureTransport": "false"}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws__SecureTransport": "false"}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "true"}}, {"k": "a"}, False),
        ({"Null": {"k": False}}, {"k": "a"}, True),
        ({"NumericLessThanEquals": {"k": 10}}, {"k": "10"}, True),
        ({"NumericLessThan": {"k": 10}}, {"k": "10"}, False),
        ({"NumericGreaterThan": {"k": "10"}}, {"k": "9"}, False),
        ({"NumericEquals": {"k": 1}}, {"k": "one"}, False),
        (
            {"ArnEquals": {"k": "arn:aws:lambda:*:1:function:f"}},
            {"k": "arn:aws:lambda:eu:1:function:f"},
            True,
        ),
        ({"ArnLike": {"k": "arn:aws:lambda:*:function:f"}}, {"k": "arn:aws:lambda:eu:1:function:f"}, False),
        ({"ArnLike": {"k": "nonsense"}}, {"k": "nonsense"}, False),
        ({"ForAnyValue:StringLike": {"k": ["a*", "b"]}}, {"k": "ab"}, True),
        ({"ForAnyValue:StringLike": {"k": "a*"}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": "a"}}, {}, False),
        ({"ForAnyValue:StringNotEquals": {"k": "a"}}, {"k": "b"}, True),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {}, True),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {"k": "b"}, False),
        ({"ForAllValues:StringNotEquals": {"k": "a"}}, {}, True),
        ({"ArnNotLike": {"k": "arn:aws:sqs:*:*:*"}}, {"k": "arn:aws:sns:a:b:c"}, True),
        ({"StringEquals": {"k": "a"}, "StringLike": {"l": "b*"}}, {"k": "a", "l": "c"}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a"}, False),
    ],
    ids=repr,
)
def test_every_condition_must_hold(condition: dict[str, Any], context: dict[str, str], fits: bool) -> None:
    assert on(condition, **context) is fits


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject", BUCKET, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        allow("s3:GetObject", BUCKET, Condition={"ForMostValues:StringLike": {"k": "a"}}),
        allow("s3:GetObject", BUCKET, Condition={"StringLike": {"k": "${aws:username}"}}),
        allow("s3:GetObject", BUCKET, Condition={"StringLike": {"k": {"Ref": "A"}}}),
        allow("s3:GetObject", BUCKET, Principal="*"),
        allow("s3:GetObject", BUCKET, NotAction="s3:PutObject"),
        allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*"),
        allow("s3:GetObject", {"Fn::GetAtt": ["Bucket", "Arn"]}),
        allow("s3:GetObject", []),
        allow("GetObject", BUCKET),
        allow("*:GetObject", BUCKET),
        allow("s3:GetObject", "robo-dev-assets"),
        allow("s3:GetObject", "arn:aws:*:eu:1:x"),
        {"Effect": "Maybe", "Action": "s3:GetObject", "Resource": BUCKET},
        {"Effect": "Allow", "Action": "s3:GetObject"},
    ],
    ids=str,
)
def test_what_is_not_understood_is_never_guessed(statement: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        Policy([statement])


def test_statements_of_the_catalog_are_read_with_their_conditions() -> None:
    own_code = {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:eu:1:function:f"}}
    policy = Policy.of(
        [
            Statement(("ec2:DescribeSubnets",), ("*",), reason="a reason"),
            Statement(("ec2:DescribeSubnets",), ("*",), "Deny", own_code, reason="a reason"),
        ]
    )

    assert policy.allows("ec2:DescribeSubnets", "*")
    code = {"lambda:SourceFunctionArn": "arn:aws:lambda:eu:1:function:f"}
    assert policy.decide("ec2:DescribeSubnets", "*", code) is Decision.FORBIDDEN


services = st.sampled_from(["s3", "sqs"])
words = st.text("ab*", min_size=1, max_size=4)
plain = st.text("ab", min_size=1, max_size=4)
action_patterns = st.builds("{}:{}".format, services, words)
# moto lets a wildcard run over colons; the resource itself, where IAM does too, is what is compared.
resource_patterns = st.one_of(st.just("*"), st.builds("arn:aws:{}:eu:1:{}".format, services, words))
statements = st.lists(
    st.builds(
        lambda effect, actions, resources: {"Effect": effect, "Action": actions, "Resource": resources},
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.lists(action_patterns, min_size=1, max_size=3),
        st.lists(resource_patterns, min_size=1, max_size=3),
    ),
    max_size=4,
)


@given(
    statements,
    st.builds("{}:{}".format, services, plain),
    st.builds("arn:aws:{}:eu:1:{}".format, services, plain),
)
def test_moto_comes_to_the_same_decision(written: list[dict[str, Any]], action: str, resource: str) -> None:
    from moto.iam.access_control import IAMPolicy, PermissionResult

    theirs = IAMPolicy(json.dumps({"Statement": written})).is_action_permitted(action, resource)

    assert (
        Policy(written).decide(action, resource)
        is {
            PermissionResult.PERMITTED: Decision.ALLOWED,
            PermissionResult.NEUTRAL: Decision.DENIED,
            PermissionResult.DENIED: Decision.FORBIDDEN,
        }[theirs]
    )


@given(statements, statements, st.sampled_from(["s3:a", "sqs:ab"]), plain)
def test_more_denials_never_allow_more(
    written: list[dict[str, Any]], others: list[dict[str, Any]], action: str, name: str
) -> None:
    denials = [{**statement, "Effect": "Deny"} for statement in others]
    resource = f"arn:aws:s3:eu:1:{name}"

    if Policy([*written, *denials]).allows(action, resource):
        assert Policy(written).allows(action, resource)


@given(statements, plain)
def test_the_order_of_statements_does_not_matter(written: list[dict[str, Any]], name: str) -> None:
    resource = f"arn:aws:s3:eu:1:{name}"

    assert Policy(written).decide("s3:a", resource) is Policy(written[::-1]).decide("s3:a", resource)


def test_a_statement_is_written_as_in_a_document() -> None:
    assert document(Statement(("a:B",), ("*",), reason="a reason")) == allow(["a:B"], ["*"])
