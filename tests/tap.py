"""What the Python tests share: TAP on standard output, a directory in memory, the programs.

The programs' paths come from the environment (RUAD_INGEST, RUAD_QUERY), as tests/e2e/meson.build
sets it; without it the build directory of this tree is taken.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.environ.get('RUAD_SOURCE') or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INGEST = os.environ.get('RUAD_INGEST') or os.path.join(ROOT, 'build/ingest/ruad-ingest')
QUERY = os.environ.get('RUAD_QUERY') or os.path.join(ROOT, 'build/store/ruad-query')
SHARED = os.path.join(ROOT, '..', 'shared')
# A sanitizer that speaks must not be taken for a verdict on a mail.
SANITIZER = ('AddressSanitizer', 'runtime error:', 'LeakSanitizer')


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, why=''):
        self.count += 1
        if not good:
            self.failed += 1
        print('%s %d - %s' % ('ok' if good else 'not ok', self.count, name))
        if not good and why:
            for line in str(why).split('\n'):
                print('# ' + line)
        return bool(good)

    def equal(self, got, want, name):
        return self.ok(got == want, name, 'got  %r\nwant %r' % (got, want))

    def skip(self, name, why):
        self.count += 1
        print('ok %d - %s # SKIP %s' % (self.count, name, why))

    def done(self):
        print('1..%d' % self.count)
        sys.stdout.flush()
        sys.exit(1 if self.failed else 0)


def say(line):
    print('# ' + line)
    sys.stdout.flush()


def skip_all(why):
    print('1..0 # SKIP ' + why)
    sys.exit(0)


def scratch():
    """A directory of its own, in memory where there is such a place: every commit is synced."""
    where = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    return tempfile.mkdtemp(prefix='ruad-test-', dir=where)


def drop(path):
    shutil.rmtree(path, ignore_errors=True)


def run(*argv, stdin=None, timeout=300, env=None, check=None):
    """A program's (status, stdout, stderr). A crash or a sanitizer's report ends the test."""
    full = dict(os.environ, LC_ALL='C.UTF-8')
    full.pop('XDG_CONFIG_HOME', None)
    full.update(env or {})
    p = subprocess.run(argv, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, env=full)
    err = p.stderr.decode('utf-8', 'backslashreplace')
    if p.returncode < 0 or any(mark in err for mark in SANITIZER):
        print('Bail out! %s ended with %d' % (argv[0], p.returncode))
        sys.stderr.write('%r\n%s\n' % (argv, err))
        sys.exit(1)
    if check is not None and p.returncode not in check:
        raise RuntimeError('%r ended with %d: %s' % (argv, p.returncode, err))
    return p.returncode, p.stdout, err


def ingest(db, *argv, **how):
    return run(INGEST, '--db', db, *argv, **how)


def query(db, *argv):
    """The rows of an answer (or the whole document where it is no list)."""
    _, out, _ = run(QUERY, '--db', db, '--format', 'json', *argv, check=(0,))
    return json.loads(out)


def rows(db, *argv):
    return query(db, *argv)['data']


def write(path, data, age=3600):
    """A file that has been lying there: a young cut one may still be being written."""
    with open(path, 'wb') as f:
        f.write(data)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def maildir(path):
    for sub in ('tmp', 'new', 'cur'):
        os.makedirs(os.path.join(path, sub), exist_ok=True)
    return path
