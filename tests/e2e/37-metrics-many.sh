#!/bin/sh
# See 37-metrics-many.py.
exec python3 "$(dirname "$0")/37-metrics-many.py"
