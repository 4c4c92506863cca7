#!/bin/sh
# Installs what is missing, builds with gcc and with clang's sanitizers, and runs every test.
# The last line is "N passed, N failed"; status 0 when nothing failed.
#
#	tests/run.sh             all of it
#	tests/run.sh quick       the gcc build and its tests only
set -u
cd "$(dirname "$0")/.." || exit 70
top=$PWD
rm -rf build-run/logs
mkdir -p build-run/logs

sh tests/setup.sh build test || exit 70
# Where setup.sh puts promtool when the system has none.
PATH=$PATH:$top/build-run/promtool/usr/bin
export PATH

# built DIR CC OPTION...: configured and compiled, or the end.
built() {
	dir=$1
	cc=$2
	shift 2
	if [ ! -f "$dir/build.ninja" ]; then
		rm -rf "$dir"
		CC=$cc meson setup "$dir" -Dwerror=true "$@" >"build-run/logs/setup" 2>&1 ||
			{ cat build-run/logs/setup; echo "0 passed, 1 failed"; exit 1; }
	fi
	ninja -C "$dir" >build-run/logs/ninja 2>&1 ||
		{ cat build-run/logs/ninja; echo "0 passed, 1 failed"; exit 1; }
}

# tested NAME DIR OPTION...: meson's own tests, its log kept for the count.
tested() {
	name=$1
	dir=$2
	shift 2
	echo "== $name"
	rm -f "$dir/meson-logs/$name"*
	meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$name" "$@" ||
		echo "== $name: not all passed"
	cp "$dir/meson-logs/$name.json" "$top/build-run/logs/" 2>/dev/null ||
		cp "$dir/meson-logs/$name-valgrind.json" "$top/build-run/logs/$name.json" ||
		echo '{"name": "'"$name"' left no log", "result": "FAIL", "stdout": ""}' \
			>"$top/build-run/logs/$name.json"
}

# checked NAME COMMAND...: one more test, outside of meson's because it takes long.
checked() {
	name=$1
	shift
	echo "== $name"
	"$@"
	case $? in
	0) result=OK ;;
	77) result=SKIP ;;
	*) result=FAIL ;;
	esac
	echo '{"name": "'"$name"'", "result": "'$result'", "stdout": ""}' >"build-run/logs/$name.json"
}

# A test that hangs must not hide the others; a leak is an error, but not one of a library's statics.
ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99
export ASAN_OPTIONS UBSAN_OPTIONS

built build-run/gcc gcc
tested gcc build-run/gcc
if [ "${1:-}" != quick ]; then
	built build-run/clang clang-14 -Db_sanitize=address,undefined -Db_lundef=false
	tested clang build-run/clang --suite unit --suite golden --suite e2e --timeout-multiplier 4
	checked tidy sh tests/tidy.sh "$top" build-run/gcc
	tested valgrind build-run/gcc --suite unit --timeout-multiplier 10 \
		--wrap 'valgrind -q --error-exitcode=9 --leak-check=full'
fi
python3 tests/count.py build-run/logs/*.json
