#!/bin/sh
# See 65-cause-codes.py.
exec python3 "$(dirname "$0")/65-cause-codes.py"
