#!/bin/sh
# ruad-query over a store that ruad-ingest filled: commands, filters, formats, exit statuses.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"

db=$T/ruad.db
RUAD_CLOCK=1767400000 # 2026-01-03
export RUAD_CLOCK
q() {
	"$RUAD_QUERY" --db "$db" "$@"
}

exits 66 "no database is no input" q summary
has "and the database is named" "$(cat "$T/err")" "$db"

new_maildir "$T/in"
mk mail id=r1 rec="192.0.2.1 7 none pass pass" rec="198.51.100.9 3 reject fail fail" >"$T/in/new/1.M1"
mk mail id=r2 org='=cmd|calc' domain=other.example rec="2001:db8::1 5 none fail pass" >"$T/in/new/2.M2"
mk mail id=r1 rec="192.0.2.1 8 none pass pass" >"$T/in/new/3.M3"
printf 'From: a@b.example\nSubject: hello\n\nno report\n' >"$T/in/new/4.M4"
mk xml id=r5 rec="203.0.113.5 2 none fail" raw='<record><row><source_ip>203.0.113.6</source_ip><count>1e9</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers></record>' >"$T/partial.xml"
"$RUAD_INGEST" --db "$db" "$T/in" "$T/partial.xml" >"$T/out" 2>"$T/err"

is "a summary sums up" "$(q summary --format csv | tail -1 | cut -d, -f3-6)" "$(printf '17,14,3,0')"
is "a domain has its row" "$(q domains --format csv | sed 1d | cut -d, -f1,8)" \
	"$(printf 'example.com,12\nother.example,5')"
is "a filter chooses" "$(q addresses --domain example.com --result fail --format csv | sed 1d | cut -d, -f2,6)" \
	"198.51.100.9,3"
is "an option may stand before the command" "$(q --format=csv --source 2001:db8::/32 addresses | sed 1d | cut -d, -f2)" \
	"2001:db8::1"
is "a window is whole days" "$(q timeseries --from 2026-01-01 --to 2026-01-02 --format ndjson | wc -l | tr -d ' ')" 2
exits 66 "an unknown domain is a slip, not an empty answer" q sources --domain nobody.example
has "and it is named" "$(cat "$T/err")" nobody.example
exits 66 "so is one of several" q summary --domain example.com --domain nobody.example
exits 66 "and a source there is not" q summary --group 99999
is "a conflict is listed under the stored report" "$(q reports --conflicts --format ndjson | python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(row["report_id"], row["mail"], row["conflict"])')" "r1 3.M3 True"
is "a partial report is found" "$(q reports --partial --format csv | sed 1d | cut -d, -f5)" "r5"

id=$(q reports --partial --format csv | sed 1d | cut -d, -f1)
q report "$id" --format json >"$T/report.json"
is "a report comes with notes, unreadable rows and records" "$(python3 - "$T/report.json" <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
print(d["data"]["report_id"], d["data"]["records_sent"], len(d["records"]), d["unreadable"][0]["n"],
      d["unreadable"][0]["reason"])
EOF
)" 'r5 2 1 2 count "1e9" is not a number'
q original "$id" >"$T/original.xml"
holds "an original is the very bytes that came" cmp "$T/original.xml" "$T/partial.xml"
kept=$(q reports --conflicts --format ndjson | python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())["original"])')
has "what a conflict said is kept too" "$(q original "$kept" --kept)" "<count>8</count>"
is "every mail has its ending" "$(q endings --format csv | sed 1d | awk -F, '{ n += $2 } END { print n }')" 5
is "receipts tell what became of each" "$(q receipts --ending 'not a report' --format csv | sed 1d | cut -d, -f4)" "4.M4"

is "two groups sum to the whole" "$(q summary --group-by domain,class --format ndjson | python3 -c '
import json, sys
print(sum(json.loads(line)["messages"] for line in sys.stdin))')" 17
id=$(q sources --domain example.com --format ndjson | python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())["id"])')
is "a source comes with its addresses, days, reporters and rules" "$(q source "$id" --format json | python3 -c '
import json, sys
d = json.load(sys.stdin)
n = d["data"]["messages"]
print(sorted(d), all(sum(row["messages"] for row in d[part]) == n
                     for part in ("addresses", "timeseries", "reporters", "rules")))')" \
	"['addresses', 'data', 'meta', 'reporters', 'rules', 'timeseries'] True"
exits 66 "a source that is not there is not found" q source 999
next=$(q records --limit 2 --format json | python3 -c '
import json, sys
print(json.load(sys.stdin)["meta"]["next_cursor"])')
is "a page goes on where the last one ended" "$({
	q records --limit 2 --format csv
	q records --cursor "$next" --format csv | sed 1d
} | cksum)" "$(q records --format csv | cksum)"
exits 64 "a cursor goes with its question alone" q reports --cursor "$next"
has "and that is told" "$(cat "$T/err")" "another question"

for format in text json ndjson csv html; do
	for command in domains summary sources addresses rules overrides timeseries reporters changes lint decisions events services reports records receipts endings status selftest; do
		q $command --format $format >"$T/out" 2>"$T/err" || fail "$command as $format" "$(cat "$T/err")"
		case $format-$command in
		ndjson-overrides | ndjson-decisions | ndjson-events) ;; # there are none, and no head
		*) [ -s "$T/out" ] || fail "$command as $format" "nothing was printed" ;;
		esac
		[ $format != json ] || python3 -m json.tool "$T/out" >/dev/null || fail "$command as JSON"
	done
done
pass "every command speaks every format"
has "a name that would be a formula is text in CSV" "$(q reporters --format csv)" "'=cmd|calc"
has "titles are Spanish when asked" "$(q domains --lang es)" "Mensajes"
exits 0 "the selftest finds nothing" q selftest

exits 64 "an unknown command is named" q nonsense
has "by its name" "$(cat "$T/err")" '"nonsense"'
exits 64 "an unknown option is named" q summary --nonsense
has "by its name too" "$(cat "$T/err")" '"--nonsense"'
exits 64 "an abbreviation is none" q summary --dom example.com
exits 64 "a filter of another command is refused" q summary --ending stored
exits 64 "a bad value is refused" q summary --last soon
has "with what it may be" "$(cat "$T/err")" "7d, 24h, 4w or all"
exits 64 "a value that is missing is told" q summary --domain
exits 64 "no command is told" q
exits 64 "a word too many is told" q summary now
exits 64 "a report has a number" q report r1
exits 66 "a report that is not there is not found" q report 999
exits 66 "an original that is not there is not found" q original 999

exits 0 "a domain becomes ours" q domain add Other.Example.
is "and is listed" "$(q domain list --format csv | sed 1d | cut -d, -f1)" "other.example"
is "then only ours count" "$(q summary --format csv | sed 1d | cut -d, -f3)" 5
is "others are still there" "$(q domains --scope unclaimed --format csv | sed 1d | cut -d, -f1)" "example.com"
exits 0 "a domain can be given back" q domain remove other.example
exits 66 "but not twice" q domain remove other.example
is "then all count again" "$(q summary --format csv | sed 1d | cut -d, -f3)" 17
exits 64 "a domain must be one" q domain add 'a b'

# A reporter that sends something else in the place of an address: its messages count.
mk xml id=odd rec="108r.166.27.220 16 none fail fail" rec="=1+1 1 none pass" rec="192.0.2.7 4 none pass" >"$T/odd.xml"
odd=$T/odd.db
"$RUAD_INGEST" --db "$odd" --dry-run "$T/odd.xml" >"$T/out" 2>"$T/err"
has "a dry run counts them" "$(cat "$T/out")" '"messages":21'
exits 0 "a report with a source that is no address is stored" "$RUAD_INGEST" --db "$odd" "$T/odd.xml"
db=$odd
is "the source is what was sent, no formula in CSV" "$(q addresses --sort source --format csv | sed 1d | cut -d, -f2,6)" \
	"$(printf "108r.166.27.220,16\n\"'=1+1\",1\n192.0.2.7,4")"
is "no network holds it" "$(q addresses --source 0.0.0.0/0 --format csv | sed 1d | cut -d, -f2)" "192.0.2.7"
exits 64 "nor can it be asked for as an address" q sources --source 108r.166.27.220
is "a note says so" "$(q report 1 --format json | python3 -c '
import json, sys
print([(n["code"], n["times"], n["detail"]) for n in json.load(sys.stdin)["notes"] if "address" in n["code"]])')" \
	"[('address-text', 2, '108r.166.27.220')]"
exits 0 "the original says the same again" "$RUAD_INGEST" --db "$odd" --reparse
is "without a change" "$(cat "$T/out")" ""
exits 0 "the laws hold" q selftest
db=$T/ruad.db

before=$(cksum <"$db")
q summary >/dev/null
is "a question changes nothing" "$(cksum <"$db")" "$before"
if [ -e /dev/full ]; then
	q records >/dev/full 2>"$T/err"
	is "a full disk is told" "$?" 75
fi
sql_broken=$T/broken.db
cp "$db" "$sql_broken"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE daily SET messages = messages + 1")
db.commit()' "$sql_broken"
exits 70 "a broken law is a failure" "$RUAD_QUERY" --db "$sql_broken" selftest
has "and it is named" "$(cat "$T/out")" "daily: "
finish
