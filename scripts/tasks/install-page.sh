#!/bin/bash
# `npm run install-page`: follows docs/install.md on a real cluster that has nothing yet.
set -euo pipefail
exec "$(dirname "$0")/../../conformance/install-page.sh" "$@"
