#!/bin/bash
# `npm run end-to-end [-- JEST ARGUMENTS]`: the end-to-end tests on a real cluster.
set -euo pipefail
exec "$(dirname "$0")/../../conformance/e2e.sh" "$@"
