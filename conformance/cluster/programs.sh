#!/bin/bash
# Installs and builds every program that the cluster runs. Nothing is started. Safe to run again; the first build of
# Kubernetes takes about ten minutes on two cores.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

require_root_on_linux
require_packages containerd=containerd runc=runc nft=nftables iptables=iptables conntrack=conntrack \
  ip=iproute2 nsenter=util-linux openssl=openssl python3=python3
[ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || require_packages cni-plugins=containernetworking-plugins
require_go

build_kubebox() {
  local package=k8s.io/component-base/version minor=${KUBERNETES_VERSION#*.}
  cd "$CLUSTER_SOURCE/kubebox"
  GOTOOLCHAIN=$KUBERNETES_GO go build -modfile $KUBEBOX_MODULES.mod -buildvcs=false -trimpath -o "$1" -ldflags "-s -w \
    -X $package.gitVersion=v$KUBERNETES_VERSION -X $package.gitMajor=${KUBERNETES_VERSION%%.*} -X $package.gitMinor=${minor%.*}" .
}

build_pause() {
  cd "$CLUSTER_SOURCE/kubebox"
  GOTOOLCHAIN=$KUBERNETES_GO CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o "$1" ./pause
}

build_etcd() {
  cd "$CLUSTER_SOURCE/etcd"
  GOTOOLCHAIN=$KUBERNETES_GO CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o "$1" .
}

build_coredns() {
  local folder
  folder=$(mktemp -d)
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 GOBIN=$folder go install -trimpath -ldflags '-s -w' "github.com/coredns/coredns@$COREDNS_VERSION"
  mv "$folder/coredns" "$1"
  rmdir "$folder"
}

kubebox=("$CLUSTER_SOURCE"/kubebox/{$KUBEBOX_MODULES.mod,$KUBEBOX_MODULES.sum,main.go,loadbalancer.go})
build_once "kubebox-$KUBERNETES" "$KUBERNETES_VERSION $KUBERNETES_GO $(source_key "${kubebox[@]}")" build_kubebox
for component in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl cloud-loadbalancer; do
  ln -sf "kubebox-$KUBERNETES" "$PROGRAMS/$component"
done
build_once pause "$KUBERNETES_GO $(source_key "$CLUSTER_SOURCE/kubebox/pause/main.go")" build_pause
build_once etcd "$KUBERNETES_GO $(source_key "$CLUSTER_SOURCE"/etcd/go.mod "$CLUSTER_SOURCE"/etcd/go.sum "$CLUSTER_SOURCE"/etcd/main.go)" build_etcd
build_once coredns "$COREDNS_VERSION $RECENT_GO" build_coredns
