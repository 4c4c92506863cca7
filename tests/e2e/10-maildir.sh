#!/bin/sh
# Maildir manners: what moves where, with which flags, and what is left alone.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/Maildir
new_maildir "$m"

mk mail id=good >"$m/new/1.good"
mk mail id=good >"$m/new/2.copy"
mk mail id=good rec="192.0.2.9 7" >"$m/new/3.conflict"
mk mail id=half rec="192.0.2.1 1e9" rec="192.0.2.2 5" >"$m/new/4.partial"
mk mail id=none rec="192.0.2.1 1e9" >"$m/new/5.refused"
mk mail as=xml name=greeting.txt type=text/plain >/dev/null
mk wrap text="Nothing is attached." >"$m/new/6.other"
mk mail id=unread >"$m/tmp/7.tmp"
mk mail id=incur >"$m/cur/8.incur:2,R"
ln -s "$m/cur/8.incur:2,R" "$m/new/9.link"
mkfifo "$m/new/9.pipe"
head -c 67108865 /dev/zero >"$m/new/9.toolarge"

exits 65 "a run with refused mails says so by its status" "$RUAD_INGEST" --db "$db" "$m"
is "every mail is in cur/ with the flags of its ending" "$(ls "$m/cur" | sort)" "1.good:2,S
2.copy:2,S
3.conflict:2,FS
4.partial:2,FS
5.refused:2,FS
6.other:2,S
8.incur:2,R
9.toolarge:2,FS"
is "what is no mail is left in new/" "$(ls "$m/new")" "9.link
9.pipe"
is "tmp/ is never touched" "$(ls "$m/tmp")" "7.tmp"
is "each mail has one ending" "$(endings "$db")" \
	"not-a-report=1 stored=1 duplicate=1 partial=1 conflict=1 refused=4"
has "a link is named" "$(cat "$T/err")" "new/9.link: a symbolic link, not a message"
has "a pipe is named" "$(cat "$T/err")" "new/9.pipe: a named pipe, not a message"
has "a mail over the limit is named with its size" "$(cat "$T/err")" \
	"new/9.toolarge: 67108865 bytes, more than the 67108864 of a message"
is "only the readable messages count" "$(sql "$db" 'SELECT sum(messages) FROM report')" 6

facts "$db" >"$T/facts"
exits 0 "a second run has nothing to do" "$RUAD_INGEST" --db "$db" "$m"
silent "and says nothing, not even of the link again"
exits 65 "--cur reads cur/ too" "$RUAD_INGEST" --db "$db" --cur "$m"
is "and finds the one that is new" "$(sql "$db" "SELECT count(*) FROM report WHERE report_id = 'incur'")" 1
holds "its flags are kept" test -f "$m/cur/8.incur:2,RS"
is "no receipt was added for the others" "$(endings "$db")" \
	"not-a-report=1 stored=2 duplicate=1 partial=1 conflict=1 refused=4"
facts "$db" >"$T/before"
run "$RUAD_INGEST" --db "$db" --cur "$m"
is "a third run changes no fact" "$(facts "$db")" "$(cat "$T/before")"

# Names with any bytes, and a name too long for flags.
odd=$(printf 'odd \033[31m\377name')
mk mail id=odd >"$m/new/$odd"
long=$(printf '%0253d' 7)
mk mail id=long >"$m/new/$long"
exits 0 "names may hold any bytes" "$RUAD_INGEST" --db "$db" "$m"
holds "an odd name is moved" test -f "$m/cur/$odd:2,S"
holds "a name without room for flags is moved as it is" test -f "$m/cur/$long"
mk mail id=odd2 rec="192.0.2.9 x" >"$m/new/$odd"
exits 65 "a refused mail of such a name" "$RUAD_INGEST" --db "$db" "$m"
if LC_ALL=C grep -q "$(printf '\033')" "$T/err"; then
	fail "is named in printable characters" "$(cat "$T/err")"
else
	pass "is named in printable characters"
fi

# A crash between commit and rename: the mail is back in new/, and known.
mv "$m/cur/1.good:2,S" "$m/new/1.good"
exits 0 "a stored mail found in new/ again is settled" "$RUAD_INGEST" --db "$db" "$m"
holds "by moving it" test -f "$m/cur/1.good:2,S"
is "its receipt still says stored" \
	"$(sql "$db" "SELECT ending FROM receipt WHERE name = '1.good'")" 1

# An operator may put a refused mail back.
mv "$m/cur/5.refused:2,FS" "$m/new/5.refused"
exits 65 "a refused mail put back is read again" "$RUAD_INGEST" --db "$db" "$m"
is "and has one receipt" "$(sql "$db" "SELECT count(*) FROM receipt WHERE name = '5.refused'")" 1

for i in 1 2 3 4 5; do mk mail id="limit$i" >"$m/new/limit$i"; done
exits 0 "--limit stops early" "$RUAD_INGEST" --db "$db" --limit 2 "$m"
is "after that many mails" "$(ls "$m/new" | grep -c limit)" 3
finish
