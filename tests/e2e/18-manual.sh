#!/bin/sh
# The manual page and --help say the same, and both are sound.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"
page=$RUAD_SOURCE/ingest/ruad-ingest.1

exits 0 "--help is no error" "$RUAD_INGEST" --help
sed -n 's/^usage: */       /; /^       /p' "$T/out" >"$T/usage"
exits 0 "--version is none either" "$RUAD_INGEST" --version
has "it names the libraries" "$(cat "$T/out")" "SQLite 3."
has "each of them" "$(cat "$T/out")" "libarchive 3."
exits 64 "a wrong option shows the usage" "$RUAD_INGEST" --nonsense
has "after what is wrong" "$(cat "$T/err")" "usage: ruad-ingest"

if command -v mandoc >/dev/null; then
	is "the page is sound" "$(mandoc -Tlint -W warning "$page" 2>&1)" ""
	# One synopsis a name: lines are joined, blanks squeezed.
	mandoc -Tascii "$page" | sed 's/.\x08//g' | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' |
		grep -v '^[A-Z]' | tr -s ' \t\n' ' ' | sed 's/ ruad-ingest/\nruad-ingest/g' |
		sed 's/ $//; /^$/d' >"$T/synopsis"
	is "its SYNOPSIS is what --help prints" "$(cat "$T/synopsis")" "$(sed 's/^ *//' "$T/usage")"
	text=$(mandoc -Tascii "$page" | sed 's/.\x08//g')
	"$RUAD_INGEST" --help | grep -oE -- '^  (-v, )?--[a-z-]+' | grep -oE -- '--[a-z-]+' >"$T/options"
	missing=
	while read -r option; do
		case $text in
		*"$option"*) ;;
		*) missing="$missing $option" ;;
		esac
	done <"$T/options"
	is "every option of --help is explained" "$missing" ""
	missing=
	for name in $(grep -oh 'getenv("[A-Z_]*")' "$RUAD_SOURCE"/ingest/*.c | cut -d'"' -f2); do
		grep -q "^\.It Ev $name\$" "$page" || missing="$missing $name"
	done
	is "so is what it asks the environment for" "$missing" ""
	dns=$RUAD_SOURCE/ingest/dns/ruad-dns.1
	exits 0 "ruad-dns --help is no error" "$RUAD_DNS" --help
	is "its page is sound" "$(mandoc -Tlint -W warning "$dns" 2>&1)" ""
	is "and its SYNOPSIS is what --help prints" \
		"$(mandoc -Tascii "$dns" | sed 's/.\x08//g' | sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' |
			grep -v '^[A-Z]' | tr -s ' \t\n' ' ' | sed 's/^ //; s/ ruad-dns/\nruad-dns/g; s/ $//')" \
		"$(sed -n 's/^usage: *//p; s/^  *\(ruad-dns\)/\1/p' "$T/out")"
	exits 64 "a wrong option of it shows the usage" "$RUAD_DNS" --nonsense
	has "and how a parser falls" "$(echo $text)" "parser crashed (signal 11)"
else
	skip "the page is sound" "no mandoc here"
fi
finish
