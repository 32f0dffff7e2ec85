#!/bin/bash
# Ends what up.sh started, by the processes that it noted, and removes the state of the cluster. The programs stay.
# Does nothing if there is no cluster.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
require_root_on_linux

# containers SOCKET ARGUMENT...
containers() { ctr -a "$1" -n k8s.io "${@:2}"; }

# The namespaces that the network plugin made for the pods of a node of this cluster, and for no others.
pod_network_namespaces() {
  local id
  for id in $(containers "$1" containers ls -q); do
    containers "$1" containers info "$id" | grep -oE '/run/netns/cni-[0-9a-f-]+' || true
  done | sort -u
}

remove_containers() {
  local id
  for id in $(containers "$1" tasks ls -q); do containers "$1" tasks kill -s SIGKILL "$id" 2>/dev/null || true; done
  for id in $(containers "$1" containers ls -q); do
    containers "$1" tasks rm -f "$id" >/dev/null 2>&1 || true
    containers "$1" containers rm "$id" >/dev/null 2>&1 || true
  done
}

# on_nodes NAME...: these components on every node that there is.
on_nodes() {
  local name
  for name in "$@"; do find "$STATE/pid" -name "$name" -o -name "$name-[0-9]" | sed 's#.*/##'; done
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

# Shims outlive containerd by design. Ours are those that talk to one of our sockets.
end_shims() {
  local process
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -qE "^[^ ]*containerd-shim-runc-v2 .*-address $STATE/(node-[0-9]/)?containerd.sock "; then
      kill -s KILL "${process#/proc/}" 2>/dev/null || true
    fi
  done
}

if [ ! -e "$STATE" ] && [ ! -e /run/netns/$NAMESPACE ]; then exit 0; fi
say "stopping"
mkdir -p "$STATE/pid"
end cloud-loadbalancer $(on_nodes kubelet kube-proxy) kube-controller-manager kube-scheduler
namespaces=
for name in $(on_nodes containerd); do
  alive "$name" || continue
  suffix=${name#containerd}
  socket=$STATE/${suffix:+node$suffix/}containerd.sock
  namespaces+=" $(pod_network_namespaces "$socket")"
  remove_containers "$socket"
done
end kube-apiserver
end etcd $(on_nodes containerd)
end_shims
grep -oE " $STATE/[^ ]*" /proc/mounts | sort -r | xargs -r umount -l
for namespace in $namespaces; do ip netns delete "${namespace##*/}" 2>/dev/null || true; done
for namespace in /run/netns/$NAMESPACE /run/netns/$NAMESPACE-[0-9]; do
  [ ! -e "$namespace" ] || ip netns delete "${namespace##*/}"
done
rm -rf "$STATE"
