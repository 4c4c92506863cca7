#!/bin/sh
# Installs what is missing on a Debian system: setup.sh build|test|bench ...
#
# Asks the package database first and touches nothing when all is there, so it may run again and
# again, also without rights. As root, or through sudo.
set -eu

build='gcc libc6-dev meson ninja-build pkg-config python3 libxml2-dev libsqlite3-dev zlib1g-dev libzstd-dev
	libarchive-dev libmicrohttpd-dev libjansson-dev libgmime-3.0-dev libinih-dev libpsl-dev libidn2-dev libcurl4-gnutls-dev libmaxminddb-dev
	libc-ares-dev nettle-dev publicsuffix'
test='libcmocka-dev valgrind curl mandoc bsdextrautils strace clang-14 libclang-rt-14-dev clang-format
	clang-tidy nsd spfquery python3-spf openssl iproute2 chromium fonts-dejavu-core'
# By program, because a Node from elsewhere and Debian's npm do not go together.
programs='node:nodejs npm:npm'
bench='libdeflate-dev libexpat1-dev'

command -v dpkg-query >/dev/null || {
	echo "setup.sh: no Debian; please install by hand:" $build $test >&2
	exit 0
}
missing=
promtool=
for set in "$@"; do
	case $set in
	build) names=$build ;;
	test) names=$test ;;
	bench) names=$bench ;;
	*) echo "setup.sh: no such set: $set" >&2; exit 64 ;;
	esac
	for name in $names; do
		state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
		[ "$state" = installed ] || missing="$missing $name"
	done
	[ "$set" = test ] || continue
	for pair in $programs; do
		command -v "${pair%:*}" >/dev/null || missing="$missing ${pair#*:}"
	done
	command -v promtool >/dev/null || promtool=$(dirname "$0")/../build-run/promtool
done

# Out of Prometheus' package and no more of it: two tests are no reason to install a server. It
# needs no rights, and without it they are skipped, so that it cannot be had is no failure.
fetch_promtool() {
	[ -n "$promtool" ] && [ ! -x "$promtool/usr/bin/promtool" ] || return 0
	rm -rf "$promtool" "$promtool.new"
	mkdir -p "$promtool.new"
	if (cd "$promtool.new" && apt-get -qq download prometheus 2>log &&
		dpkg --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool &&
		rm prometheus_*.deb log); then
		mv "$promtool.new" "$promtool"
	else
		echo "setup.sh: no promtool, the tests with it are skipped:" >&2
		cat "$promtool.new/log" >&2
	fi
}
[ -n "$missing" ] || { fetch_promtool; exit 0; }

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
$as_root apt-get -o DPkg::Lock::Timeout=300 -qq update
# shellcheck disable=SC2086 -- a list
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -y -qq \
	--no-install-recommends install $missing
fetch_promtool
