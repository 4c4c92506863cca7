#!/bin/sh
# Killed at twenty random moments and resumed: the same facts, and a receipt for each mail.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
mk maildir "$T/once" 1500 seed=4 >"$T/truth"
cp -a "$T/once" "$T/killed"
cp -a "$T/once" "$T/shuffled"

start=$(date +%s%N)
exits 65 "an undisturbed run" "$RUAD_INGEST" --db "$T/once.db" "$T/once"
took_ms=$((($(date +%s%N) - start) / 1000000))
is "equals the truth" "$(sql "$T/once.db" 'SELECT (SELECT count(*) FROM receipt), count(*),
	sum(records), sum(messages), sum(pass) FROM report')" \
	"$(python3 -c '
import json, sys
t = json.load(open(sys.argv[1]))
print("|".join(str(t[k]) for k in ("mails", "reports", "records", "messages", "pass")))' "$T/truth")"

# A quarter of the mails a run, so that kills fall into all parts of the work.
for delay in $(python3 -c '
import random, sys
for _ in range(20):
    print("%.4f" % random.uniform(0, float(sys.argv[1]) / 2000))' "$took_ms"); do
	"$RUAD_INGEST" --db "$T/killed.db" --limit 400 "$T/killed" 2>/dev/null &
	pid=$!
	sleep "$delay"
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
done
run "$RUAD_INGEST" --db "$T/killed.db" "$T/killed"
is "after twenty kills the facts are the same" "$(facts "$T/killed.db" | cksum)" "$(facts "$T/once.db" | cksum)"
is "and so is every ending" "$(endings "$T/killed.db")" "$(endings "$T/once.db")"
is "nothing is left in new/" "$(ls "$T/killed/new")" ""
is "all mails are in cur/" "$(ls "$T/killed/cur" | cksum)" "$(ls "$T/once/cur" | cksum)"
is "the file is sound" "$(sql "$T/killed.db" 'PRAGMA integrity_check')" "ok"
is "and its references too" "$(sql "$T/killed.db" 'PRAGMA foreign_key_check')" ""

# Other order, other portions: names are the order, so rename them.
python3 -c '
import os, random, sys
new = os.path.join(sys.argv[1], "new")
names = sorted(os.listdir(new))
order = list(range(len(names)))
random.Random(5).shuffle(order)
for name, n in zip(names, order):
    os.rename(os.path.join(new, name), os.path.join(new, "%06d.%s" % (n, name)))' "$T/shuffled"
run "$RUAD_INGEST" --db "$T/shuffled.db" --limit 700 "$T/shuffled"
run "$RUAD_INGEST" --db "$T/shuffled.db" "$T/shuffled"
is "shuffled and in two portions the facts are the same" "$(facts "$T/shuffled.db" | cksum)" \
	"$(facts "$T/once.db" | cksum)"
is "and the endings in sum" "$(endings "$T/shuffled.db")" "$(endings "$T/once.db")"

# Fed twice, as by a second MX.
mkdir "$T/twice"
new_maildir "$T/twice"
for f in "$T/once/cur"/*; do
	name=${f##*/}
	cp "$f" "$T/twice/new/copy.${name%:2,*}"
done
run "$RUAD_INGEST" --db "$T/once.db" "$T/twice"
is "fed twice the facts are the same" "$(facts "$T/once.db" | cksum)" "$(facts "$T/killed.db" | cksum)"
is "and there are twice the receipts" "$(sql "$T/once.db" 'SELECT count(*) FROM receipt')" 3000
finish
