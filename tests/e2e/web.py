"""A running ruad-web for the tests: on a port of its own, or wherever it is told to listen."""
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402

WEB = os.environ.get('RUAD_WEB') or os.path.join(tap.ROOT, 'build/web/ruad-web')


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {}
        for name, value in headers:
            self.headers.setdefault(name.lower(), value)

    def __getitem__(self, name):
        return self.headers.get(name)

    @property
    def text(self):
        return self.body.decode('utf-8')

    @property
    def json(self):
        return json.loads(self.body)


class Web:
    """with Web('--db', db) as web: web.get('/healthz')"""

    def __init__(self, *argv, env=None, listen='127.0.0.1:0', fds=()):
        full = dict(os.environ, LC_ALL='C.UTF-8')
        for name in ('XDG_CONFIG_HOME', 'JOURNAL_STREAM', 'NOTIFY_SOCKET'):
            full.pop(name, None)
        full.update(env or {})
        self.process = subprocess.Popen(
            [WEB] + list(argv) + (['--listen', listen] if listen else []), env=full,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=fds)
        line = self.process.stderr.readline().decode('utf-8', 'replace')
        said = re.search(r'serving .* on (?:http://(\S+):(\d+)|unix:(\S+))', line)
        if not said:
            rest = self.process.stderr.read().decode('utf-8', 'replace')
            raise RuntimeError('ruad-web did not start: %s%s' % (line, rest))
        self.host, self.port, self.unix = said.group(1), said.group(2), said.group(3)
        os.set_blocking(self.process.stderr.fileno(), False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    def connect(self):
        if self.unix:
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(60)
            s.connect(self.unix)
            return s
        return socket.create_connection((self.host.strip('[]'), int(self.port)), timeout=60)

    def ask(self, method, target, headers=(), body=b''):
        c = http.client.HTTPConnection(self.host or 'localhost', int(self.port or 80), timeout=60)
        c.sock = self.connect()
        c.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        sent = dict(headers)
        c.putheader('Host', sent.pop('Host', 'localhost'))
        for name, value in sent.items():
            c.putheader(name, value)
        try:
            c.endheaders(body or None)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all said
        r = c.getresponse()
        answer = Answer(r.status, r.getheaders(), r.read())
        c.close()
        return answer

    def get(self, target, **headers):
        return self.ask('GET', target, {k.replace('_', '-'): v for k, v in headers.items()})

    def raw(self, data):
        """Bytes as they are; everything that comes back until the server closes or is silent."""
        s = self.connect()
        s.settimeout(5)
        out = b''
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before it was all said
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                out += piece
        except OSError:
            pass
        s.close()
        return out

    def stop(self, how=signal.SIGTERM):
        """Its exit status, the seconds it took, and what it had said."""
        begun = time.monotonic()
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        said = (self.process.stderr.read() or b'').decode('utf-8', 'replace')
        self.process.stderr.close()
        if status < 0 or any(mark in said for mark in tap.SANITIZER):
            print('Bail out! ruad-web ended with %d' % status)
            sys.stderr.write(said)
            sys.exit(1)
        return status, time.monotonic() - begun, said


def sample(directory):
    """A database of the sample Maildir; its path."""
    mails, db = os.path.join(directory, 'mails'), os.path.join(directory, 'ruad.db')
    tap.run(sys.executable, os.path.join(tap.ROOT, 'tests', 'sample', 'make_sample.py'), mails,
            check=(0,))
    tap.ingest(db, mails, check=(0, 65))
    return db


def publish(db, domain, records, days_ago=0):
    """What ruad-dns would have found: (name, text of a TXT record, or None: there is no such name).

    A former answer of a name stays as history."""
    now = int(time.time()) - days_ago * 86400
    with sqlite3.connect(db) as con:
        con.execute('UPDATE meta SET value = value + 1 WHERE key = "data_version"')
        number = con.execute('SELECT id FROM domain WHERE name = ?', (domain,)).fetchone()[0]
        con.execute('INSERT OR REPLACE INTO dns_run VALUES (?, ?, ?, ?, 0, NULL)',
                    (number, now, now, len(records)))
        for name, text in records:
            con.execute('UPDATE dns_fact SET holds = 0 WHERE domain = ? AND name = ?', (number, name))
            con.execute('INSERT INTO dns_fact (domain, name, type, status, records, ttl, first_seen, last_seen)'
                        ' VALUES (?, ?, 16, ?, ?, ?, ?, ?)',
                        (number, name, 3 if text is None else 1, '' if text is None else quoted(text),
                         None if text is None else 3600, now - 86400, now))


def quoted(text):
    return ' '.join('"%s"' % text[i:i + 255] for i in range(0, len(text), 255))
