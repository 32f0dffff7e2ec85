# Where things are, which versions they have, and the few functions that the scripts of this folder share. Sourced, not run.
# shellcheck shell=bash disable=SC2034

CLUSTER_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HEADGATE_CACHE=${HEADGATE_CACHE:-$HOME/.cache/headgate}

# Programs are kept between runs, the state of a cluster is not.
PROGRAMS=$HEADGATE_CACHE/bin
STATE=$HEADGATE_CACHE/cluster

# The newest Kubernetes, or the oldest that docs/install.md names (HEADGATE_KUBERNETES=oldest). The modules of kubebox/ say the same
# versions; etcd/go.mod has the etcd that the newest one comes with. Only the newest serves ClusterTrustBundles unasked.
KUBERNETES=${HEADGATE_KUBERNETES:-newest}
case $KUBERNETES in
  newest) KUBERNETES_VERSION=1.37.2 KUBEBOX_MODULES=go TRUST_BUNDLES=() ;;
  oldest)
    KUBERNETES_VERSION=1.32.13 KUBEBOX_MODULES=oldest
    TRUST_BUNDLES=(--feature-gates ClusterTrustBundle=true --runtime-config certificates.k8s.io/v1alpha1/clustertrustbundles=true)
    ;;
  *) echo "HEADGATE_KUBERNETES is $KUBERNETES: say newest or oldest" >&2 && exit 1 ;;
esac
KUBERNETES_GO=go1.26.8 # Kubernetes 1.37 is made with Go 1.26
COREDNS_VERSION=v1.15.0
RECENT_GO=go1.27.4

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Addresses. The node's network holds the node and the LoadBalancer addresses; none of them is routed out of the namespace.
# FAMILIES: ipv4, ipv6 or dual-stack. With both, IPv4 is the main one, and LoadBalancer Services get addresses of IPv4.
FAMILIES=${HEADGATE_CLUSTER_FAMILIES:-ipv4}
ipv4=(10.89.0.1 10.89.0.1/24 10.89.4.0/22 10.244.0.0/22 10.96.0.0/16 10.96.0.1 10.96.0.10)
ipv6=(fd89::1 fd89::1/64 fd89:0:0:4::/112 fd44::/64 fd96::/108 fd96::1 fd96::a)
case $FAMILIES in
  ipv4 | dual-stack) main=("${ipv4[@]}") ;;
  ipv6) main=("${ipv6[@]}") ;;
  *) die "HEADGATE_CLUSTER_FAMILIES is $FAMILIES: say ipv4, ipv6 or dual-stack" ;;
esac
NODE_ADDRESS=${main[0]}
LOADBALANCER_POOL=${main[2]}
KUBERNETES_ADDRESS=${main[5]}
DNS_ADDRESS=${main[6]}
# Of each family, with commas between.
of_families() { if [ $FAMILIES = dual-stack ]; then echo "${ipv4[$1]},${ipv6[$1]}"; else echo "${main[$1]}"; fi; }
NODE_ADDRESSES=$(of_families 0)
NODE_PREFIXES=$(of_families 1)
POD_NETWORKS=$(of_families 3)
SERVICE_NETWORKS=$(of_families 4)
# As it stands in a URL.
NODE_HOST=$NODE_ADDRESS
[ $FAMILIES != ipv6 ] || NODE_HOST="[$NODE_ADDRESS]"


NODES=${HEADGATE_CLUSTER_NODES:-1}
[[ $NODES =~ ^[1-9]$ ]] || die "HEADGATE_CLUSTER_NODES is $NODES: say a number from 1 to 9"
[ "$NODES" = 1 ] || [ $FAMILIES = ipv4 ] || die "a cluster of several nodes has addresses of IPv4 alone: leave HEADGATE_CLUSTER_FAMILIES out"
[ "$NODES" = 1 ] || POD_NETWORKS=10.244.0.0/16

# use_node NUMBER: the names, files and addresses below are those of that node. The first is where the control plane is.
use_node() {
  NODE_NUMBER=$1
  local suffix=
  [ "$1" = 1 ] || suffix=-$1
  NAMESPACE=headgate$suffix # network namespace: every process, address and packet of the cluster stays inside
  NODE_NAME=headgate-node$suffix
  NODE_SUFFIX=$suffix
  NODE_STATE=$STATE${suffix:+/node$suffix}
  CONTAINERD_SOCKET=$NODE_STATE/containerd.sock
  NODE_POD_NETWORKS=$POD_NETWORKS
  [ "$NODES" = 1 ] || NODE_ADDRESSES=10.89.0.$1 NODE_PREFIXES=10.89.0.$1/24 NODE_POD_NETWORKS=10.244.$((4 * ($1 - 1))).0/22
}
use_node 1

# on_each_node COMMAND...: once for each, in a shell of its own.
on_each_node() {
  local number
  for number in $(seq "$NODES"); do (use_node "$number" && "$@"); done
}

export PATH="$PROGRAMS:$PATH:/usr/sbin:/sbin"

say() { echo "cluster: $*" >&2; }

require_root_on_linux() {
  [ "$(uname -s)" = Linux ] || die "the cluster needs Linux (network namespaces, cgroups); this is $(uname -s). Run it in a Linux virtual machine."
  [ "$(id -u)" = 0 ] || die "the cluster needs root to make network namespaces and run containers. Run the command again with sudo."
}

# require_packages COMMAND=PACKAGE...: installs the Debian packages whose commands are missing.
require_packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get to install them: ${missing[*]}. Install them and run the command again."
  say "installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    die "apt-get could not install ${missing[*]}; its last words are above. Install them and run the command again."
  fi
  rm "$log"
}

# Any Go from 1.21 on fetches the exact toolchain that a build asks for.
require_go() {
  require_packages go=golang-go
  local version
  version=$(GOTOOLCHAIN=local go env GOVERSION)
  if ! [[ $version =~ ^go1\.([0-9]+) ]] || [ "${BASH_REMATCH[1]}" -lt 21 ]; then
    die "Go 1.21 or newer is needed (it fetches the toolchain of each build itself), found ${version:-an older one}. Install one from https://go.dev/dl/ and put it first on PATH."
  fi
}

# build_once NAME KEY COMMAND...: makes $PROGRAMS/NAME unless it was made with the same KEY. COMMAND gets the path to
# write to as its last argument.
build_once() {
  local name=$1 key=$2
  shift 2
  mkdir -p "$PROGRAMS"
  (
    # Two runs at the same time build once: the second waits and finds the result.
    flock 9
    [ -x "$PROGRAMS/$name" ] && [ "$(cat "$PROGRAMS/.$name.key" 2>/dev/null)" = "$key" ] && exit 0
    say "building $name (kept in $PROGRAMS)"
    if ! "$@" "$PROGRAMS/.$name.new" >"$PROGRAMS/.$name.log" 2>&1; then
      tail -20 "$PROGRAMS/.$name.log" >&2
      die "building $name failed; its last words are above, all of them in $PROGRAMS/.$name.log"
    fi
    mv "$PROGRAMS/.$name.new" "$PROGRAMS/$name"
    echo "$key" >"$PROGRAMS/.$name.key"
  ) 9>"$PROGRAMS/.$name.lock"
}

# source_key FILE...: changes when one of the files does.
source_key() { cat "$@" | sha256sum | cut -c1-16; }

# Who runs it may be told to end, and would leave it behind: the kernel ends it then.
in_namespace() { setpriv --pdeathsig TERM -- nsenter --net=/run/netns/$NAMESPACE env KUBECONFIG="$STATE/kubeconfig" "$@"; }

# Processes are remembered by id and start time, so that an id which was given to another process is never signalled.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# start NAME COMMAND...: runs a component inside the namespace, in the background, and notes its process.
start() {
  local name=$1 pid
  shift
  # Each program of this line replaces the one before, so the id is the component's own. The locks 8 and 9 stay with the script.
  setsid nsenter --net=/run/netns/$NAMESPACE env KUBECONFIG="$STATE/kubeconfig" "$@" >"$STATE/log/$name.log" 2>&1 </dev/null 8>&- 9>&- &
  pid=$!
  echo "$pid $(start_time $pid)" >"$STATE/pid/$name"
}

# alive NAME: true if the component that start noted still runs.
alive() {
  local pid started
  [ -e "$STATE/pid/$1" ] || return 1
  read -r pid started <"$STATE/pid/$1"
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ]
}

# stop SIGNAL NAME...: signals the components that still run.
stop() {
  local signal=$1 name pid
  shift
  for name in "$@"; do
    alive "$name" || continue
    read -r pid _ <"$STATE/pid/$name"
    kill -s "$signal" "$pid" 2>/dev/null || true
  done
}

# wait_until SECONDS WHAT COMMAND...: repeats COMMAND until it succeeds, or dies and says where to look.
wait_until() {
  local seconds=$1 what=$2 deadline
  shift 2
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      report_failure
      die "$what did not happen within $seconds s. Logs: $STATE/log"
    fi
    sleep 0.3
  done
}

# The last lines of the components that ended, or of all if none did.
report_failure() {
  local file name
  for file in "$STATE"/pid/*; do
    [ -e "$file" ] || continue
    name=${file##*/}
    alive "$name" && continue
    echo "--- $name ended; its last lines:" >&2
    tail -5 "$STATE/log/$name.log" >&2
  done
}

# Of the nodes that there are, whatever was asked for.
containerd_sockets() { find "$STATE" -maxdepth 2 -name containerd.sock; }

# import_image ARCHIVE: makes the images of an archive known to every node.
import_image() {
  local socket
  for socket in $(containerd_sockets); do ctr -a "$socket" -n k8s.io images import "$1" >/dev/null; done
}
