#!/bin/sh
# The process that reads the mails is killed at random: the totals are right all the same. And no
# process is left, however the program ends.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
mk maildir "$T/once" 1500 seed=9 >/dev/null
cp -a "$T/once" "$T/felled"
cp -a "$T/once" "$T/here"
run "$RUAD_INGEST" --db "$T/once.db" "$T/once"

# children PID: the keepers and workers that are there: "keeper keeper worker worker"
children() {
	children_keepers=$(cat "/proc/$1/task/$1/children" 2>/dev/null)
	children_workers=
	for k in $children_keepers; do
		children_workers="$children_workers $(cat "/proc/$k/task/$k/children" 2>/dev/null)"
	done
	echo $children_keepers $children_workers
}

RUAD_WORKERS=0 run "$RUAD_INGEST" --db "$T/here.db" "$T/here"
is "read in one process the facts are the same" "$(facts "$T/here.db" | cksum)" "$(facts "$T/once.db" | cksum)"

for workers in 1 2; do
	cp -a "$T/felled" "$T/box"
	RUAD_WORKERS=$workers run "$RUAD_INGEST" --db "$T/box.db" "$T/box"
	is "read by $workers at once they are too" "$(facts "$T/box.db" | cksum)" "$(facts "$T/once.db" | cksum)"
	rm -rf "$T/box" "$T/box.db"*
done
is "more are not taken" "$(RUAD_WORKERS=3 "$RUAD_INGEST" --db "$T/box.db" "$T/felled" 2>&1; echo $?)" \
	"ruad-ingest: RUAD_WORKERS is a number up to 2
64"

# ---- the workers die, the last that came first ----
for workers in 1 2; do
	cp -a "$T/felled" "$T/box"
	RUAD_WORKERS=$workers "$RUAD_INGEST" --db "$T/box.db" "$T/box" >"$T/out" 2>"$T/err" &
	pid=$!
	kills=0
	last=
	while kill -0 $pid 2>/dev/null && [ $kills -lt 12 ]; do
		set -- $(children $pid)
		if [ $# -gt $workers ]; then
			shift $(($# - 1))
			if [ "$1" != "$last" ] && kill -9 "$1" 2>/dev/null; then
				kills=$((kills + 1))
				last=$1
			fi
		fi
		sleep 0.02
	done
	wait $pid
	status=$?
	[ $kills -gt 0 ] && pass "workers were killed ($kills of $workers)" || fail "workers were killed ($workers)"
	is "the run went on to its end" "$status" 65
	is "a receipt for each mail" "$(sql "$T/box.db" 'SELECT count(*) FROM receipt')" 1500
	is "nothing is left in new/" "$(ls "$T/box/new")" ""
	# Two kills within one mail refuse it; it is then put back, as an operator would.
	for f in $(sql "$T/box.db" "SELECT r.name FROM entry e JOIN receipt r ON r.id = e.receipt
		WHERE e.reason LIKE 'parser crashed%'"); do
		mv "$T/box/cur/$f"* "$T/box/new/$f"
	done
	run "$RUAD_INGEST" --db "$T/box.db" "$T/box"
	is "and the facts are the same" "$(facts "$T/box.db" | cksum)" "$(facts "$T/once.db" | cksum)"
	is "the file is sound" "$(sql "$T/box.db" 'PRAGMA integrity_check')" "ok"
	rm -rf "$T/box" "$T/box.db"*
done

# ---- the program ends ----
gone() { # gone NAME PID...: within five seconds none of them runs
	gone_name=$1
	shift
	gone_n=0
	while [ $gone_n -lt 100 ]; do
		gone_left=
		for p in "$@"; do
			case $(cut -d' ' -f3 "/proc/$p/stat" 2>/dev/null) in
			'' | Z) ;;
			*) gone_left="$gone_left $p" ;;
			esac
		done
		[ -z "$gone_left" ] && break
		gone_n=$((gone_n + 1))
		sleep 0.05
	done
	is "$gone_name" "$gone_left" ""
}

# One parser: who is who is told by their order.
RUAD_WORKERS=1
export RUAD_WORKERS
for signal in KILL TERM INT; do
	rm -rf "$T/box" "$T/box.db"*
	mk maildir "$T/box" 1500 seed=9 >/dev/null
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$RUAD_INGEST" --db "$T/box.db" "$T/box" >"$T/out" 2>"$T/err" &
	pid=$!
	n=0
	set --
	while [ $# -ne 2 ] && [ $n -lt 500 ]; do
		sleep 0.01
		set -- $(children $pid)
		n=$((n + 1))
	done
	is "a keeper and a worker run ($signal)" $# 2
	kill -$signal $pid
	wait $pid 2>/dev/null
	gone "none of them is left after $signal" "$@"
	run "$RUAD_INGEST" --db "$T/box.db" "$T/box"
	is "and the next run ends the work ($signal)" "$(facts "$T/box.db" | cksum)" "$(facts "$T/once.db" | cksum)"
done

# ---- the keeper dies ----
rm -rf "$T/box" "$T/box.db"*
mk maildir "$T/box" 1500 seed=9 >/dev/null
"$RUAD_INGEST" --db "$T/box.db" "$T/box" >"$T/out" 2>"$T/err" &
pid=$!
n=0
set --
while [ $# -ne 2 ] && [ $n -lt 500 ]; do
	sleep 0.01
	set -- $(children $pid)
	n=$((n + 1))
done
kill -9 "$1"
wait $pid
is "without its keeper the run ends with try again" $? 75
gone "and its worker ends with it" "$@"
run "$RUAD_INGEST" --db "$T/box.db" "$T/box"
is "nothing is lost" "$(facts "$T/box.db" | cksum)" "$(facts "$T/once.db" | cksum)"
finish
