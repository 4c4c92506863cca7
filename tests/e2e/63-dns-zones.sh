#!/bin/sh
# See 63-dns-zones.py.
exec python3 "$(dirname "$0")/63-dns-zones.py"
