#!/bin/sh
# Facts derived again from the kept originals, and retention.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/Maildir
mk maildir "$m" 60 seed=8 >/dev/null
mk mail id=broken raw="<x>&nbsp;</x>" as=xml >"$m/new/9.broken"
run "$RUAD_INGEST" --db "$db" "$m"
facts "$db" >"$T/facts"
receipts=$(endings "$db")

exits 0 "equal facts again" "$RUAD_INGEST" --db "$db" --reparse
silent "are silence"
is "and no fact changed" "$(facts "$db")" "$(cat "$T/facts")"

# A fact somebody bent: the original knows better.
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n = db.execute("SELECT min(report) FROM record").fetchone()[0]
db.execute("UPDATE report SET email = ? WHERE id = ?", ("bent@example.com", n))
db.commit()' "$db"
exits 0 "a report that differs" "$RUAD_INGEST" --db "$db" --reparse --dry-run
is "is listed" "$(wc -l <"$T/out")" 1
exits 0 "and, without --dry-run," "$RUAD_INGEST" --db "$db" --reparse
is "listed and replaced" "$(wc -l <"$T/out")" 1
is "the facts are those of the original" "$(facts "$db")" "$(cat "$T/facts")"
exits 0 "after that" "$RUAD_INGEST" --db "$db" --reparse
silent "all are equal again"
is "receipts stay as they are" "$(endings "$db")" "$receipts"
exits 64 "--reparse takes no path" "$RUAD_INGEST" --db "$db" --reparse "$m"

# An original that is not what it said it is: the others are read all the same.
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE original SET sha256 = zeroblob(32) WHERE id = (SELECT min(original) FROM report)")
n = db.execute("SELECT max(report) FROM record").fetchone()[0]
db.execute("UPDATE report SET email = ? WHERE id = ?", ("bent@example.com", n))
db.commit()' "$db"
exits 0 "a damaged original" "$RUAD_INGEST" --db "$db" --reparse
has "is listed" "$(cat "$T/out")" "kept as it is: $db: original 1 is damaged: not what was stored"
is "and nothing else but the report that differs" "$(wc -l <"$T/out")" 2
is "which is replaced; no fact is lost" "$(facts "$db")" "$(cat "$T/facts")"

# A bare file of the operator's may end behind its last record: so it may when it is read again.
mk xml id=open | sed 's/<\/feedback>$//' >"$T/open.xml"
open=$T/open.db
exits 0 "a bare file without its last tag is read" "$RUAD_INGEST" --db "$open" "$T/open.xml"
is "and stored" "$(endings "$open")" "stored=1"
is "as the operator's own" "$(sql "$open" 'SELECT trust FROM report')" 3
exits 0 "read again" "$RUAD_INGEST" --db "$open" --reparse
silent "it is the same"
# The same bytes out of a mail are cut, whoever reads them again.
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE report SET trust = 0")
db.commit()' "$open"
exits 0 "were it not the operator's," "$RUAD_INGEST" --db "$open" --reparse
has "it would be cut" "$(cat "$T/out")" "report 1: kept as it is: "

# Retention: off by default, by the day of the report.
reports() {
	sql "$db" 'SELECT count(*) FROM report'
}
n=$(reports)
printf '[store]\nretention_days = 20\n' >"$T/conf"
RUAD_CLOCK=$((1767225600 + 35 * 86400))
export RUAD_CLOCK
exits 0 "without a setting nothing is dropped" "$RUAD_INGEST" --db "$db" "$m"
is "at all" "$(reports)" "$n"
kept=$(sql "$db" 'SELECT count(*) FROM report WHERE day >= 20454 + 15')
exits 0 "with retention" "$RUAD_INGEST" --config "$T/conf" --db "$db" "$m"
is "reports older than that are dropped" "$(reports)" "$kept"
if [ "$kept" -lt "$n" ]; then pass "some were"; else fail "some were"; fi
is "the roll-up lost the same" "$(sql "$db" 'SELECT sum(messages) FROM daily')" \
	"$(sql "$db" 'SELECT sum(messages) FROM report')"
is "the receipts stay" "$(endings "$db")" "$receipts"
printf '[store]\noriginals_days = 10\n' >"$T/conf"
exits 0 "originals may go earlier" "$RUAD_INGEST" --config "$T/conf" --db "$db" "$m"
is "their reports stay" "$(reports)" "$kept"
is "only the recent ones have theirs" "$(sql "$db" 'SELECT count(*) FROM report WHERE
	(original IS NOT NULL) <> (day >= 20454 + 25)')" 0
finish
