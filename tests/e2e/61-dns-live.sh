#!/bin/sh
# See 61-dns-live.py.
exec python3 "$(dirname "$0")/61-dns-live.py"
