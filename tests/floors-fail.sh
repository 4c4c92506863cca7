#!/bin/sh
# A rule nobody can break proves nothing: each line here breaks one, and floors.sh must say so.
# Usage: floors-fail.sh [ROOT]. TAP.
set -u
floors=$(cd "${1:-.}" && pwd)/tests/floors.sh
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
n=0
bad=0

# breaks WHAT FILE LINE: with this line in this file, floors.sh complains of the file.
breaks() {
	rm -rf "$dir/tree"
	mkdir -p "$dir/tree/ingest" "$dir/tree/store/base" "$dir/tree/store/judge" "$dir/tree/web"
	printf '#include "store/base/err.h"\n' >"$dir/tree/store/report.h"
	printf '\n' >"$dir/tree/store/base/err.h"
	printf '%s\n' "$3" >>"$dir/tree/$2"
	n=$((n + 1))
	out=$(sh "$floors" "$dir/tree")
	if [ $? -eq 1 ] && printf '%s' "$out" | grep -q "${2%.*}"; then
		echo "ok $n - $1"
	else
		bad=$((bad + 1))
		echo "not ok $n - $1"
		printf '%s\n' "$out" | sed 's/^/# /'
	fi
}

breaks base_that_looks_up_is_found store/base/a.c '#include "store/report.h"'
breaks a_model_that_knows_the_store_is_found store/report.h '#include "store/store.h"'
breaks packing_that_knows_the_store_is_found store/pack.c '#include "store/store.h"'
breaks ingest_that_knows_the_store_is_found ingest/a.c '#include "store/store.h"'
breaks ingest_that_knows_the_web_is_found ingest/a.c '#include "web/web.h"'
breaks judgement_that_knows_the_store_is_found store/judge/a.c '#include "store/store.h"'
breaks a_store_that_knows_ingest_is_found store/a.c '#include "ingest/mime.h"'
breaks web_that_knows_ingest_is_found web/a.c '#include "ingest/mime.h"'
breaks a_main_of_web_that_knows_ingest_is_found web/web_main.c '#include "ingest/mime.h"'
breaks an_include_not_from_the_root_is_found store/a.c '#include "store.h"'
for pair in glib.h:ingest/kind.c libxml/parser.h:ingest/verify.c archive.h:ingest/unpack.c \
	zlib.h:web/api.c zlib.h:web/server.c jansson.h:web/api.c microhttpd.h:web/api.c zlib.h:store/pack.c zstd.h:store/original.c nettle/sha2.h:store/write.c idn2.h:store/query.c \
	ini.h:store/query.c sqlite3.h:web/api.c sqlite3.h:store/base/conf.c sqlite3.h:store/store.h \
	gmime/gmime.h:ingest/mime.h curl/curl.h:store/check.c maxminddb.h:store/assess.c; do
	breaks "the_wall_around_${pair%:*}_holds_against_${pair#*:}" "${pair#*:}" \
		"#  include <${pair%:*}>"
done
breaks an_unbounded_call_is_found store/a.c '	strcpy(a, b);'
breaks a_number_read_without_a_bound_is_found web/a.c '	n = atoi (text);'
breaks a_circle_of_headers_is_found store/base/err.h '#include "store/base/err2.h"
#include "store/report.h"'
echo "1..$n"
[ $bad -eq 0 ]
