#!/bin/sh
# Files, trees and standard input: decided by content, never changed.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
d=$T/reports
mkdir -p "$d/sub/deeper" "$d/.hidden"

mk xml id=xml >"$d/report.xml"
mk xml id=gz | gzip -n >"$d/sub/gz.bin"
mk xml id=zip >"$T/in.xml"
mk zip in.xml="$T/in.xml" >"$d/sub/deeper/archive"
mk mail id=mail >"$d/message.txt"
mk xml id=hidden >"$d/.hidden/report.xml"
printf 'notes about reports\n' >"$d/README"
new_maildir "$d/box"
mk mail id=box >"$d/box/cur/1.box:2,S"
mk mail id=boxtmp >"$d/box/tmp/2.box"
before=$(ls -lR --time-style=full-iso "$d")

exits 0 "a tree is read whatever the names are" "$RUAD_INGEST" --db "$db" "$d"
silent "and quietly"
is "every report in it" "$(sql "$db" 'SELECT report_id FROM report ORDER BY 1' | tr '\n' ' ')" \
	"box gz mail xml zip "
is "no file is changed" "$(ls -lR --time-style=full-iso "$d")" "$before"
is "a text is not a report" "$(endings "$db")" "not-a-report=1 stored=5"
is "a bare file's trust is local, a mail's unknown" \
	"$(sql "$db" 'SELECT report_id, trust FROM report ORDER BY 1' | tr '\n' ' ')" \
	"box|0 gz|3 mail|0 xml|3 zip|3 "

exits 0 "the same tree again changes nothing" "$RUAD_INGEST" --db "$db" "$d"
is "not even a receipt" "$(endings "$db")" "not-a-report=1 stored=5"
exits 0 "a file by its name is the file of the tree" "$RUAD_INGEST" --db "$db" "$d/sub/gz.bin"
is "and known" "$(endings "$db")" "not-a-report=1 stored=5"
exits 0 "the Maildir in it is the same as by itself" "$RUAD_INGEST" --db "$db" --cur "$d/box"
is "and its mail known" "$(endings "$db")" "not-a-report=1 stored=5"

exits 64 "a path that is not there is a usage error" "$RUAD_INGEST" --db "$db" "$d" /nonexistent
has "named" "$(cat "$T/err")" "/nonexistent: No such file or directory"

mk mail id=pipe | "$RUAD_INGEST" --db "$db" - >"$T/out" 2>"$T/err"
is "a mail on standard input is stored" "$?" 0
mk xml id=pipexml | gzip -n | "$RUAD_INGEST" --db "$db" - >"$T/out" 2>"$T/err"
is "a bare report too" "$?" 0
mk mail id=file >"$T/file.eml"
"$RUAD_INGEST" --db "$db" - <"$T/file.eml" >"$T/out" 2>"$T/err"
is "and a file behind it" "$?" 0
is "all three" "$(sql "$db" "SELECT count(*) FROM report WHERE report_id IN
	('pipe', 'pipexml', 'file')")" 3
mk mail id=pipe | "$RUAD_INGEST" --db "$db" - >"$T/out" 2>"$T/err"
is "the same mail again ends as a duplicate" "$?" 0
is "with a receipt of its own" "$(endings "$db")" "not-a-report=1 stored=8 duplicate=1"
head -c 70000000 /dev/zero | "$RUAD_INGEST" --db "$db" - >"$T/out" 2>"$T/err"
is "too much on standard input is refused" "$?" 65
has "with its limit" "$(cat "$T/err")" "standard input: "
: | "$RUAD_INGEST" --db "$db" - >"$T/out" 2>"$T/err"
is "nothing on standard input is not a report" "$?" 0

# Settings: the maildir of the file is read when no path is given.
new_maildir "$T/m"
mk mail id=conf >"$T/m/new/1"
printf '[ingest]\nmaildir = %s\n[store]\ndb = %s\n' "$T/m" "$db" >"$T/conf"
exits 0 "without a path the settings' maildir is read" "$RUAD_INGEST" --config "$T/conf"
holds "and settled" test -f "$T/m/cur/1:2,S"
exits 64 "without a path and without a setting it is a usage error" "$RUAD_INGEST" --db "$db"
exits 0 "--check-config prints the settings" "$RUAD_INGEST" --config "$T/conf" --check-config
has "as they are in force" "$(cat "$T/out")" "$T/m"
printf '[ingest]\nmaildirr = x\n' >"$T/conf"
exits 64 "an unknown setting is an error" "$RUAD_INGEST" --config "$T/conf" --check-config
has "with its line" "$(cat "$T/err")" "line 2"
exits 64 "an unknown option is a usage error" "$RUAD_INGEST" --frobnicate
exits 64 "a limit that is no number is one too" "$RUAD_INGEST" --db "$db" --limit 1e3 "$T/m"
finish
