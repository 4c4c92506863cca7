#!/bin/sh
# Monitoring as it is set up: the plugin over the file and over HTTP, a clock that goes on without
# new reports, and what Prometheus scrapes.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
command -v curl >/dev/null || skip_all "no curl"

# The morning after the newest report of the domain.
python3 "$RUAD_SOURCE/tests/sample/make_sample.py" "$T/in" >/dev/null
run "$RUAD_INGEST" --db "$T/db" "$T/in"
newest=$("$RUAD_QUERY" --db "$T/db" domains --all --format csv | python3 -c '
import csv, sys
print([row["last_report"] for row in csv.DictReader(sys.stdin) if row["domain"] == "example.com"][0])')
end=$(date -u -d "$newest" +%s)
export RUAD_CLOCK=$((end + 8 * 3600))

# check STATUS NAME OPTION...: exit status and the word of the line agree
check() {
	check_status=$1
	check_name=$2
	shift 2
	"$RUAD_QUERY" check "$@" >"$T/line" 2>"$T/err"
	check_got=$?
	line=$(cat "$T/line")
	case $check_status in
	0) check_word=OK ;;
	1) check_word=WARNING ;;
	2) check_word=CRITICAL ;;
	*) check_word=UNKNOWN ;;
	esac
	if [ $check_got -eq "$check_status" ] && [ ! -s "$T/err" ] &&
		[ "$(wc -l <"$T/line")" -eq 1 ] && [ "${line#DMARC "$check_word" - }" != "$line" ]; then
		pass "$check_name"
	else
		fail "$check_name" "status $check_got: $line
$(cat "$T/err")"
	fi
}

check 0 "fresh reports are fresh" --db "$T/db" --mode freshness --domain example.com
has "the age is among the numbers" "$line" "| age=28800s;172800;259200;0"
RUAD_CLOCK=$((end + 4 * 86400))
check 2 "four days without a report are critical" --db "$T/db" --mode freshness --domain example.com
check 1 "unless the threshold says otherwise" --db "$T/db" --mode freshness --domain example.com \
	-w 3d -c 5d
mk mail id=late org=late.example domain=example.com begin=$((end + 3 * 86400)) \
	end=$((end + 4 * 86400 - 3600)) >"$T/in/new/9.late"
run "$RUAD_INGEST" --db "$T/db" "$T/in"
check 0 "a new report makes it fresh again" --db "$T/db" --mode freshness --domain example.com
RUAD_CLOCK=$((end + 8 * 3600))

check 2 "own mail that fails is critical" --db "$T/db" --mode own-pass --domain example.com --last 30d
own=$("$RUAD_QUERY" --db "$T/db" summary --domain example.com --last 30d --format csv | python3 -c '
import csv, sys
row = next(csv.DictReader(sys.stdin))
tenths = int(row["own_pass"]) * 1000 // int(row["own_messages"])
print("own_pass=%d.%d%%;97:;95:;0;100 messages=%s;;;0 undecided=%s;;;0" % (
    tenths // 10, tenths % 10, row["own_messages"], row["undecided_messages"]))')
is "its numbers are those of the summary" "${line#*| }" "$own"
check 0 "a range in front of the default wins" --db "$T/db" --mode own-pass --domain example.com \
	--last 30d -w 10: -c 5:
check 3 "no own mail is unknown, not well" --db "$T/db" --mode own-pass --domain old-brand.example
check 3 "an unknown domain is unknown" --db "$T/db" --mode own-pass --domain nobody.example
check 3 "no database is unknown" --db "$T/none" --mode freshness
check 3 "a mode that does not exist is unknown" --db "$T/db" --mode weather
check 3 "a range that is none is unknown" --db "$T/db" --mode own-pass -w 5:1
check 3 "an option that does not exist is unknown" --db "$T/db" --mode own-pass --fast
check 0 "sources are not new in their first weeks" --db "$T/db" --mode new-sources --last all
check 0 "reporters that report are on time" --db "$T/db" --mode reporters -w 99

# ---- over HTTP -----------------------------------------------------------------------------------

"$RUAD_WEB" --db "$T/db" --listen 127.0.0.1:0 2>"$T/log" &
web=$!
trap 'kill $web 2>/dev/null; wait $web 2>/dev/null; cleanup' EXIT
tries=0
until grep -q "serving" "$T/log" || [ $tries -gt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
at=$(sed -n 's,.*\(http://[0-9.:]*\).*,\1,p' "$T/log")

for mode in freshness own-pass new-sources ingest reporters; do
	"$RUAD_QUERY" check --db "$T/db" --mode $mode >"$T/here"
	here=$?
	"$RUAD_QUERY" check --url "$at" --mode $mode >"$T/there"
	is "$mode asked over HTTP says the same" "$? $(cat "$T/there")" "$here $(cat "$T/here")"
done
check 3 "a server that is not there is unknown" --url http://127.0.0.1:9 --mode freshness
printf 'short\n' >"$T/token"
check 3 "a token that is none is unknown" --url "$at" --token-file "$T/token" --mode freshness
printf '0123456789abcdef0123\n' >"$T/token"
chmod 644 "$T/token"
check 3 "a token others may read is not sent" --url "$at" --token-file "$T/token" --mode freshness
chmod 600 "$T/token"
"$RUAD_QUERY" check --db "$T/db" --mode freshness >"$T/here"
"$RUAD_QUERY" check --url "$at" --token-file "$T/token" --mode freshness >"$T/there"
is "a token is taken along" "$(cat "$T/there")" "$(cat "$T/here")"
is "the state is a number in JSON" "$(curl -s "$at/api/v1/check/own-pass?domain=example.com&last=30d" |
	python3 -c 'import json, sys; a = json.load(sys.stdin); print(a["state"], a["state_text"])')" \
	"2 CRITICAL"
is "a check that does not exist is not found" \
	"$(curl -s -o /dev/null -w '%{http_code}' "$at/api/v1/check/weather")" 404
is "a bad range is refused" \
	"$(curl -s -o /dev/null -w '%{http_code}' "$at/api/v1/check/own-pass?warn=x")" 400
is "so is a parameter that is none" \
	"$(curl -s -o /dev/null -w '%{http_code}' "$at/api/v1/check/own-pass?warm=1")" 400

# ---- what Prometheus reads -----------------------------------------------------------------------

curl -s "$at/metrics" >"$T/metrics"
if command -v promtool >/dev/null; then
	promtool check metrics <"$T/metrics" >"$T/lint" 2>&1
	is "promtool finds nothing" "$? $(cat "$T/lint")" "0 "
else
	skip "promtool finds nothing" "no promtool"
fi
is "the manual names what there is, and nothing else" \
	"$(sed -n 's/^\.It Li \(ruad_[a-z_]*\)$/\1/p' "$RUAD_SOURCE/web/ruad-web.8" | sort)" \
	"$(sed -n 's/^# HELP \(ruad_[a-z_]*\) .*/\1/p' "$T/metrics" | sort)"
is "own mail in the metrics is that of the summary" "$(python3 - "$T/metrics" <<'END'
import re, sys
total = 0
for line in open(sys.argv[1]):
    if re.match(r'ruad_window_messages\{domain="example.com",window="30d",class="yours"', line):
        total += int(line.split()[-1])
print(total)
END
)" "$("$RUAD_QUERY" --db "$T/db" summary --domain example.com --last 30d --format csv |
	python3 -c 'import csv, sys; print(next(csv.DictReader(sys.stdin))["own_messages"])')"
is "no address, selector or report is a label" \
	"$(grep -cE '(ip|source|selector|report_id|header_from)=' "$T/metrics")" 0
before=$(grep -v '^ruad_http_\|^ruad_start' "$T/metrics")
kill $web
wait $web 2>/dev/null
"$RUAD_WEB" --db "$T/db" --listen 127.0.0.1:0 2>"$T/log" &
web=$!
tries=0
until grep -q "serving" "$T/log" || [ $tries -gt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
at=$(sed -n 's,.*\(http://[0-9.:]*\).*,\1,p' "$T/log")
is "a restart changes no gauge of the mail" \
	"$(curl -s "$at/metrics" | grep -v '^ruad_http_\|^ruad_start')" "$before"
finish
