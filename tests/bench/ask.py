#!/usr/bin/env python3
"""How long ruad-web takes over a store of many domains and addresses.

    ask.py BUILD [DIR] [OPTION OF many.py]...

BUILD is a build directory (--buildtype=release, or the numbers mean little). The store is made in
DIR, or found there from the last time. Each answer is asked for three times of a server of its own:
"first" is the shortest first time, with nothing read yet; "next" the shortest one after.
"""
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
build = os.path.abspath(sys.argv[1])
os.environ['RUAD_WEB'] = os.path.join(build, 'web', 'ruad-web')
os.environ['RUAD_CLOCK'] = '1795240800'     # the morning after the generator's last day
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))
import web as w  # noqa: E402

TARGETS = ['/metrics'] + ['/api/v1/' + rest for rest in (
    'domains', 'summary', 'summary?group_by=domain,class', 'timeseries', 'reporters', 'status',
    'sources?limit=100', 'sources?limit=100&last=90d', 'addresses?limit=100',
    'addresses?limit=100&last=90d', 'summary?group_by=reporter', 'summary?group_by=reporter&last=90d',
    'changes', 'records?limit=100', 'reports?limit=100')]


def timed(web, target):
    begun = time.monotonic()
    answer = web.get(target)
    return time.monotonic() - begun, answer


def main():
    base = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix='ruad-bench.', dir='/var/tmp')
    box, db = os.path.join(base, 'mails'), os.path.join(base, 'db')
    if not os.path.exists(db):
        subprocess.check_call([sys.executable, os.path.join(HERE, 'many.py'), box] + sys.argv[3:])
        begun = time.monotonic()
        subprocess.check_call([os.path.join(build, 'ingest', 'ruad-ingest'), '--db', db, box])
        print('%8.2f s  ruad-ingest, with judging' % (time.monotonic() - begun))
    print('   first      next')
    for target in TARGETS:
        first, later = [], []
        for _ in range(3):
            with w.Web('--db', db) as web:
                web.get('/healthz')
                took, answer = timed(web, target)
                first.append(took)
                later += [timed(web, target)[0] for _ in range(2)]
        print('%8.1f  %8.1f ms  %s%s' % (min(first) * 1e3, min(later) * 1e3, target,
                                         '' if answer.status == 200 else '  (%d)' % answer.status))
        sys.stdout.flush()


main()
