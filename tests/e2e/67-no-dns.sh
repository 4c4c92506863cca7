#!/bin/sh
# A DNS that never answers: mails are stored, pages and answers made as if nothing were wrong, for none of
# them asks. See 67-no-dns.py.
exec python3 "$(dirname "$0")/67-no-dns.py" "$@"
