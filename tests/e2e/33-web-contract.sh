#!/bin/sh
# What a monitoring system relies on, asked with curl: what it has is not computed again, answers
# are small, errors can be found in the log.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
command -v curl >/dev/null || skip_all "no curl"

mk maildir "$T/in" 300 seed=3 >/dev/null
run "$RUAD_INGEST" --db "$T/db" "$T/in"
"$RUAD_WEB" -v --db "$T/db" --listen 127.0.0.1:0 2>"$T/log" &
web=$!
trap 'kill $web 2>/dev/null; wait $web 2>/dev/null; cleanup' EXIT
tries=0
until grep -q "serving" "$T/log" || [ $tries -gt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
at=$(sed -n 's,.*\(http://[0-9.:]*\).*,\1,p' "$T/log")

# ask PATH [OPTION...]: head to $T/head, body to $T/body; prints the status
ask() {
	ask_path=$1
	shift
	: >"$T/body"
	curl -s -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" "$at$ask_path"
}

# header NAME: of the last answer
header() {
	tr -d '\r' <"$T/head" | sed -n "s/^$1: //Ip"
}

# statements: of the last answer, as the log has them
statements() {
	sed -n "s/.*request $(header X-Request-Id): .*: \([0-9]*\), \([0-9]*\) statements.*/\2/p" "$T/log"
}

question='/api/v1/timeseries?last=all&group_by=week'
is "a question is answered" "$(ask "$question")" 200
etag=$(header ETag)
has "its answer has a weak name" "$etag" 'W/"'
holds "it cost SQL" test "$(statements)" -gt 0
is "asked again there is nothing new" "$(ask "$question" -H "If-None-Match: $etag")" 304
is "and no SQL ran" "$(statements)" 0
is "no byte was sent" "$(wc -c <"$T/body" | tr -d ' ')" 0
is "the name is the same" "$(header ETag)" "$etag"
is "it may be kept for a while" "$(header Cache-Control)" "private, max-age=30"
is "one name of a list is enough" \
	"$(ask "$question" -H "If-None-Match: \"x\", $etag, W/\"y\"")" 304
is "nor did that run any" "$(statements)" 0
is "a star is whatever is there" "$(ask "$question" -H 'If-None-Match: *')" 304
is "but nothing that is not" "$(ask /api/v1/reports/123456 -H 'If-None-Match: *')" 404
is "another name is not enough" "$(ask "$question" -H 'If-None-Match: W/"0123456789abcdef"')" 200
is "another language is another answer" "$(ask "$question&lang=es" -H "If-None-Match: $etag")" 200
is "so is another format" "$(ask "$question&format=csv" -H "If-None-Match: $etag")" 200
is "the same as gzip is not" "$(ask "$question" -H "If-None-Match: $etag" --compressed)" 304
curl --etag-save "$T/etag" -s -o /dev/null "$at$question"
is "curl's own way works" "$(curl --etag-compare "$T/etag" -s -o "$T/body" -w '%{http_code}' "$at$question")" 304

mk mail id=later >"$T/later"
run "$RUAD_INGEST" --db "$T/db" "$T/later"
is "a new report makes a new answer" "$(ask "$question" -H "If-None-Match: $etag")" 200
etag=$(header ETag)
is "which is known from then on" "$(ask "$question" -H "If-None-Match: $etag")" 304
is "without SQL" "$(statements)" 0
run "$RUAD_QUERY" --db "$T/db" domain add example.org
is "so does a decision of the owner's" "$(ask "$question" -H "If-None-Match: $etag")" 200
cp "$T/db" "$T/copy"
etag=$(header ETag)
mv "$T/copy" "$T/db"
rm -f "$T/db-wal" "$T/db-shm"
run "$RUAD_QUERY" --db "$T/db" domain list
is "and another file in its place" "$(ask "$question" -H "If-None-Match: $etag")" 200

is "the status has no name" "$(ask /api/v1/status)$(header ETag)$(header Cache-Control)" "200no-store"
is "a problem is not kept" "$(ask "$question&x=1")$(header Cache-Control)" "400no-store"
has "it can be found in the log" "$(grep "request $(header X-Request-Id)" "$T/log")" "x=1"
has "by the id in its body" "$(cat "$T/body")" "\"request_id\":\"$(header X-Request-Id)\""

# ---- small ----
for path in '/api/v1/timeseries?last=all&scope=all' '/api/v1/records?last=all&scope=all&limit=1000' '/api/v1/openapi.json' /; do
	ask "$path" >/dev/null
	cp "$T/body" "$T/plain"
	ask "$path" -H 'Accept-Encoding: gzip;q=0.5, *;q=0.1' >/dev/null
	is "gzip: $path" "$(header Content-Encoding)" gzip
	is "unpacked it is the same: $path" \
		"$(gzip -dc "$T/body" | sed 's/"generated_at":"[^"]*"//; s/[0-9:]* UTC//' | cksum)" \
		"$(sed 's/"generated_at":"[^"]*"//; s/[0-9:]* UTC//' "$T/plain" | cksum)"
	holds "and half at most: $path" \
		test $(($(wc -c <"$T/body") * 2)) -lt "$(wc -c <"$T/plain")"
	has "a cache is told: $path" "$(header Vary)" Accept-Encoding
done
ask "$question" -H 'Accept-Encoding: identity, gzip;q=0.5' >/dev/null
is "plain to whom likes it better" "$(header Content-Encoding)" ""
ask /healthz -H 'Accept-Encoding: gzip' >/dev/null
is "a word is not worth it" "$(header Content-Encoding)$(cat "$T/body")" ok

kill $web
wait $web
is "it ends with status 0" "$?" 0
finish
