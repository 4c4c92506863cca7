#!/bin/sh
# See 31-web-guard.py.
exec python3 "$(dirname "$0")/31-web-guard.py"
