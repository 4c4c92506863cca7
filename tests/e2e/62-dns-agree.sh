#!/bin/sh
# SPF and DKIM keys as other programs read them: see 62-dns-agree.py.
# Debian's Python has Debian's python3-spf; whatever else is first in PATH may not.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec "$python" "$(dirname "$0")/62-dns-agree.py"
