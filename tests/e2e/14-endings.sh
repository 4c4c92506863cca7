#!/bin/sh
# One ending for each mail, a reason for each refusal, and no entry loses its neighbours.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/Maildir
new_maildir "$m"

entries() { # entries NAME: "place ending kind reason" of each line of the mail's receipt
	sql "$db" "SELECT e.place, e.ending, e.kind, e.reason FROM entry e JOIN receipt r
		ON r.id = e.receipt WHERE r.name = '$1' ORDER BY e.n"
}

# The one bad count, in the record of line 5 of the XML.
mk mail id=r as=xml name=report.xml rec="192.0.2.1 1e9" >"$m/new/1700.M1"
exits 65 "a refused report" "$RUAD_INGEST" --db "$db" "$m"
is "is told once: mail, part, name, line and value" "$(cat "$T/err")" \
	'ruad-ingest: new/1700.M1: part 2: report.xml: no record can be read; the first: line 5: count "1e9" is not a number'
is "and its receipt says the same" "$(entries 1700.M1)" \
	'part 2: report.xml|5||no record can be read; the first: line 5: count "1e9" is not a number'

mk mail id=p as=xml name=report.xml rec="192.0.2.1 1e9" rec="192.0.2.1 3" rec="192.0.2.9 x" >"$m/new/2.p"
exits 0 "a partial report is stored" "$RUAD_INGEST" --db "$db" "$m"
is "and told once with its first reason" "$(cat "$T/err")" \
	'ruad-ingest: new/2.p: part 2: report.xml: 2 of 3 records cannot be read: line 5: count "1e9" is not a number'

# Several reports, good and bad, in one mail and in one zip.
mk xml id=m1 >"$T/m1.xml"
mk xml id=m2 rec="192.0.2.9 x" >"$T/m2.xml"
mk xml id=m3 >"$T/m3.xml"
mk wrap "$T/m1.xml" "$T/m2.xml" "$T/m3.xml" >"$m/new/3.m"
exits 65 "a mail with three reports, one of them bad" "$RUAD_INGEST" --db "$db" "$m"
is "has a line for each" "$(entries 3.m | cut -d'|' -f1,2)" "part 2: m1.xml|1
part 3: m2.xml|5
part 4: m3.xml|1"
is "and takes the worst ending" "$(sql "$db" "SELECT ending FROM receipt WHERE name = '3.m'")" 5

mk xml id=z1 >"$T/z1.xml"
printf 'read me\n' >"$T/readme.txt"
printf '\000\005\026\007 resource fork' >"$T/fork"
mk zip z1.xml="$T/z1.xml" readme.txt="$T/readme.txt" __MACOSX/._z1.xml="$T/fork" \
	m2.xml="$T/m2.xml" again.xml="$T/z1.xml" >"$T/many.zip"
mk wrap type=application/zip "$T/many.zip" >"$m/new/4.z"
exits 65 "a zip with many things" "$RUAD_INGEST" --db "$db" "$m"
is "has a line for each" "$(entries 4.z | cut -d'|' -f1,2)" "part 2: z1.xml|1
part 2: readme.txt|0
part 2: m2.xml|5
part 2: again.xml|2"

# Broken containers.
mk mail id=cutgz cut=200 name=r.xml.gz >"$m/new/5.cut"
printf 'PK\003\004 this is no zip at all' >"$T/noise.zip"
mk wrap type=application/zip "$T/noise.zip" >"$m/new/6.noise"
: >"$T/empty.xml"
mk zip r.xml="$T/empty.xml" >"$T/empty.zip"
mk wrap "$T/empty.zip" >"$m/new/7.empty"
printf '\211PNG\r\n\032\n0000' | gzip -n >"$T/picture.xml.gz"
mk wrap "$T/picture.xml.gz" >"$m/new/8.png"
exits 65 "broken containers" "$RUAD_INGEST" --db "$db" "$m"
is "are refused, each with a reason" "$(sql "$db" "SELECT count(*) FROM receipt r JOIN entry e ON
	e.receipt = r.id WHERE r.name IN ('5.cut', '6.noise', '7.empty', '8.png') AND e.ending = 5
	AND e.reason <> ''")" 4
is "and told, a line each" "$(wc -l <"$T/err")" 4

# A cut mail that has just arrived may still be on its way.
mk mail id=young | head -c 900 >"$m/new/9.young"
exits 75 "a young cut mail is deferred" "$RUAD_INGEST" --db "$db" "$m"
silent "without a word"
holds "and stays in new/" test -f "$m/new/9.young"
touch -d '2026-01-01' "$m/new/9.young"
exits 65 "once it is old it is refused" "$RUAD_INGEST" --db "$db" "$m"
mk mail id=young2 | head -c 900 >"$m/new/9.young2"
run "$RUAD_INGEST" --db "$db" "$m"
mk mail id=young2 >"$m/new/9.young2"
exits 0 "a deferred mail that was completed is stored" "$RUAD_INGEST" --db "$db" "$m"
is "and has one receipt" "$(sql "$db" "SELECT group_concat(ending) FROM receipt WHERE
	name = '9.young2'")" 1

# Not reports.
printf '{"organization-name": "x", "policies": []}' | gzip -n >"$T/tls.json.gz"
mk wrap type=application/tlsrpt+gzip "$T/tls.json.gz" >"$m/new/a.tls"
mk wrap text="Lunch at noon?" >"$m/new/b.text"
exits 0 "other mail" "$RUAD_INGEST" --db "$db" "$m"
silent "is no alarm"
is "a TLS report is named" "$(entries a.tls | cut -d'|' -f2,3)" "0|TLS report"
is "as is a mail without a report" "$(entries b.text | cut -d'|' -f2)" 0

# Trust of the carrier.
printf '[ingest]\nauthserv_id = mx.example.net\n' >"$T/conf"
mk mail id=t1 header="Authentication-Results: mx.example.net; dmarc=pass" >"$m/new/c.t1"
mk mail id=t2 header="Authentication-Results: mx.example.net; dmarc=fail" >"$m/new/c.t2"
mk mail id=t3 header="Authentication-Results: mx.elsewhere.example; dmarc=pass" >"$m/new/c.t3"
exits 0 "mails with results of their own" "$RUAD_INGEST" --config "$T/conf" --db "$db" "$m"
is "are verified, failed or unknown" "$(sql "$db" "SELECT trust FROM report WHERE report_id IN
	('t1', 't2', 't3') ORDER BY report_id" | tr '\n' ' ')" "1 2 0 "
is "receipts are as many as mails" "$(sql "$db" 'SELECT count(*) FROM receipt')" "$(ls "$m/cur" | wc -l)"
finish
