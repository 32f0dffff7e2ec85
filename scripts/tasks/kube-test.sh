#!/usr/bin/env bash
# `npm run kube-test [-- JEST ARGUMENTS]`: tests against a real kube-apiserver, which is built first. Needs Linux and root.
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
"$repository/conformance/cluster/programs.sh" >&2
exec node --import tsx "$repository/scripts/tasks/test.ts" --config test/kube/jest.config.js "$@"
