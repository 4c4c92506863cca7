#!/bin/sh
# What is wrong with the records, why mail fails, may the policy go further: the same over HTTP as on
# the command line. See 65-answers.py.
exec python3 "$(dirname "$0")/65-answers.py"
