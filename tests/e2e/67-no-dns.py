"""A DNS that never answers: mails are stored and answers made as if nothing were wrong, for nobody asks.

The same work is done twice: as it is, and in a network of its own, of which the only name server takes
questions and says nothing. Linux only, where a user may make such a network.
"""
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402
from web import Web, publish, sample  # noqa: E402

DOMAIN = 'example.com'
DNS = os.environ.get('RUAD_DNS') or os.path.join(tap.ROOT, 'build/ingest/dns/ruad-dns')
RECORDS = [(DOMAIN, 'v=spf1 ip4:192.0.2.1 include:_spf.service.example -all'), ('_dmarc.' + DOMAIN, 'v=DMARC1; p=none')]
# What tells when it was made, and by whom.
CLOCKS = re.compile(rb'"(generated_at|data_version|asked|answered|dns_asked|received|mail|age_seconds)":("[^"]*"|[0-9]+)')
PATHS = ['/', '/d/' + DOMAIN, '/receipts'] + ['/api/v1/' + one for one in (
    'domains?scope=all&last=all', 'summary?last=all', 'sources?last=all&fields=name,messages,cause',
    'timeseries?last=all', 'reporters?last=all', 'reports?last=all', 'lint?last=all', 'causes?last=all',
    'dns/' + DOMAIN, 'readiness/' + DOMAIN, 'whatif/%s?p=reject&last=all' % DOMAIN, 'check/dns?domain=' + DOMAIN)]


class Silent:
    """A name server that takes every question and answers none."""

    def __init__(self):
        self.socket, self.asked, self.end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0, False
        self.socket.bind(('127.0.0.1', 53))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while not self.end:
            try:
                self.socket.recvfrom(65535)
                self.asked += 1
            except OSError:
                pass

    def close(self):
        self.end = True
        self.thread.join()
        self.socket.close()
        return self.asked


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b'lo'.ljust(16, b'\0')
        flags = struct.unpack('16sH', fcntl.ioctl(s, 0x8913, name + b'\0' * 24)[:18])[1]
        fcntl.ioctl(s, 0x8914, name + struct.pack('H', flags | 1) + b'\0' * 22)


def work(place):
    """What comes of it, path by path."""
    db, out = sample(place), {}
    tap.run(tap.QUERY, '--db', db, 'domain', 'add', DOMAIN, check=(0,))
    publish(db, DOMAIN, RECORDS)
    tap.run(tap.QUERY, '--db', db, 'assess', check=(0,))
    with Web('--db', db, listen='unix:' + os.path.join(place, 'web')) as web:
        for path in PATHS:
            answer = web.get(path)
            out[path] = [answer.status, CLOCKS.sub(b'', answer.body).decode('utf-8', 'replace')
                         if path.startswith('/api/') else len(answer.body) > 1000]
        bounce = web.ask('POST', '/api/v1/bounce', {'Content-Type': 'text/plain', 'Content-Length': '57'},
                         b'550-5.7.26 Unauthenticated email from example.com is not\n')
        out['bounce'] = [bounce.status, CLOCKS.sub(b'', bounce.body).decode('utf-8', 'replace')]
    status, _, _ = tap.run(tap.QUERY, '--db', db, 'selftest', check=(0,))
    out['selftest'] = [status, '']
    return db, out


def inside(place):
    """In the network where nobody answers: the work, then who asked."""
    loopback_up()
    resolv = tap.write(os.path.join(place, 'resolv'), b'nameserver 127.0.0.1\n')
    subprocess.run(['mount', '--bind', resolv, '/etc/resolv.conf'], check=True)
    server = Silent()
    db, out = work(place)
    asked = server.close()
    server = Silent()
    status, _, said = tap.run(DNS, '--db', db, DOMAIN)
    print('\n' + json.dumps({'out': out, 'asked': asked, 'dns': [status, said, server.close()]}))


def main():
    if shutil.which('unshare') is None or subprocess.run(
            ['unshare', '-rmn', 'true'], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        tap.skip_all('no network of one\'s own here')
    t, here, there = tap.Tap(), tap.scratch(), tap.scratch()
    try:
        _, want = work(here)
        done = subprocess.run(['unshare', '-rmn', sys.executable, os.path.abspath(__file__), there],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr.decode('utf-8', 'replace'))
        t.equal(done.returncode, 0, 'the work is done where no name server answers')
        got = json.loads(done.stdout.decode().splitlines()[-1])
        for path, answer in want.items():
            t.equal(got['out'].get(path), answer, '%s is the same' % path)
        t.equal(got['asked'], 0, 'for nobody asked')
        status, said, asked = got['dns']
        t.ok(status == 75 and asked > 0, 'ruad-dns asks, and gives up until the next time', got['dns'])
        t.equal(len(said.splitlines()), 1, 'with one notice')
    finally:
        tap.drop(here)
        tap.drop(there)
    t.done()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    main()
