#!/bin/sh
# Real and foreign reports, when a collection lies beside the source tree: see 40-corpus.py.
exec python3 "$(dirname "$0")/40-corpus.py"
