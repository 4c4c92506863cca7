#!/bin/sh
# See 32-web-life.py.
exec python3 "$(dirname "$0")/32-web-life.py"
