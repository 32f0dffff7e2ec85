#!/bin/bash
# Starts a real Kubernetes in a network namespace of its own, and returns when nodes, DNS and Services work.
# A cluster that runs already is left as it is; the rest of one that was cut short, and one of another shape, is removed first.
# HEADGATE_CLUSTER_FAMILIES says which addresses it has: ipv4, ipv6 or dual-stack. HEADGATE_CLUSTER_NODES says how many nodes, each in a
# network namespace of its own. HEADGATE_KUBERNETES: newest or oldest.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

SHAPE="$FAMILIES $NODES $KUBERNETES_VERSION"

control_plane_alive() {
  local name
  for name in etcd kube-apiserver kube-controller-manager kube-scheduler cloud-loadbalancer; do alive "$name" || return 1; done
}

node_alive() {
  local name
  for name in containerd kubelet kube-proxy; do alive "$name$NODE_SUFFIX" || return 1; done
}

is_up() {
  [ "$(cat "$STATE/shape" 2>/dev/null)" = "$SHAPE" ] && control_plane_alive && in_namespace kubectl get --raw /readyz >/dev/null 2>&1 || return 1
  local number
  for number in $(seq "$NODES"); do (use_node "$number" && node_alive) || return 1; done
}

make_namespace() {
  ip netns add $NAMESPACE
  if [ "$NODE_NUMBER" = 1 ]; then
    # A bridge carries the node's addresses, with or without other nodes on it: not every kernel has the dummy device.
    in_namespace ip link add node0 type bridge
  else
    ip -n headgate link add "$NODE_NAME" type veth peer name node0 netns "$NAMESPACE"
    ip -n headgate link set "$NODE_NAME" master node0 up
  fi
  in_namespace bash -euc "
    ip link set lo up
    ip link set node0 up
    for prefix in ${NODE_PREFIXES//,/ }; do
      case \$prefix in
        *:*)
          # Nobody else has it: without asking around it can be used at once.
          ip address add \$prefix dev node0 nodad
          ip -6 route add default dev node0
          echo 1 >/proc/sys/net/ipv6/conf/all/forwarding ;;
        *)
          ip address add \$prefix dev node0
          ip route add default dev node0
          echo 1 >/proc/sys/net/ipv4/ip_forward ;;
      esac
    done"
}

# Every node reaches the pods of all others.
route_pods() {
  local here=$NAMESPACE number
  for number in $(seq "$NODES"); do
    use_node "$number"
    [ "$NAMESPACE" = "$here" ] || ip -n "$here" route add "$NODE_POD_NETWORKS" via "$NODE_ADDRESSES"
  done
}

make_certificates() {
  mkdir "$STATE/pki"
  (
    cd "$STATE/pki"
    new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
    # issue NAME SUBJECT EXTENSION
    issue() {
      new_key "$1"
      openssl req -new -key "$1.key" -out "$1.csr" -subj "$2"
      openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -out "$1.crt" -days 30 -extfile <(echo "$3")
    }
    new_key ca
    openssl req -x509 -new -key ca.key -out ca.crt -days 30 -subj /CN=headgate-cluster
    new_key service-accounts
    openssl ec -in service-accounts.key -pubout -out service-accounts.pub
    issue apiserver /CN=kube-apiserver "subjectAltName=IP:${NODE_ADDRESSES//,/,IP:},IP:127.0.0.1,IP:$KUBERNETES_ADDRESS,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
    issue admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  ) >"$STATE/log/certificates.log" 2>&1 || die "openssl could not make the certificates. See $STATE/log/certificates.log"
  local config=(kubectl config --kubeconfig "$STATE/kubeconfig")
  "${config[@]}" set-cluster headgate --server "https://$NODE_HOST:6443" --certificate-authority "$STATE/pki/ca.crt" --embed-certs
  "${config[@]}" set-credentials admin --client-certificate "$STATE/pki/admin.crt" --client-key "$STATE/pki/admin.key" --embed-certs
  "${config[@]}" set-context headgate --cluster headgate --user admin
  "${config[@]}" use-context headgate
} >/dev/null

render_settings() {
  local cni=/usr/lib/cni
  [ -x $cni/bridge ] || cni=/opt/cni/bin
  mkdir -p "$NODE_STATE/cni/conf"
  : >"$NODE_STATE/resolv.conf"
  local ranges routes
  ranges=$(sed 's#[^,]*#[{ "subnet": "&" }]#g' <<<"$NODE_POD_NETWORKS")
  case $FAMILIES in
    ipv4) routes='{ "dst": "0.0.0.0/0" }' ;;
    ipv6) routes='{ "dst": "::/0" }' ;;
    *) routes='{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }' ;;
  esac
  local file target
  for file in "$CLUSTER_SOURCE"/settings/*; do
    target=$NODE_STATE/${file##*/}
    [ "${file##*/}" = cni.conflist ] && target=$NODE_STATE/cni/conf/10-headgate.conflist
    sed -e "s#@STATE@#$NODE_STATE#g" -e "s#@KUBECONFIG@#$STATE/kubeconfig#g" -e "s#@CGROUP@#/${NODE_SUFFIX:+$NODE_NAME}#g" -e "s#@CONTAINERD_SOCKET@#$CONTAINERD_SOCKET#g" -e "s#@CNI_PROGRAMS@#$cni#g" \
      -e "s#@POD_NETWORKS@#$POD_NETWORKS#g" -e "s#@POD_RANGES@#$ranges#g" -e "s#@POD_ROUTES@#$routes#g" -e "s#@DNS_ADDRESS@#$DNS_ADDRESS#g" -e "s#@NODE_NAME@#$NODE_NAME#g" "$file" >"$target"
  done
}

start_control_plane() {
  start etcd etcd --data-dir "$STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  start kube-apiserver kube-apiserver --etcd-servers http://127.0.0.1:2379 \
    --advertise-address $NODE_ADDRESS --secure-port 6443 --service-cluster-ip-range $SERVICE_NETWORKS \
    --tls-cert-file "$STATE/pki/apiserver.crt" --tls-private-key-file "$STATE/pki/apiserver.key" --client-ca-file "$STATE/pki/ca.crt" \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$STATE/pki/service-accounts.pub" \
    --service-account-signing-key-file "$STATE/pki/service-accounts.key" \
    --authorization-mode RBAC --allow-privileged --kubelet-preferred-address-types InternalIP \
    --audit-policy-file "$STATE/audit.yaml" --audit-log-path "$STATE/log/audit.log" \
    "${TRUST_BUNDLES[@]}"
  wait_until 90 "kube-apiserver being ready" in_namespace kubectl get --raw /readyz
  local masks=(--node-cidr-mask-size "${NODE_POD_NETWORKS#*/}")
  [ $FAMILIES != dual-stack ] || masks=(--node-cidr-mask-size-ipv4 22 --node-cidr-mask-size-ipv6 64)
  # Without an election: a component that loses one ends itself, and tests take the API server away for longer than a lease.
  start kube-controller-manager kube-controller-manager --kubeconfig "$STATE/kubeconfig" --leader-elect=false \
    --allocate-node-cidrs --cluster-cidr $POD_NETWORKS "${masks[@]}" \
    --root-ca-file "$STATE/pki/ca.crt" --service-account-private-key-file "$STATE/pki/service-accounts.key" --use-service-account-credentials
  start kube-scheduler kube-scheduler --kubeconfig "$STATE/kubeconfig" --leader-elect=false
  start cloud-loadbalancer cloud-loadbalancer --kubeconfig "$STATE/kubeconfig" --pool $LOADBALANCER_POOL
}

import_base_images() {
  local archive=$STATE/image.tar
  "$CLUSTER_SOURCE/mkimage.py" --output "$archive" --name docker.io/headgate/pause:1 --entrypoint /pause --file "$PROGRAMS/pause:/pause"
  import_image "$archive"
  "$CLUSTER_SOURCE/mkimage.py" --output "$archive" --name docker.io/headgate/coredns:1 --entrypoint /coredns --file "$PROGRAMS/coredns:/coredns"
  import_image "$archive"
  rm "$archive"
}

start_containerd() {
  start "containerd$NODE_SUFFIX" containerd -c "$NODE_STATE/containerd.toml"
  wait_until 30 "containerd answering" ctr -a "$CONTAINERD_SOCKET" version
}

# Kubelets remove what they do not know from the cgroups below their root: each but the first has one of its own.
make_cgroups() {
  local hierarchy
  [ "$NODE_NUMBER" != 1 ] || return 0
  for hierarchy in $(sed -nE 's#^\S+ (/sys/fs/cgroup\S*) cgroup2? .*#\1#p' /proc/mounts); do mkdir -p "$hierarchy/$NODE_NAME"; done
}

start_node() {
  make_cgroups
  # nsenter and not "ip netns exec": the latter mounts a new /sys, and the kubelet would find no cgroups.
  start "kubelet$NODE_SUFFIX" kubelet --kubeconfig "$STATE/kubeconfig" --config "$NODE_STATE/kubelet.yaml" \
    --hostname-override "$NODE_NAME" --node-ip "$NODE_ADDRESSES" --root-dir "$NODE_STATE/kubelet" --cert-dir "$NODE_STATE/kubelet/pki"
  start "kube-proxy$NODE_SUFFIX" kube-proxy --config "$NODE_STATE/kube-proxy.yaml"
  wait_until 90 "node $NODE_NAME becoming Ready" in_namespace kubectl wait node/$NODE_NAME --for=condition=Ready --timeout=1s
}

start_dns() {
  sed "s#@DNS_ADDRESS@#$DNS_ADDRESS#g" "$CLUSTER_SOURCE/dns.yaml" | in_namespace kubectl apply -f - >/dev/null
  wait_until 90 "CoreDNS becoming available" in_namespace kubectl -n kube-system wait deployment/coredns --for=condition=Available --timeout=1s
}

"$CLUSTER_SOURCE/programs.sh"
if is_up; then
  say "already up"
else
  "$CLUSTER_SOURCE/down.sh"
  mkdir -p "$STATE"/{log,pid}
  echo "$SHAPE" >"$STATE/shape"
  on_each_node make_namespace
  on_each_node route_pods
  make_certificates
  on_each_node render_settings
  start_control_plane
  on_each_node start_containerd
  import_base_images
  on_each_node start_node
  start_dns
fi
say "Kubernetes v$KUBERNETES_VERSION is up. Try: $(realpath --relative-to=. "$CLUSTER_SOURCE")/exec.sh kubectl get pods -A"
