#!/bin/sh
# See 38-paging.py.
exec python3 "$(dirname "$0")/38-paging.py"
