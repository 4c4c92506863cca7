#!/bin/sh
# Whether a policy may go further, of four domains that tempt to lie: see 63-ready.py.
exec python3 "$(dirname "$0")/63-ready.py"
