#!/bin/sh
# The manual says what the program does: synopsis, limits, settings; and it is good mdoc.
. "${RUAD_SOURCE:-.}/tests/e2e/lib.sh"

page=$RUAD_SOURCE/store/ruad-query.1
model=$RUAD_SOURCE/store/ruad.7

# One line, blanks folded.
flat() {
	tr -s ' \n\t' '   ' | sed 's/^ //; s/ $//'
}

if command -v mandoc >/dev/null; then
	synopsis=$(mandoc -T ascii -O width=200 "$page" | col -b |
		sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' | sed '1d;$d' | flat)
	usage=$("$RUAD_QUERY" --help | sed '/^$/,$d; s/^usage: //' | flat)
	is "the help is the manual's synopsis" "$usage" "$synopsis"
	lint=$(mandoc -T lint -W style "$page" "$model" | grep -v 'referenced manual not found')
	is "the pages are good mdoc" "$lint" ""
else
	skip "the help is the manual's synopsis" "no mandoc"
	skip "the pages are good mdoc" "no mandoc"
fi

limits=$(python3 - "$RUAD_SOURCE/store/base/limits.h" <<'EOF'
import re, sys
for name, value in re.findall(r"^#define (\w+) (.+)$", open(sys.argv[1]).read(), re.M):
    print(name, eval(value.replace("LL", "")))
EOF
)
is "the manual holds every limit and its value" \
	"$(sed -n 's/^\.It Dv \([A-Z_0-9]*\) No \([0-9]*\)$/\1 \2/p' "$model" | sort)" \
	"$(printf '%s\n' "$limits" | sort)"

is "the manual holds every setting" \
	"$(sed -n '/^\.Sh SETTINGS/,/^\.Sh LIMITS/s/^\.It Ic //p' "$model")" \
	"$("$RUAD_QUERY" --check-config | sed -n 's/ =.*//p')"

for word in domains summary sources source addresses rules overrides timeseries reporters changes lint reports report records \
	original receipts endings decisions events services status selftest domain dns ready; do
	grep -q "^\.\(It \)*Cm $word" "$page" || fail "the manual tells of $word"
	"$RUAD_QUERY" --help | grep -q "^  $word" || fail "the help tells of $word"
done
for option in $("$RUAD_QUERY" --help | sed '1,/^filters/d' | grep -o -e '--[a-z-]*' | sort -u); do
	grep -q -e "^\.It.* Fl ${option#-}" "$page" || fail "the manual tells of $option"
done
pass "the manual tells of every command and filter of the help"

has "the version is that of the project" "$("$RUAD_QUERY" --version)" "ruad-query 0."
finish
