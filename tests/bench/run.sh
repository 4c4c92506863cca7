#!/bin/sh
# How near ruad-ingest comes to the floor: see README.md here. Writes nothing into the tree.
#
#	tests/bench/run.sh [ROUNDS]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
floor=$top/../shared/bench/limit.c
generator=$top/../shared/bench/gen_maildir.py
rounds=${1:-5}
mails=${RUAD_MAILS:-20000}
huge=${RUAD_HUGE:-0}

if [ ! -f "$floor" ] || [ ! -f "$generator" ]; then
	echo "bench: no floor program beside the source tree (../shared/bench)" >&2
	exit 77
fi
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/ruad-bench.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP

cd "$top"
meson setup "$dir/build" --buildtype=release >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
ninja -C "$dir/build" ingest/ruad-ingest >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
gcc -O2 -pthread -w -o "$dir/floor" "$floor" \
	$(pkg-config --cflags --libs libxml-2.0 zlib libarchive sqlite3 libdeflate) -lexpat || {
	echo "bench: the floor needs libdeflate-dev and libexpat1-dev" >&2
	exit 1
}
python3 "$generator" --mails "$mails" --out "$dir/mails" >/dev/null
[ "$huge" -eq 0 ] || python3 "$generator" --huge "$huge" --out "$dir/huge" >/dev/null
# What was just written is still being flushed: it must not fall into the first round.
sync
python3 "$top/tests/bench/measure.py" "$dir" "$rounds" "$huge"
