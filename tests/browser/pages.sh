#!/bin/sh
# The pages in a real browser: pages.mjs. Usage: pages.sh SOURCE BUILD, with RUAD_* as in tests/e2e.
# Skips without node, npm or chromium. Packages go to the build directory, by the lock file.
set -u
source=$1/tests/browser
build=$2/browser
for program in node npm chromium python3; do
	if ! command -v "$program" >/dev/null; then
		printf '1..0 # SKIP no %s\n' "$program"
		exit 0
	fi
done
mkdir -p "$build" || exit 1
if ! cmp -s "$source/package-lock.json" "$build/installed-lock.json"; then
	cp "$source/package.json" "$source/package-lock.json" "$build/" || exit 1
	if ! (cd "$build" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
		# Where nobody can reach a registry that is no fault of the pages; CI must.
		[ -n "${CI:-}" ] && { cat "$build/npm.log" >&2; exit 1; }
		printf '1..0 # SKIP npm ci failed, see %s\n' "$build/npm.log"
		exit 0
	fi
	cp "$source/package-lock.json" "$build/installed-lock.json" || exit 1
fi
cp "$source/pages.mjs" "$build/" || exit 1
exec node "$build/pages.mjs" "$(command -v chromium)"
