#!/bin/sh
# What must add up does, in windows nobody chose: see 53-conserve.py and tests/oracle.
exec python3 "$(dirname "$0")/53-conserve.py"
