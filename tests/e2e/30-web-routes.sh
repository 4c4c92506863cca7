#!/bin/sh
# See 30-web-routes.py.
exec python3 "$(dirname "$0")/30-web-routes.py"
