#!/bin/bash
# Runs the benchmark of the whole on the project's own cluster: chart installed as for users, one Gateway, real pods. Arguments go to
# scripts/bench-cluster/main.ts.
set -euo pipefail
# shellcheck source=deploy.sh
. "$(dirname "$0")/deploy.sh"

begin false
build_and_import
install_crds
install_chart "$conformance/bench-values.yaml"
in_namespace env HEADGATE_COMMIT="$(git -C "$repository" rev-parse --short=12 HEAD)" node --import tsx "$repository/scripts/bench-cluster/main.ts" "$@"
