#!/bin/sh
# What would change under another policy, against the same judged anew in Python: see 66-whatif.py.
exec python3 "$(dirname "$0")/66-whatif.py"
