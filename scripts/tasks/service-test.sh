#!/usr/bin/env bash
# `npm run service-test [-- JEST ARGUMENTS]`: policies with programs that are no part of Envoy: the rate limit service and a Redis, an identity
# provider and a browser, a C compiler. Needs Go; installs what else is missing from Debian's packages.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
missing=()
for tool in redis-server:redis-server chromium:chromium cc:build-essential docker-registry:docker-registry; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2
fi
RATELIMIT_BIN=$("$repository/conformance/ratelimit/build.sh")
CHROMIUM_BIN=$(command -v chromium)
export RATELIMIT_BIN CHROMIUM_BIN
exec node --import tsx "$repository/scripts/tasks/test.ts" --config test/policies/service.jest.config.js "$@"
