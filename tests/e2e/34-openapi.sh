#!/bin/sh
# See 34-openapi.py.
exec python3 "$(dirname "$0")/34-openapi.py"
