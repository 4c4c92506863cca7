#!/bin/sh
# A shared mailbox: --keep moves nothing, and a poll with nothing new opens no mail.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/Maildir
new_maildir "$m"
mk mail id=a >"$m/new/1.a"
mk mail id=b >"$m/cur/2.b:2,RS"
mk mail id=c rec="192.0.2.9 x" >"$m/cur/3.c"
before=$(ls -lR --time-style=full-iso "$m")

exits 65 "a first poll reads all" "$RUAD_INGEST" --db "$db" --keep --cur "$m"
is "nothing is moved or flagged" "$(ls -lR --time-style=full-iso "$m")" "$before"
is "each mail has its receipt" "$(endings "$db")" "stored=2 refused=1"

# Mails that would be read now would show: their bytes are others, size and time are not.
for f in "$m/new/1.a" "$m/cur/2.b:2,RS" "$m/cur/3.c"; do
	touch -r "$f" "$T/time"
	head -c "$(wc -c <"$f")" /dev/zero >"$T/zeros"
	cat "$T/zeros" >"$f"
	touch -r "$T/time" "$f"
done
exits 0 "a second poll finds nothing new" "$RUAD_INGEST" --db "$db" --keep --cur "$m"
silent "and says nothing"
is "no receipt changed" "$(endings "$db")" "stored=2 refused=1"

if command -v strace >/dev/null && strace -o "$T/trace" true 2>/dev/null; then
	run strace -f -e trace=open,openat -o "$T/trace" "$RUAD_INGEST" --db "$db" --keep --cur "$m"
	is "no mail is opened" "$(grep -cE '"(1\.a|2\.b:2,RS|3\.c)"' "$T/trace")" 0
else
	skip "no mail is opened" "no strace here"
fi

# Somebody reads a mail elsewhere: its flags change, it is the same mail.
mv "$m/new/1.a" "$m/cur/1.a:2,S"
exits 0 "a mail flagged by somebody else is known" "$RUAD_INGEST" --db "$db" --keep --cur "$m"
is "and has one receipt" "$(endings "$db")" "stored=2 refused=1"

mk mail id=d >"$m/new/4.d"
exits 0 "a new mail is found among the old" "$RUAD_INGEST" --db "$db" --keep --cur "$m"
is "and stored" "$(endings "$db")" "stored=3 refused=1"
holds "and left where it is" test -f "$m/new/4.d"
finish
