#!/bin/sh
# The floors of the house: who may include whom, and which file may include which library.
# Usage: floors.sh [ROOT]. Prints each broken rule; exit status 1 if there is one.
set -u
cd "${1:-.}" || exit 2
bad=0

complain() {
	printf '%s\n' "$1"
	bad=1
}

# forbid DIR-GLOB-FILES REGEX WHY: no such include in these files.
forbid() {
	found=$(grep -nE "^#include[[:space:]]+[\"<]($2)" $1 /dev/null 2>/dev/null)
	[ -z "$found" ] || complain "$3:
$found"
}

base=$(find store/base -name '*.[ch]')
ingest=$(find ingest -name '*.[ch]' ! -name '*_main.c')
store=$(find store -name '*.[ch]' ! -path 'store/base/*' ! -name '*_main.c')
web=$(find web -name '*.[ch]' ! -name '*_main.c')
all=$(find ingest store web -name '*.[ch]')

forbid "$base" '(store/[^b]|store/b[^a]|ingest/|web/)' 'store/base includes only itself'
forbid 'store/report.h store/report.c' '(store/[^br]|ingest/|web/|[a-z]*\.h"$^)' \
	'the model includes only store/base'
forbid "$ingest" '(web/|store/[^br]|store/re[^p])' 'ingest includes only store/base and store/report.h'
forbid "$store" '(ingest/|web/)' 'store never includes ingest or web'
forbid "$web" '(ingest/)' 'web never includes ingest'

# A library lives behind one wall. wall REGEX FILE...: only these files may include it.
wall() {
	regex=$1
	shift
	for f in $all; do
		case " $* " in
		*" $f "*) continue ;;
		esac
		if grep -qE "^#include[[:space:]]+<($regex)" "$f"; then
			complain "$f includes <$regex>, which belongs to: $*"
		fi
	done
}
wall 'gmime/|glib' ingest/mime.c
wall 'libxml/' ingest/dmarc_xml.c
wall 'archive' ingest/unpack_zip.c
wall 'zlib' ingest/unpack_gzip.c store/original.c web/server.c
wall 'microhttpd' web/server.c web/stream.c
wall 'nettle/' store/base/digest.c
wall 'idn2|libpsl' store/base/domain.c
wall 'ini\.h' store/base/conf.c
for f in $all; do
	case $f in
	store/base/*) ;;
	store/*.c) continue ;;
	store/sql.h) continue ;;
	esac
	if grep -qE '^#include[[:space:]]+<sqlite3' "$f"; then
		complain "$f includes sqlite3, which belongs to store/*.c"
	fi
done

# Calls that have a bounded sibling.
found=$(grep -nE '(^|[^_a-zA-Z0-9])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|strtol|strtoul|alloca)[[:space:]]*\(' $all)
[ -z "$found" ] || complain "calls we do not use:
$found"

# No circle of includes: tsort complains about one.
circle=$(for f in $(find ingest store web -name '*.h'); do
	sed -nE 's/^#include "([^"]+)".*/\1/p' "$f" | while read -r h; do printf '%s %s\n' "$f" "$h"; done
done | tsort 2>&1 >/dev/null | grep -v '^$')
[ -z "$circle" ] || complain "a circle of includes: $circle"

[ $bad -eq 0 ] && echo "floors: ok"
exit $bad
