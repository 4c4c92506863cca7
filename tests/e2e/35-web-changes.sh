#!/bin/sh
# See 35-web-changes.py.
exec python3 "$(dirname "$0")/35-web-changes.py"
