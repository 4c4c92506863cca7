#!/bin/sh
# The floors of the house: who may include whom, and which file may include which library.
# Usage: floors.sh [ROOT]. Prints each broken rule; exit status 1 if there is one.
set -u
cd "${1:-.}" || exit 2
files=$(find ingest store web -name '*.[ch]' 2>/dev/null | sort)
[ -n "$files" ] || { echo "floors: no sources here"; exit 2; }

# Every include as "FILE LINE <path>" or "FILE LINE "path""; FILE is given so grep names it always.
includes() {
	grep -nE '^[[:space:]]*#[[:space:]]*include' $files /dev/null |
		sed -nE 's/^([^:]+):([0-9]+):[^<"]*([<"][^>"]+[>"]).*/\1 \2 \3/p'
}

broken=$(includes | awk '
	function bad(why) { printf "%s:%s includes %s: %s\n", $1, $2, $3, why }
	# A library lives behind one wall: only these files may include it, and no header of ours.
	function wall(pattern, owners, why,   n, i, list) {
		if ($3 !~ "^<(" pattern ")")
			return
		n = split(owners, list, " ")
		for (i = 1; i <= n; i++)
			if ($1 == list[i])
				return
		bad("belongs to " owners)
	}
	{
		ours = $3 ~ /^"/
		main = $1 ~ /_main\.c$/
		path = substr($3, 2, length($3) - 2)
	}
	ours && path !~ /\// && path != "ruad_version.h" { bad("name it from the root") }
	# floor 0
	$1 ~ /^store\/base\// && ours && path !~ /^store\/base\// { bad("store/base knows only itself") }
	# floor 1
	$1 ~ /^store\/report\.[ch]$/ && ours && path !~ /^store\/(base\/|report\.h$)/ {
		bad("the model knows only store/base") }
	$1 ~ /^store\/pack\.[ch]$/ && ours && path !~ /^store\/(base\/|(report|pack|embedded)\.h$)/ {
		bad("packing knows only store/base and the model") }
	# floor 2
	# questions to the DNS are about its records: the pure part that knows them
	$1 ~ /^ingest\/dns\// && !main && ours && path !~ /^(ingest\/dns\/|store\/base\/|store\/judge\/dns\/)/ {
		bad("asking knows only store/base and store/judge/dns") }
	$1 ~ /^ingest\/[^\/]+$/ && !main && ours && path !~ /^(ingest\/|store\/base\/|store\/(report|pack)\.h$)/ {
		bad("ingest knows only store/base, store/report.h and store/pack.h") }
	# the pure part of it: no SQL, no files
	$1 ~ /^store\/judge\// && ours && path !~ /^store\/(base\/|judge\/|report\.h$|embedded\.h$)/ {
		bad("judgement knows only store/base and store/report.h") }
	$1 ~ /^store\// && !main && ours && path ~ /^(ingest|web)\// {
		bad("store knows neither ingest nor web") }
	$1 ~ /^web\// && !main && ours && path ~ /^ingest\// { bad("web never sees ingest") }
	# floor 3
	main && ours && $1 ~ /^ingest\// && path ~ /^web\// { bad("ingest never sees web") }
	main && ours && $1 ~ /^web\// && path ~ /^ingest\// { bad("web never sees ingest") }
	main && ours && $1 ~ /^store\// && path ~ /^(ingest|web)\// {
		bad("store knows neither ingest nor web") }
	!ours {
		wall("gmime/|glib", "ingest/mime.c")
		wall("libxml/", "ingest/dmarc_xml.c")
		wall("archive", "ingest/unpack_zip.c")
		wall("zlib", "ingest/unpack_gzip.c web/gzip.c")
		wall("zstd", "store/pack.c")
		wall("jansson", "web/body.c")
		wall("microhttpd", "web/server.c web/stream.c")
		wall("nettle/", "store/base/digest.c store/judge/dns/key_size.c")
		wall("idn2|libpsl", "store/base/domain.c")
		wall("ini\\.h", "store/base/conf.c")
		wall("curl/", "store/remote.c")
		wall("maxminddb", "store/asn.c")
		wall("ares", "ingest/dns/resolve.c")
	}
	# sqlite3 is the one library with a header of ours around it, inside store/ alone.
	!ours && $3 ~ /^<sqlite3/ && $1 !~ /^store\/([^\/]+\.c|sql\.h)$/ { bad("belongs to store/*.c") }
')

# Calls that have a bounded sibling.
calls=$(grep -nE '(^|[^_a-zA-Z0-9])(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|strtol|strtoul|alloca)[[:space:]]*\(' \
	$files /dev/null | sed 's/^/a call we do not use: /')

# No circle of includes among the headers: tsort complains about one.
circle=$(includes | sed -nE 's/^([^ ]+\.h) [0-9]+ "([^"]+)"$/\1 \2/p' | tsort 2>&1 >/dev/null |
	sed 's/^/a circle of includes: /')

for found in "$broken" "$calls" "$circle"; do
	[ -z "$found" ] || printf '%s\n' "$found"
done
[ -z "$broken$calls$circle" ] || exit 1
echo "floors: ok"
