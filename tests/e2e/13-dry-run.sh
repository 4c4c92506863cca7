#!/bin/sh
# --dry-run says what would be stored, as JSON, and changes nothing anywhere.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/db/ruad.db
mkdir "$T/db"
m=$T/Maildir
new_maildir "$m"
mk mail id=a domain=example.org rec="192.0.2.1 5" rec="192.0.2.2 7 none fail fail" >"$m/new/1.a"
mk mail id='b"<\' rec="192.0.2.1 1e9" rec="192.0.2.1 2" >"$m/new/2.b"
mk mail id=c rec="192.0.2.1 x" >"$m/new/3.c"
mk wrap text=hello >"$m/new/4.d"
before=$(ls -lR --time-style=full-iso "$m")

json() { # json PYTHON-EXPRESSION over the list `rows`
	python3 -c '
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$T/out" "$1"
}

exits 65 "a dry run has the status of a run" "$RUAD_INGEST" --db "$db" --dry-run "$m"
is "no database is made" "$(ls "$T/db")" ""
is "no mail is moved" "$(ls -lR --time-style=full-iso "$m")" "$before"
is "every line is JSON, one for each finding" "$(json 'len(rows)')" 4
is "with its ending" "$(json '[r["ending"] for r in rows]')" \
	"['stored', 'partial', 'refused', 'not a report']"
is "the report's name and sums" "$(json '[rows[0][k] for k in ("mail", "org_name", "report_id",
	"domain", "begin", "end", "records", "messages", "pass", "fail", "unknown")]')" \
	"['new/1.a', 'reporter.example', 'a', 'example.org', '2026-01-01T00:00:00Z', '2026-01-01T23:59:59Z', 2, 12, 5, 7, 0]"
is "text of any kind, escaped" "$(json 'rows[1]["report_id"]')" 'b"<\'
is "the reason of a refusal" "$(json '"\"x\" is not a number" in rows[2]["reason"]')" True
is "and nothing on standard error" "$(cat "$T/err")" ""

exits 65 "a real run" "$RUAD_INGEST" --db "$db" "$m"
sum=$(sql "$db" 'SELECT count(*), (SELECT count(*) FROM receipt) FROM report')
mk mail id=e >"$m/new/5.e"
mk mail id=a domain=example.org rec="192.0.2.1 5" rec="192.0.2.2 7 none fail fail" >"$m/new/6.again"
before=$(ls -lR --time-style=full-iso "$m")
exits 0 "a dry run over a database" "$RUAD_INGEST" --db "$db" --dry-run "$m"
is "knows what is in it" "$(json '[r["ending"] for r in rows]')" "['stored', 'duplicate']"
is "adds nothing to it" "$(sql "$db" 'SELECT count(*), (SELECT count(*) FROM receipt) FROM report')" "$sum"
is "and moves nothing" "$(ls -lR --time-style=full-iso "$m")" "$before"
exits 65 "a refused file can be asked about again" "$RUAD_INGEST" --db "$db" --dry-run "$m/cur/3.c:2,FS"
is "and says why" "$(json '[r["ending"] for r in rows]')" "['refused']"
finish
