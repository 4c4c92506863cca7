#!/bin/sh
# Every .c file is as clang-format writes it. Headers are not asked: their comments stand in columns.
# Usage: format.sh [ROOT]. Skips (77) without clang-format 14, because others write otherwise.
set -u
cd "${1:-.}" || exit 2
tool=
for name in clang-format-14 clang-format; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q 'version 14\.'; then
		tool=$name
		break
	fi
done
[ -n "$tool" ] || exit 77
find store ingest web tests -name '*.c' -print0 | sort -z |
	xargs -0 "$tool" --dry-run --Werror 2>&1 | grep -E '^[^ ].*(error|warning):' | head -40 |
	{ ! grep . ; }
