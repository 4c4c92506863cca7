# lib.sh: what every end-to-end script begins with. TAP on stdout, one temporary directory.
#
#	. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
#	mk mail id=r1 > "$T/in/new/1.M1"
#	exits 0 "a good mail is settled quietly" "$RUAD_INGEST" --db "$T/db" "$T/in"
#	is "it moved" "$(ls "$T/in/cur")" "1.M1:2,S"
#	finish
#
# RUAD_INGEST, RUAD_QUERY and RUAD_WEB are the programs, RUAD_SOURCE is the source root (meson
# sets them); T is the temporary directory, gone at the end. What the last command of exits() or
# run() printed is in $T/out and $T/err.
set -u
LC_ALL=C
export LC_ALL
RUAD_SOURCE=${RUAD_SOURCE:-.}
T=$(mktemp -d "${TMPDIR:-/tmp}/ruad-e2e.XXXXXX") || exit 1
tap=0
tap_bad=0

# Nothing of the user's settings may reach a test.
XDG_CONFIG_HOME=$T/xdg
XDG_STATE_HOME=$T/state
HOME=$T/home
export XDG_CONFIG_HOME XDG_STATE_HOME HOME
unset STATE_DIRECTORY RUAD_CLOCK JOURNAL_STREAM

cleanup() {
	chmod -R u+rwx "$T" 2>/dev/null
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# pass NAME / fail NAME [DETAIL]
pass() {
	tap=$((tap + 1))
	printf 'ok %d - %s\n' "$tap" "$1"
}

fail() {
	tap=$((tap + 1))
	tap_bad=$((tap_bad + 1))
	printf 'not ok %d - %s\n' "$tap" "$1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# skip NAME WHY
skip() {
	tap=$((tap + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap" "$1" "$2"
}

# skip_all WHY: this machine cannot run the script at all.
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# finish: the plan; status 1 when something failed. The last line of every script.
finish() {
	printf '1..%d\n' "$tap"
	[ "$tap_bad" -eq 0 ]
	exit
}

# is NAME GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got:
$2
wanted:
$3"
	fi
}

# has NAME TEXT PIECE: TEXT contains PIECE.
has() {
	case $2 in
	*"$3"*) pass "$1" ;;
	*) fail "$1" "no '$3' in:
$2" ;;
	esac
}

# holds NAME COMMAND...: it succeeds.
holds() {
	holds_name=$1
	shift
	if "$@" >/dev/null 2>&1; then pass "$holds_name"; else fail "$holds_name" "failed: $*"; fi
}

# run COMMAND...: output to $T/out and $T/err, its status as ours.
run() {
	"$@" >"$T/out" 2>"$T/err"
}

# exits STATUS NAME COMMAND...
exits() {
	exits_want=$1
	exits_name=$2
	shift 2
	run "$@"
	exits_got=$?
	if [ "$exits_got" -eq "$exits_want" ]; then
		pass "$exits_name"
	else
		fail "$exits_name" "status $exits_got, wanted $exits_want: $*
$(head -c 2000 "$T/err")"
	fi
}

# silent NAME: the last command said nothing at all.
silent() {
	is "$1" "$(cat "$T/out" "$T/err")" ""
}

# mk xml|mail|wrap|maildir ...: reports, mails and mailboxes; see mk.py.
mk() {
	python3 "$RUAD_SOURCE/tests/e2e/mk.py" "$@"
}

# new_maildir DIR
new_maildir() {
	mkdir -p "$1/new" "$1/cur" "$1/tmp"
}

# sql DB QUERY: through Python's sqlite3, so that no further program is needed. Columns by "|".
sql() {
	python3 -c '
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
for row in db.execute(sys.argv[2]):
    print("|".join("" if v is None else str(v) for v in row))' "$1" "$2"
}

# facts DB: what a store says, without row numbers or times of arrival: equal text, equal facts.
facts() {
	sql "$1" "SELECT d.name, r.org_name, p.report_id, p.begin, p.end, p.records, p.messages, p.pass,
		p.fail, p.unknown, p.quarantine, p.reject FROM report p JOIN domain d ON d.id = p.domain
		JOIN reporter r ON r.id = p.reporter_same ORDER BY 1, lower(r.org_name), 3, 4, 5"
	sql "$1" "SELECT d.name, y.day, hex(coalesce(s.ip, s.text)), y.result, y.records, y.messages,
		hex(t.digest) FROM daily y JOIN domain d ON d.id = y.domain
		JOIN source s ON s.id = y.source JOIN trait t ON t.id = y.trait
		WHERE y.records > 0 ORDER BY 1, 2, 3, 4, 7"
}

# endings DB: "stored=3 refused=1", receipts by ending.
endings() {
	sql "$1" "SELECT CASE ending WHEN 0 THEN 'not-a-report' WHEN 1 THEN 'stored' WHEN 2 THEN
		'duplicate' WHEN 3 THEN 'partial' WHEN 4 THEN 'conflict' WHEN 5 THEN 'refused' ELSE
		'deferred' END || '=' || count(*) FROM receipt GROUP BY ending ORDER BY ending" |
		tr '\n' ' ' | sed 's/ $//'
}
