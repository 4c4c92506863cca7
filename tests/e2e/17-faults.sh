#!/bin/sh
# A full disk, a database that cannot be used, too few descriptors: one message, status 75, and the
# mails stay.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
chmod 755 "$T"
m=$T/Maildir
mk maildir "$m" 120 seed=6 >"$T/truth"
mails=$(ls "$m/new" | wc -l)

left() { # left NAME: no mail has moved
	is "$1" "$(ls "$m/new" | wc -l)/$(ls "$m/cur" | wc -l)" "$mails/0"
}

one_line() {
	is "$1" "$(wc -l <"$T/err")" 1
}

# ---- databases that are none ----
head -c 8192 /dev/urandom >"$T/noise.db"
printf 'hello\n' >"$T/text.db"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("CREATE TABLE mine (x)"); db.commit()' "$T/foreign.db"
"$RUAD_INGEST" --db "$T/newer.db" /dev/null 2>/dev/null
mkdir "$T/none"
"$RUAD_INGEST" --db "$T/newer.db" "$T/none"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("PRAGMA user_version = 9999"); db.commit()' "$T/newer.db"
"$RUAD_INGEST" --db "$T/damaged.db" "$T/none"
for kind in noise text foreign newer; do
	before=$(cksum <"$T/$kind.db")
	exits 75 "a database that is $kind is refused" "$RUAD_INGEST" --db "$T/$kind.db" "$m"
	one_line "in one line ($kind)"
	has "by its name ($kind)" "$(cat "$T/err")" "$T/$kind.db"
	is "and not changed ($kind)" "$(cksum <"$T/$kind.db")" "$before"
done
python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(4096)
    f.write(b"\xa5" * 4096)' "$T/damaged.db"
before=$(cksum <"$T/damaged.db")
exits 75 "a damaged database is refused" "$RUAD_INGEST" --db "$T/damaged.db" "$m"
has "by its name (damaged)" "$(cat "$T/err")" "$T/damaged.db"
is "and not repaired" "$(cksum <"$T/damaged.db")" "$before"
left "all mails stay in new/"

# ---- shortages ----
cp -a "$m" "$T/reference"
"$RUAD_INGEST" --db "$T/reference.db" "$T/reference" 2>/dev/null

for blocks in 0 32 128 256; do
	rm -f "$T/full.db"*
	text=$(
		ulimit -f $blocks
		exec "$RUAD_INGEST" --db "$T/full.db" "$m" 2>&1
	)
	is "a file limit of $blocks blocks is a shortage" $? 75
	is "told in one line ($blocks)" "$(printf '%s\n' "$text" | grep -vc 'count "1e9"')" 1
done
left "and no mail moved"
exits 65 "with room again all is read" "$RUAD_INGEST" --db "$T/full.db" "$m"
is "as if nothing had been" "$(facts "$T/full.db")" "$(facts "$T/reference.db")"
is "with the same endings" "$(endings "$T/full.db")" "$(endings "$T/reference.db")"

mkdir "$T/small"
if mount -t tmpfs -o size=400k tmpfs "$T/small" 2>/dev/null; then
	mk maildir "$T/m2" 120 seed=6 >/dev/null
	exits 75 "a full disk is a shortage" "$RUAD_INGEST" --db "$T/small/ruad.db" "$T/m2"
	is "and no mail moved without its receipt" "$(ls "$T/m2/cur" | wc -l)" "$(
		sql "$T/small/ruad.db" 'SELECT count(*) FROM receipt' 2>/dev/null || echo 0
	)"
	umount "$T/small"
else
	skip "a full disk is a shortage" "cannot mount here"
fi

mk maildir "$T/few" 120 seed=6 >/dev/null
n=5
wrong=
while [ $n -le 24 ]; do
	text=$(
		ulimit -n $n
		exec "$RUAD_INGEST" --db "$T/few.db" "$T/few" 2>&1
	)
	status=$?
	case $status in
	0 | 65 | 75) ;;
	2 | 126 | 127) ;; # the shell could not start it, or the loader not find its libraries
	*) wrong="$wrong $n:$status" ;;
	esac
	n=$((n + 1))
done
is "too few descriptors are never a reason to refuse" "$wrong" ""
run "$RUAD_INGEST" --db "$T/few.db" "$T/few"
is "and in the end the facts are the same" "$(facts "$T/few.db")" "$(facts "$T/reference.db")"
is "and so are the endings" "$(endings "$T/few.db")" "$(endings "$T/reference.db")"

# ---- a directory that cannot be written ----
mkdir "$T/ro"
mk maildir "$T/m3" 10 seed=7 >/dev/null
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod -R a+rwX "$T/m3"
	chmod 555 "$T/ro"
	exits 75 "a directory without write permission is a shortage" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$RUAD_INGEST" --db "$T/ro/ruad.db" "$T/m3"
elif [ "$(id -u)" -ne 0 ]; then
	chmod 555 "$T/ro"
	exits 75 "a directory without write permission is a shortage" "$RUAD_INGEST" --db "$T/ro/ruad.db" "$T/m3"
else
	skip "a directory without write permission is a shortage" "root, and no setpriv"
fi
is "and its mails stay" "$(ls "$T/m3/cur" | wc -l)" 0
finish
