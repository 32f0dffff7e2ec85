#!/usr/bin/env bash
# `npm run rate-limit-test [-- JEST ARGUMENTS]`: global rate limits with the real rate limit service and a real Redis. Needs Go and Debian's
# redis-server.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
RATELIMIT_BIN=$("$repository/conformance/ratelimit/build.sh")
export RATELIMIT_BIN
exec node --import tsx "$repository/scripts/tasks/test.ts" --config test/policies/service.jest.config.js "$@"
