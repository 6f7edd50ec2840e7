# Makes the host of the vector engine ready, once, at the first boot of an instance: its volume, its certificate, and
# last the agent that starts the engine. Sourced after lines that set the variables which `main` names; runs as root.
# A host that cannot be made ready ends itself, and its group starts another one.
set -Eeuo pipefail

readonly MOUNT_POINT=/var/lib/vectors
readonly TLS_FOLDER=/var/lib/vectors-tls
# Who the engine is in its container: the user of the image's unprivileged variant.
readonly ENGINE_UID=1000

ask_instance() {
  local token
  token=$(curl --fail --silent --show-error --retry 5 --request PUT \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
  curl --fail --silent --show-error --retry 5 \
    --header "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}

# The image of the host is a minimal one; packages come from Amazon's buckets.
install_missing() {
  local missing=()
  command -v aws >/dev/null || missing+=(awscli-2)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v mkfs.xfs >/dev/null || missing+=(xfsprogs)
  if ((${#missing[@]})); then
    dnf install --assumeyes --quiet "${missing[@]}"
  fi
}

# attach_volume VOLUME INSTANCE: waits for the instance before this one to let go of it, ten minutes at most.
attach_volume() {
  local attempt
  for ((attempt = 0; attempt < 120; attempt++)); do
    if aws ec2 attach-volume --volume-id "$1" --instance-id "$2" --device /dev/sdf >/dev/null; then
      return 0
    fi
    sleep 5
  done
  return 1
}

# wait_for_device DEVICE: the kernel needs a moment.
wait_for_device() {
  local attempt
  for ((attempt = 0; attempt < 60; attempt++)); do
    if [[ -e $1 ]]; then
      return 0
    fi
    sleep 2
  done
  return 1
}

# ensure_filesystem DEVICE: makes one only where there is nothing at all; mkfs.xfs looks a second time by itself.
ensure_filesystem() {
  local found=0
  blkid --probe "$1" >/dev/null || found=$?
  case $found in
    0) return 0 ;;
    2) mkfs.xfs -q "$1" ;;
    *) return 1 ;;
  esac
}

# mount_volume DEVICE FOLDER: now and at every boot; without it neither the agent nor, with it, the engine starts.
mount_volume() {
  local identity
  identity=$(blkid --probe --match-tag UUID --output value "$1")
  mkdir --parents "$2"
  # Nobody writes beside the volume while it is not mounted.
  chmod 0000 "$2"
  printf 'UUID=%s %s xfs noatime,nodev,nosuid,noexec,nofail,x-systemd.required-by=ecs.service 0 2\n' \
    "$identity" "$2" >>/etc/fstab
  systemctl daemon-reload
  mount "$2"
  # A volume that was enlarged, or made from a smaller snapshot.
  xfs_growfs "$2" >/dev/null
  install --directory --owner="$ENGINE_UID" --group="$ENGINE_UID" --mode=0700 \
    "$2/storage" "$2/snapshots" "$2/init"
  chmod 0755 "$2"
}

# make_certificate FOLDER NAME: a new key, which stays in this folder, and a certificate for that name alone. It is
# good for longer than any instance: replacing the instance is what renews it.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -sha256 -days 3650 \
    -keyout "$1/key.pem" -out "$1/certificate.pem" -extensions engine -config <(
      printf '%s\n' '[req]' 'prompt = no' 'distinguished_name = subject' '[subject]' "CN = $2" '[engine]' \
        "subjectAltName = DNS:$2" 'basicConstraints = critical, CA:FALSE' \
        'keyUsage = critical, digitalSignature' 'extendedKeyUsage = serverAuth' 'subjectKeyIdentifier = hash'
    ) 2>/dev/null
}

# publish_certificate FOLDER SECRET: what is in it is public; the key is not.
publish_certificate() {
  aws secretsmanager put-secret-value --secret-id "$2" --secret-string "file://$1/certificate.pem" >/dev/null
}

# let_engine_read FOLDER: the engine, and root.
let_engine_read() {
  chown --recursive "root:$ENGINE_UID" "$1"
  chmod 0750 "$1"
  chmod 0440 "$1/key.pem" "$1/certificate.pem"
}

# start_agent CLUSTER [FILE]: after this, ECS starts the engine. Its tasks reach no credentials of the host.
start_agent() {
  printf '%s\n' "ECS_CLUSTER=$1" ECS_AWSVPC_BLOCK_IMDS=true ECS_DISABLE_PRIVILEGED=true \
    ECS_IMAGE_PULL_BEHAVIOR=prefer-cached ECS_CONTAINER_STOP_TIMEOUT=90s ECS_RESERVED_MEMORY=256 \
    ECS_ENABLE_TASK_ENI=true ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true \
    'ECS_AVAILABLE_LOGGING_DRIVERS=["awslogs"]' >"${2:-/etc/ecs/ecs.config}"
}

give_up() {
  echo "the host of the vector engine is not ready (line $1): it ends, another one takes its place" >&2
  shutdown --poweroff now
}

main() {
  : "${AWS_DEFAULT_REGION:?}" "${CLUSTER:?}" "${VOLUME:?}" "${CERTIFICATE_SECRET:?}" "${ENGINE_NAME:?}"
  export AWS_DEFAULT_REGION
  umask 077
  trap 'give_up $LINENO' ERR
  # Nobody logs in; the network lets nobody in either, so that this may fail.
  systemctl mask --now sshd.service || true
  install_missing
  local device instance
  device="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME//-/}"
  instance=$(ask_instance instance-id)
  attach_volume "$VOLUME" "$instance"
  # From here on the engine before this one is gone: its certificate may be replaced.
  wait_for_device "$device"
  ensure_filesystem "$device"
  mount_volume "$device" "$MOUNT_POINT"
  mkdir --parents "$TLS_FOLDER"
  make_certificate "$TLS_FOLDER" "$ENGINE_NAME"
  publish_certificate "$TLS_FOLDER" "$CERTIFICATE_SECRET"
  let_engine_read "$TLS_FOLDER"
  start_agent "$CLUSTER"
}
