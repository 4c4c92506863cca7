#!/usr/bin/env python3
"""Counts the tests in meson's logs and ends with "N passed, N failed".

A TAP program counts by its lines, any other test as one; a program that died counts as one failure
more than its lines say. Names what failed.
"""
import json
import re
import sys

POINT = re.compile(r'^(not )?ok\b(.*)$', re.M)


def count(test):
    """(passed, failed names, skipped) of one line of the log."""
    out = test.get('stdout') or ''
    bad = test['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL')
    points = POINT.findall(out)
    if not points:
        skipped = test['result'] == 'SKIP' or re.search(r'^1\.\.0 # SKIP', out, re.M)
        return (0, [], 1) if skipped and not bad else (0 if bad else 1,
                                                       [test['name']] if bad else [], 0)
    skipped = sum(1 for no, rest in points if not no and re.search(r'# SKIP', rest, re.I))
    failed = ['%s: %s' % (test['name'], rest.strip()) for no, rest in points if no]
    if bad and not failed:
        failed = ['%s: %s' % (test['name'], test['result'])]
    return sum(1 for no, _ in points if not no) - skipped, failed, skipped


def main():
    passed = skipped = 0
    failed = []
    for path in sys.argv[1:]:
        log = path.rsplit('/', 1)[-1].rsplit('.', 1)[0]
        with open(path, encoding='utf-8') as f:
            for line in f:
                good, bad, left = count(json.loads(line))
                passed, skipped = passed + good, skipped + left
                failed += ['%s: %s' % (log, name) for name in bad]
    for name in failed:
        print('failed: ' + name)
    if skipped:
        print('skipped: %d' % skipped)
    print('%d passed, %d failed' % (passed, len(failed)))
    sys.exit(1 if failed or not passed else 0)


if __name__ == '__main__':
    main()
