#!/bin/bash
# `npm run cluster up|down|status [-- --dual-stack | --ipv6 | --two-nodes]`: a real Kubernetes without Docker. What it is made of: conformance/cluster/README.md.
set -euo pipefail
cluster=$(cd "$(dirname "$0")/../../conformance/cluster" && pwd)
case ${1:-} in
  up)
    case ${2:-} in
      '') ;;
      --dual-stack) export HEADGATE_CLUSTER_FAMILIES=dual-stack ;;
      --ipv6) export HEADGATE_CLUSTER_FAMILIES=ipv6 ;;
      --two-nodes) export HEADGATE_CLUSTER_NODES=2 ;;
      *)
        echo "Usage: npm run cluster up -- [--dual-stack | --ipv6 | --two-nodes]" >&2
        exit 2
        ;;
    esac
    exec "$cluster/up.sh"
    ;;
  down) exec "$cluster/down.sh" ;;
  status) exec "$cluster/exec.sh" kubectl get nodes,pods -A -o wide ;;
  *)
    echo "Usage: npm run cluster up|down|status" >&2
    exit 2
    ;;
esac
