#!/bin/sh
# Two pollers, and a run that is asked to stop.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
db=$T/ruad.db
m=$T/Maildir
new_maildir "$m"
mk mail id=a >"$m/new/1.a"

# Somebody holds the lock as long as a file is there.
python3 -c '
import fcntl, os, sys, time
f = open(sys.argv[1], "w")
fcntl.flock(f, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
while os.path.exists(sys.argv[2]):
    time.sleep(0.02)' "$db.lock" "$T/held" &
while ! [ -e "$T/held" ]; do sleep 0.02; done
exits 75 "a second run ends with try again" "$RUAD_INGEST" --db "$db" "$m"
silent "and quietly"
exits 75 "with -v" "$RUAD_INGEST" -v --db "$db" "$m"
is "it says why in one line" "$(wc -l <"$T/err")" 1
holds "its mail stays" test -f "$m/new/1.a"
rm "$T/held"
wait
exits 0 "after that the mail is read" "$RUAD_INGEST" --db "$db" "$m"

# Two at once over the same mails.
mk maildir "$T/two" 400 seed=2 >"$T/truth"
want=$(python3 -c 'import json, sys; t = json.load(open(sys.argv[1])); print("%d|%d|%d" % (t["mails"], t["reports"], t["messages"]))' "$T/truth")
"$RUAD_INGEST" --db "$T/two.db" "$T/two" 2>/dev/null &
one=$!
"$RUAD_INGEST" --db "$T/two.db" "$T/two" 2>/dev/null &
two=$!
wait $one
s1=$?
wait $two
s2=$?
case $s1/$s2 in
65/75 | 75/65 | 65/0 | 0/65) pass "two runs at once: one works" ;;
*) fail "two runs at once: one works" "status $s1 and $s2" ;;
esac
is "and the totals are the truth" "$(sql "$T/two.db" 'SELECT (SELECT count(*) FROM receipt),
	count(*), sum(messages) FROM report')" "$want"

# Asked to stop, it finishes the mail at hand, commits, settles.
mk maildir "$T/stop" 400 seed=3 >"$T/truth"
facts_of() {
	"$RUAD_INGEST" --db "$2" "$1" 2>/dev/null
}
cp -a "$T/stop" "$T/whole"
facts_of "$T/whole" "$T/whole.db"
for signal in TERM INT; do
	"$RUAD_INGEST" --db "$T/stop.db" "$T/stop" 2>/dev/null &
	pid=$!
	# Before it opens the database it is not yet prepared for signals, and has done nothing.
	while ! [ -e "$T/stop.db" ]; do sleep 0.01; done
	sleep 0.02
	kill -$signal $pid 2>/dev/null
	wait $pid
	status=$?
	case $status in
	0 | 65) pass "SIG$signal ends a run in order" ;;
	*) fail "SIG$signal ends a run in order" "status $status" ;;
	esac
	is "each settled mail has its receipt after SIG$signal" \
		"$(sql "$T/stop.db" 'SELECT count(*) FROM receipt')" "$(ls "$T/stop/cur" | wc -l)"
done
facts_of "$T/stop" "$T/stop.db"
is "and the next run makes it whole" "$(facts "$T/stop.db")" "$(facts "$T/whole.db")"
finish
