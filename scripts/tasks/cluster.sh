#!/bin/bash
# `npm run cluster up|down|status`: a real one-node Kubernetes without Docker. What it is made of: conformance/cluster/README.md.
set -euo pipefail
cluster=$(cd "$(dirname "$0")/../../conformance/cluster" && pwd)
case ${1:-} in
  up) exec "$cluster/up.sh" ;;
  down) exec "$cluster/down.sh" ;;
  status) exec "$cluster/exec.sh" kubectl get nodes,pods -A -o wide ;;
  *)
    echo "Usage: npm run cluster up|down|status" >&2
    exit 2
    ;;
esac
