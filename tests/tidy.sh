#!/bin/sh
# clang-tidy finds nothing in the programs. Usage: tidy.sh ROOT BUILD. Skips (77) without it.
set -u
cd "${1:-.}" || exit 2
build=$2
tool=
for name in clang-tidy-14 clang-tidy; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
		tool=$name
		break
	fi
done
[ -n "$tool" ] && [ -f "$build/compile_commands.json" ] || exit 77
# gcc's options are not all clang's (and clang 14 guards one of them): that is no finding.
find store ingest web -name '*.c' -print | sort |
	xargs -P 2 -n 6 "$tool" -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option \
		--extra-arg=-ftrivial-auto-var-init=uninitialized 2>/dev/null |
	{ ! grep . ; }
