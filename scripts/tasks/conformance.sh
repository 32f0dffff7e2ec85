#!/bin/bash
# `npm run conformance [-- --run NAME]`: the official Gateway API conformance suite on a real cluster.
set -euo pipefail
exec "$(dirname "$0")/../../conformance/run.sh" "$@"
