#!/bin/bash
# Measures how fast changes in the API become traffic, for this project and for its peers, one after the other: each is installed on a
# fresh cluster as its users do it, measured by scripts/bench-cluster/main.ts, and taken down. Then the report is written.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"
bench=$repository/scripts/bench-cluster
# shellcheck source=../scripts/bench-cluster/peers/lib.sh
. "$bench/peers/lib.sh"

usage() {
  cat <<TEXT
Usage: npm run bench:cluster [-- OPTION...]
  --peer NAMES           headgate, envoy-gateway, contour, traefik, or several separated by commas (default: headgate)
  --routes N             most routes at once (default: 1000); measured at 1,000, 3,000, 5,000, 10,000 and N
  --one-by-one N         routes that are created one by one at the beginning (default: half of --routes)
  --rows ROWS            flips,probe,bulk,cost,churn-probe,endpoint-roll,restart,churn,listener-sets (default: all)
  --flips N              backend flips of each series (default: 50)
  --new-service-flips N  backend flips 20 ms apart, each to a Service made for it (default: 1000)
  --churn-seconds N      how long things are changed at a steady rate (default: 60)
  --listener-sets N      ListenerSets with 16 routes each (default: a twentieth of --routes)
  --minutes-per-peer N   what is not measured by then is left out (default: 30)
  --to DIR               where results, page and plots go (default: docs/benchmarks; with --rows .cache/benchmarks)
A file <peer>.json each; tables and plots of all that are in the folder: README.md there.
TEXT
}

peers=headgate
folder=
arguments=()
command="npm run bench:cluster${*:+ -- $*}"
while [ $# -gt 0 ]; do
  case $1 in
    --peer) peers=${2:?--peer needs a name} && shift 2 ;;
    --routes | --one-by-one | --rows | --flips | --new-service-flips | --churn-seconds | --listener-sets | --minutes-per-peer)
      arguments+=("$1" "${2:?$1 needs a value}") && shift 2
      ;;
    --to) folder=${2:?--to needs a folder} && shift 2 ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && die "there is no option $1" ;;
  esac
done
for peer in ${peers//,/ }; do
  [ "$peer" != lib ] && [ -f "$bench/peers/$peer.sh" ] || die "there is no peer $peer"
done

# What was measured in part shall not replace what was measured whole.
if [ -z "$folder" ]; then
  case " ${arguments[*]} " in
    *" --rows "*) folder=$repository/.cache/benchmarks ;;
    *) folder=$repository/docs/benchmarks ;;
  esac
fi
mkdir -p "$folder"

# measure PEER: the functions build_peer, install_peer and peer_version come from its script.
measure() (
  set -e
  peer=$1
  # shellcheck source=/dev/null
  . "$bench/peers/$peer.sh"
  build_peer
  "$CLUSTER_SOURCE/up.sh"
  # Envoy and the backend are the same for all.
  tag=$("$conformance/images.sh")
  install_peer
  in_namespace env BENCH_VERSION="$(peer_version)" BENCH_COMMAND="$command" node --import tsx "$bench/main.ts" --peer "$peer" \
    --output "$folder/$peer.json" "${arguments[@]}" || {
    collect_logs
    die "measuring $peer failed; logs of pods: $work"
  }
)

# A function, so that the script may be edited while it runs.
main() {
  [ ! -e /run/netns/$NAMESPACE ] || die "a cluster is up, and each peer needs a fresh one. End it with: npm run cluster down"
  begin false
  say "building Headgate"
  node --import tsx "$repository/scripts/tasks/build.ts" >&2
  failed=()
  for peer in ${peers//,/ }; do
    say "measuring $peer"
    # Not behind `||`: that would let it go on after its first error.
    set +e
    measure "$peer"
    [ $? = 0 ] || failed+=("$peer")
    set -e
    # A fresh cluster for each: CRDs and leftovers of one are not what users of the next have.
    "$CLUSTER_SOURCE/down.sh"
  done
  node --import tsx "$bench/report.ts" "$folder"
  [ ${#failed[@]} = 0 ] || die "not measured: ${failed[*]}"
}
main; exit
