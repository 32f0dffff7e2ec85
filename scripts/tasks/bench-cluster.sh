#!/bin/bash
# `npm run bench:cluster [-- --peer headgate,envoy-gateway --routes N]`: how fast a change in the API becomes traffic, on a real cluster.
set -euo pipefail
exec "$(dirname "$0")/../../conformance/bench.sh" "$@"
