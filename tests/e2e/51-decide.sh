#!/bin/sh
# What the owner says on the command line moves the numbers, is written down, and can be undone.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/in
mkdir -p "$m/new" "$m/cur" "$m/tmp"
RUAD_CLOCK=$((1767225600 + 40 * 86400))
export RUAD_CLOCK

# day N: a report of that day. The second address is nobody's the reports know.
day() {
	mk mail id="d$1" begin=$((1767225600 + $1 * 86400)) end=$((1767311999 + $1 * 86400)) \
		rec="192.0.2.1 100 none pass pass" \
		raw="<record><row><source_ip>203.0.113.9</source_ip><count>7</count><policy_evaluated>\
<disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers>\
<header_from>example.com</header_from></identifiers><auth_results><spf><domain>x.example</domain>\
<result>fail</result></spf></auth_results></record>" >"$m/new/$1.M$1"
}
query() {
	"$RUAD_QUERY" --db "$db" "$@"
}
# field NAME COMMAND...: one field of the first row.
field() {
	field_name=$1
	shift
	query "$@" --format ndjson | python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$field_name"
}
own() {
	field own_messages summary --all
}

day 0
day 1
exits 0 "reports are read" "$RUAD_INGEST" --db "$db" "$m"
is "and judged with that" "$(sql "$db" 'SELECT count(*) FROM unassessed')" 0
is "own messages are those that pass" "$(own)" 200
stranger=$(field id sources --all --class not_yours)
is "the stranger is not yours" "$(field class source "$stranger" --all)" not_yours

exits 0 "the owner decides" "$RUAD_QUERY" --db "$db" decide "$stranger" yours
event=$(sed -n 's/^event //p' "$T/out")
is "exactly its messages move" "$(own)" 214
is "it is written down by whom" "$(sql "$db" "SELECT type || who FROM event WHERE id = $event")" \
	"decision.set$(id -un)"
exits 0 "and undone by its number" "$RUAD_QUERY" --db "$db" --as ann undo "$event"
is "as it was" "$(own)" 200
is "by ann" "$(sql "$db" 'SELECT who FROM event ORDER BY id DESC LIMIT 1')" ann
exits 64 "only once" "$RUAD_QUERY" --db "$db" undo "$event"
exits 66 "what never happened cannot be undone" "$RUAD_QUERY" --db "$db" undo 4711
exits 66 "nor what is not there be decided" "$RUAD_QUERY" --db "$db" decide 4711 yours
exits 64 "nor in other words" "$RUAD_QUERY" --db "$db" decide "$stranger" mine
exits 64 "nor without a word" "$RUAD_QUERY" --db "$db" decide "$stranger"
exits 64 "nor with one too many" "$RUAD_QUERY" --db "$db" decide "$stranger" yours now

exits 0 "a domain is added with what is known of it" "$RUAD_QUERY" --db "$db" \
	domain add example.com parked=no network=203.0.113.0/24 rua=mailto:dmarc@example.com
is "its network counts for all history" "$(own)" 214
exits 0 "and is taken out" "$RUAD_QUERY" --db "$db" domain set example.com network=-203.0.113.0/24
is "again" "$(own)" 200
exits 64 "a network must be one" "$RUAD_QUERY" --db "$db" domain set example.com network=203.0.113.9/24
has "or it is said what one is" "$(cat "$T/err")" "192.0.2.0/24"
exits 64 "of several settings one may be wrong" "$RUAD_QUERY" --db "$db" \
	domain set example.com network=203.0.113.0/24 network=203.0.113.9/24
is "then none is set" "$(own)" 200
is "and no event is told" "$(cat "$T/out")" ""
exits 66 "settings are for own domains" "$RUAD_QUERY" --db "$db" domain set example.org parked=yes
exits 64 "a setting has a value" "$RUAD_QUERY" --db "$db" domain set example.com parked
exits 0 "the domain is listed" "$RUAD_QUERY" --db "$db" domain list --format csv
has "by name" "$(cat "$T/out")" example.com
is "with nothing more than was said" "$(sed 1d "$T/out" | cut -d, -f1-5)" \
	"example.com,false,dmarc@example.com,,"
run "$RUAD_QUERY" --db "$db" domain set example.com network=203.0.113.0/24 network=2001:db8::/32 \
	network=192.0.2.0/28 service=sendgrid service=mailchimp parked=yes
run "$RUAD_QUERY" --db "$db" domain list --format csv
is "with its networks, services and whether it is parked" "$(sed 1d "$T/out" | cut -d, -f1-5)" \
	"example.com,true,dmarc@example.com,192.0.2.0/28 2001:db8::/32 203.0.113.0/24,mailchimp sendgrid"
run "$RUAD_QUERY" --db "$db" domain list
has "for people too" "$(cat "$T/out")" "2001:db8::/32"
exits 0 "and removed" "$RUAD_QUERY" --db "$db" domain remove example.com
exits 66 "once" "$RUAD_QUERY" --db "$db" domain remove example.com

# A run that ends without judging leaves the days marked; the next one judges, with no new mail.
query decide "$stranger" yours >/dev/null
day 2
exits 0 "a later report" "$RUAD_INGEST" --db "$db" --dry-run "$m"
is "is not judged by a dry run" "$(own)" 214
"$RUAD_INGEST" --db "$db" "$m"
is "the decision holds for it too" "$(own)" 321
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("DELETE FROM judgement")
db.execute("INSERT INTO unassessed SELECT DISTINCT domain, day FROM daily")
db.commit()' "$db"
exits 0 "what was left unjudged" "$RUAD_INGEST" --db "$db" "$m"
is "is judged by a run with nothing to read" "$(own)" 321
exits 0 "all again" "$RUAD_QUERY" --db "$db" assess --all
silent "changes nothing"
is "at all" "$(own)" 321
exits 0 "every law holds" "$RUAD_QUERY" --db "$db" selftest

# Who writes at the same time waits, and says so.
if command -v flock >/dev/null; then
	exits 75 "who cannot have the lock may try again" flock "$db.lock" \
		"$RUAD_QUERY" --db "$db" decide "$stranger" forwarder
else
	skip "who cannot have the lock may try again" "no flock"
fi

# Network operators, from a file of the owner's.
for layout in geolite ipinfo; do
	python3 "$RUAD_SOURCE/tests/e2e/mmdb.py" "$T/$layout.mmdb" layout=$layout \
		192.0.2.0/24=64500:Example\ Net 203.0.113.0/28=64501:Ñandú 2001:db8::/32=64502:Six
	printf '[store]\nasn_database = %s\n' "$T/$layout.mmdb" >"$T/$layout.conf"
	rm -f "$T/asn.db"*
	cp "$m/cur/0.M0:2,S" "$T/0.eml"
	exits 0 "an operator's file ($layout)" "$RUAD_INGEST" --config "$T/$layout.conf" \
		--db "$T/asn.db" "$T/0.eml"
	is "names sources ($layout)" \
		"$(sql "$T/asn.db" 'SELECT key || " " || name FROM source_group ORDER BY key')" \
		"asn:64500 AS64500 Example Net
asn:64501 AS64501 Ñandú"
	"$RUAD_QUERY" --config "$T/$layout.conf" --db "$T/asn.db" assess --all
	is "and keeps them ($layout)" "$(sql "$T/asn.db" 'SELECT count(*) FROM source_group')" 2
done
printf '[store]\nasn_database = %s\n' "$T/none.mmdb" >"$T/none.conf"
day 3
exits 64 "a file that is not there is said" "$RUAD_INGEST" --config "$T/none.conf" --db "$db" "$m"
has "by name" "$(cat "$T/err")" "none.mmdb"
is "and what was read waits" "$(sql "$db" 'SELECT count(*) FROM unassessed')" 1
printf 'no such thing' >"$T/none.mmdb"
exits 64 "nor one that is none" "$RUAD_INGEST" --config "$T/none.conf" --db "$db" "$m"
exits 0 "for the run that can" "$RUAD_INGEST" --db "$db" "$m"
is "judge it" "$(sql "$db" 'SELECT count(*) FROM unassessed')" 0
finish
