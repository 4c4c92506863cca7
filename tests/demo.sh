#!/bin/sh
# From nothing to a page in the browser: installs what is missing, builds, makes the sample Maildir,
# loads it into a new database and serves it. Everything lies in build-demo/ of the source tree.
#
#	tests/demo.sh            then open http://127.0.0.1:8080/ ; Ctrl-C ends it
#	RUAD_LISTEN=127.0.0.1:9090 tests/demo.sh
set -eu
cd "$(dirname "$0")/.."
listen=${RUAD_LISTEN:-127.0.0.1:8080}
dir=build-demo

sh tests/setup.sh build
[ -f "$dir/build.ninja" ] || meson setup "$dir" --buildtype=release
ninja -C "$dir" ingest/ruad-ingest store/ruad-query web/ruad-web

rm -rf "$dir/sample"
mkdir "$dir/sample"
python3 tests/sample/make_sample.py "$dir/sample/Maildir"
# Status 65: some mails were refused. The sample has one on purpose.
"$dir/ingest/ruad-ingest" --db "$dir/sample/ruad.db" "$dir/sample/Maildir" 2>"$dir/sample/log" ||
	[ $? -eq 65 ] || { cat "$dir/sample/log" >&2; exit 1; }
"$dir/store/ruad-query" --db "$dir/sample/ruad.db" domains
echo "http://$listen/"
exec "$dir/web/ruad-web" --db "$dir/sample/ruad.db" --listen "$listen"
