#!/bin/bash
# Ends what up.sh started, by the processes that it noted, and removes the state of the cluster. The programs stay.
# Does nothing if there is no cluster.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
require_root_on_linux

containers() { ctr -a "$CONTAINERD_SOCKET" -n k8s.io "$@"; }

# The namespaces that the network plugin made for the pods of this cluster, and for no others.
pod_network_namespaces() {
  local id
  for id in $(containers containers ls -q); do
    containers containers info "$id" | grep -oE '/run/netns/cni-[0-9a-f-]+' || true
  done | sort -u
}

remove_containers() {
  local id
  for id in $(containers tasks ls -q); do containers tasks kill -s SIGKILL "$id" 2>/dev/null || true; done
  for id in $(containers containers ls -q); do
    containers tasks rm -f "$id" >/dev/null 2>&1 || true
    containers containers rm "$id" >/dev/null 2>&1 || true
  done
}

# gone_within SECONDS NAME...: waits for processes to end.
gone_within() {
  local deadline=$((SECONDS + $1)) name
  shift
  for name in "$@"; do
    while alive "$name" && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
  done
}

# end NAME...: politely, then not.
end() {
  stop TERM "$@"
  gone_within 10 "$@"
  stop KILL "$@"
  gone_within 5 "$@"
}

# Shims outlive containerd by design. Ours are those that talk to our socket.
end_shims() {
  local process
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q "^[^ ]*containerd-shim-runc-v2 .*-address $CONTAINERD_SOCKET "; then
      kill -s KILL "${process#/proc/}" 2>/dev/null || true
    fi
  done
}

if [ ! -e "$STATE" ] && [ ! -e /run/netns/$NAMESPACE ]; then exit 0; fi
say "stopping"
end cloud-loadbalancer kubelet kube-proxy kube-controller-manager kube-scheduler
namespaces=
if alive containerd; then
  namespaces=$(pod_network_namespaces)
  remove_containers
fi
end kube-apiserver
end etcd containerd
end_shims
grep -oE " $STATE/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l
for namespace in $namespaces; do ip netns delete "${namespace##*/}" 2>/dev/null || true; done
[ ! -e /run/netns/$NAMESPACE ] || ip netns delete $NAMESPACE
rm -rf "$STATE"
