#!/bin/sh
# How much memory a huge report and many mails take: see 42-memory.py.
exec python3 "$(dirname "$0")/42-memory.py"
