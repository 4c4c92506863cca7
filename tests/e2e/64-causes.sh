#!/bin/sh
# See 64-causes.py.
exec python3 "$(dirname "$0")/64-causes.py"
