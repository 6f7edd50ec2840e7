"""What the vector engine's host does at its first boot, in a real shell with the machine's parts replaced."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

SCRIPT = Path(__file__).resolve().parents[2] / "infra" / "constructs" / "vector_host.sh"
NAME = "vectors.robo-dev.internal"


def shell(body: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `body` after the script's functions; what it calls of the machine is defined in it."""
    return subprocess.run(
        ["bash", "-c", f"source {SCRIPT}\n{body}"], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["vector_host.sh", "vector_health.sh"])
def test_it_is_bash(name: str) -> None:
    checked = subprocess.run(
        ["bash", "-n", str(SCRIPT.with_name(name))], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("probe", "made", "status"),
    [
        pytest.param(0, False, 0, id="there is one"),
        pytest.param(2, True, 0, id="there is nothing"),
        pytest.param(8, False, 1, id="nobody can tell"),
        pytest.param(4, False, 1, id="blkid failed"),
    ],
)
def test_a_filesystem_is_made_only_where_there_is_nothing(
    tmp_path: Path, probe: int, made: bool, status: int
) -> None:
    ended = shell(
        f"""
        blkid() {{ return {probe}; }}
        mkfs.xfs() {{ echo "$@" >>made; }}
        ensure_filesystem /dev/volume
        """,
        tmp_path,
    )

    assert ended.returncode == status, ended.stderr
    assert (tmp_path / "made").exists() is made
    if made:
        assert (tmp_path / "made").read_text() == "-q /dev/volume\n", "never by force"


def test_it_waits_until_the_instance_before_lets_go_of_the_volume(tmp_path: Path) -> None:
    ended = shell(
        """
        sleep() { :; }
        aws() { echo "$@" >>asked; [[ $(wc -l <asked) -ge 4 ]]; }
        attach_volume vol-1 i-2 && echo attached
        """,
        tmp_path,
    )

    asked = (tmp_path / "asked").read_text().splitlines()
    assert ended.stdout == "attached\n"
    assert asked == ["ec2 attach-volume --volume-id vol-1 --instance-id i-2 --device /dev/sdf"] * 4


def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    ended = shell("sleep() { :; }\naws() { return 1; }\nattach_volume vol-1 i-2", tmp_path)

    assert ended.returncode == 1


def test_the_certificate_is_for_its_name_and_is_trusted_as_clients_trust_it(tmp_path: Path) -> None:
    ended = shell(f"make_certificate {tmp_path} {NAME}", tmp_path)
    assert ended.returncode == 0, ended.stderr
    text = (tmp_path / "certificate.pem").read_text()
    certificate = x509.load_pem_x509_certificate(text.encode())
    extensions = certificate.extensions
    key = load_pem_private_key((tmp_path / "key.pem").read_bytes(), password=None)

    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [NAME]
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert certificate.public_key() == key.public_key()  # type: ignore[union-attr]  # of an EC key
    assert "PRIVATE" not in text, "what is published holds no key"
    assert handshake(tmp_path, text, NAME).startswith("TLSv1.3")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, text, "vectors.robo-prod.internal")


def handshake(folder: Path, trusted: str, name: str) -> str:
    """Shake hands in memory, strictly, as Python 3.13 does; return the version of TLS."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    client = ssl.create_default_context(cadata=trusted)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = server.wrap_bio(to_server, to_client, server_side=True)
    outside = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for side in (outside, inside):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return outside.version() or "none"


_MACHINE = """
export AWS_DEFAULT_REGION=us-east-1
CLUSTER=robo-dev VOLUME=vol-0ab1 CERTIFICATE_SECRET=arn:secret ENGINE_NAME=vectors.robo-dev.internal
for part in systemctl install_missing attach_volume wait_for_device ensure_filesystem mount_volume mkdir \\
  make_certificate publish_certificate let_engine_read start_agent shutdown; do
  eval "$part() { echo $part \\"\\$@\\" >>did; }"
done
ask_instance() { echo i-1; }
"""


def test_the_agent_starts_last_and_the_certificate_is_new_once_the_volume_is_ours(tmp_path: Path) -> None:
    ended = shell(f"{_MACHINE}\nmain", tmp_path)
    assert ended.returncode == 0, ended.stderr
    did = (tmp_path / "did").read_text().splitlines()
    device = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0ab1"

    assert did == [
        "systemctl mask --now sshd.service",
        "install_missing",
        "attach_volume vol-0ab1 i-1",
        f"wait_for_device {device}",
        f"ensure_filesystem {device}",
        f"mount_volume {device} /var/lib/vectors",
        "mkdir --parents /var/lib/vectors-tls",
        "make_certificate /var/lib/vectors-tls vectors.robo-dev.internal",
        "publish_certificate /var/lib/vectors-tls arn:secret",
        "let_engine_read /var/lib/vectors-tls",
        "start_agent robo-dev",
    ]


@pytest.mark.parametrize(
    "failing",
    [
        "attach_volume",
        "wait_for_device",
        "ensure_filesystem",
        "mount_volume",
        "make_certificate",
        "publish_certificate",
    ],
)
def test_a_host_that_is_not_ready_ends_and_starts_no_engine(tmp_path: Path, failing: str) -> None:
    ended = shell(f"{_MACHINE}\n{failing}() {{ false; }}\nmain", tmp_path)
    did = (tmp_path / "did").read_text().splitlines()

    assert ended.returncode != 0
    assert "shutdown --poweroff now" in did
    assert not [line for line in did if line.startswith("start_agent")]


def test_the_agent_keeps_the_credentials_of_the_host_from_its_tasks(tmp_path: Path) -> None:
    ended = shell(f"start_agent robo-dev {tmp_path}/ecs.config", tmp_path)
    settings = dict(line.split("=", 1) for line in (tmp_path / "ecs.config").read_text().splitlines())

    assert ended.returncode == 0, ended.stderr
    assert settings["ECS_CLUSTER"] == "robo-dev"
    assert settings["ECS_AWSVPC_BLOCK_IMDS"] == "true"
    assert settings["ECS_DISABLE_PRIVILEGED"] == "true"
    assert settings["ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE"] == "true", (
        "the host itself may write no logs"
    )


def test_a_variable_that_is_not_set_stops_it_before_it_does_anything(tmp_path: Path) -> None:
    ended = shell(f"{_MACHINE}\nunset VOLUME\nmain", tmp_path)

    assert ended.returncode != 0
    assert not (tmp_path / "did").exists()
