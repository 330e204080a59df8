#!/bin/bash
# Unit tests: neither root nor Docker. Installs the npm packages where they are missing.
# usage: test-unit.sh [vitest arguments]
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
sh scripts/install.sh
exec node_modules/.bin/vitest run "$@"
