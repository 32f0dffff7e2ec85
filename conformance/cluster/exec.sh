#!/bin/bash
# Runs a command where the cluster is: in its network namespace, with its kubectl and its credentials.
#   exec.sh kubectl get pods -A
#   exec.sh curl http://10.89.4.1/
set -euo pipefail
. "$(dirname "$0")/lib.sh"
require_root_on_linux
[ -e /run/netns/$NAMESPACE ] || die "the cluster is not up. Start it with: npm run cluster up"
[ $# -gt 0 ] || die "nothing to run. Example: exec.sh kubectl get pods -A"
in_namespace "$@"
