#!/bin/sh
# A refused mail explained, beside the domain's own sources: see 65-bounce.py.
exec python3 "$(dirname "$0")/65-bounce.py"
