"""Starting, waiting for a database, serving while ruad-ingest writes, and stopping."""
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import WEB, Web, sample, tap  # noqa: E402

MK = os.path.join(tap.ROOT, 'tests', 'e2e', 'mk.py')


def manual(t):
    page = os.path.join(tap.ROOT, 'web', 'ruad-web.8')
    status, out, _ = tap.run(WEB, '--help')
    usage = ' '.join(out.decode().split('\n\n')[0].replace('usage: ', '').split())
    try:
        _, text, _ = tap.run('mandoc', '-T', 'ascii', '-O', 'width=200', page)
    except FileNotFoundError:
        t.skip('the help is the manual\'s synopsis', 'no mandoc')
        return
    plain = subprocess.run(['col', '-b'], input=text, stdout=subprocess.PIPE).stdout.decode()
    synopsis = ' '.join(plain.split('SYNOPSIS')[1].split('DESCRIPTION')[0].split())
    t.equal(usage, synopsis, 'the help is the manual\'s synopsis')
    _, lint, _ = tap.run('mandoc', '-T', 'lint', '-W', 'style', page)
    bad = [line for line in lint.decode().split('\n') if line and 'manual not found' not in line]
    t.equal(bad, [], 'the page is good mdoc')


def refusals(t, db):
    for where in ('0.0.0.0:0', '[::]:0', '192.0.2.1:80'):
        status, _, said = tap.run(WEB, '--db', db, '--listen', where)
        t.ok(status == 64 and 'proxy' in said, 'it does not listen where others reach it: ' + where, said)
    for where in ('8080', 'nowhere', '127.0.0.1', '127.0.0.1:70000', 'example.com:80', 'unix:relative'):
        status, _, said = tap.run(WEB, '--db', db, '--listen', where)
        t.ok(status == 64 and said, 'it says what is wrong with ' + where, said)
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))
    taken.listen(1)
    status, _, said = tap.run(WEB, '--db', db, '--listen', '127.0.0.1:%d' % taken.getsockname()[1])
    t.ok(status == 75 and 'in use' in said, 'an address in use is status 75', said)
    taken.close()
    t.equal(tap.run(WEB, '--nothing')[0], 64, 'an unknown option is status 64')
    t.equal(tap.run(WEB, 'argument')[0], 64, 'an argument is status 64')
    status, out, _ = tap.run(WEB, '--version')
    t.ok(status == 0 and b'libmicrohttpd' in out and b'SQLite' in out and b'zlib' in out,
         'the version names the libraries', out)
    status, out, _ = tap.run(WEB, '--check-config', '--listen', '[::1]:99')
    t.ok(status == 0 and b'listen = [::1]:99' in out, 'the settings can be seen', out)


def unix(t, db, place):
    path = os.path.join(place, 'web.sock')
    with Web('--db', db, listen='unix:' + path) as web:
        t.equal(web.get('/healthz').status, 200, 'it answers on a unix socket')
        t.equal(os.stat(path).st_mode & 0o777, 0o660, 'the socket is for owner and group')
        status, _, said = tap.run(WEB, '--db', db, '--listen', 'unix:' + path)
        t.ok(status == 75, 'a socket in use is status 75', said)
        web.process.send_signal(signal.SIGKILL)
        web.process.wait()
    t.ok(os.path.exists(path), 'a crash leaves the socket behind')
    with Web('--db', db, listen='unix:' + path) as web:
        t.equal(web.get('/healthz').status, 200, 'and the next start takes its place')
        web.stop()
    t.ok(not os.path.exists(path), 'a good end removes it')


def managed(t, db, place):
    """As a service manager starts it: a socket handed over, and word when it is ready."""
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(10)
    notify = os.path.join(place, 'notify')
    n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    n.bind(notify)
    n.settimeout(10)
    start = ('import os, sys; os.dup2(int(sys.argv[1]), 3); '
             'os.set_inheritable(3, True); os.environ["LISTEN_PID"] = str(os.getpid()); '
             'os.environ["LISTEN_FDS"] = "1"; os.execv(sys.argv[2], sys.argv[2:])')
    p = subprocess.Popen([sys.executable, '-c', start, str(s.fileno()), WEB, '--db', db],
                         pass_fds=(s.fileno(),), stderr=subprocess.PIPE,
                         env=dict(os.environ, NOTIFY_SOCKET=notify))
    t.equal(n.recv(100), b'READY=1', 'it says when it is ready')
    c = socket.create_connection(s.getsockname())
    c.sendall(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    t.ok(c.recv(1000).startswith(b'HTTP/1.1 200'), 'it serves the socket it was handed')
    c.close()
    p.send_signal(signal.SIGTERM)
    t.equal((p.wait(timeout=30), n.recv(100)), (0, b'STOPPING=1'), 'and says when it stops')
    p.stderr.close()
    s.close()
    n.close()


def appears(t, place):
    """The database comes, is replaced, and goes, under a server that runs all the time."""
    db = os.path.join(place, 'later.db')
    first, second = os.path.join(place, 'a.xml'), os.path.join(place, 'b.xml')
    for path, domain in ((first, 'one.example'), (second, 'two.example')):
        tap.write(path, tap.run(sys.executable, MK, 'xml', 'domain=' + domain, check=(0,))[1])
    with Web('--db', db) as web:
        t.ok('ruad-ingest' in web.get('/').text, 'without a database the page says how to begin')
        t.equal((web.get('/healthz').status, web.get('/api/v1/summary').status,
                 web.get('/d/one.example').status), (200, 503, 503),
                'it is healthy, and has no numbers yet')
        tap.ingest(db, first, check=(0,))
        t.equal(web.get('/api/v1/domains?last=all').json['data'][0]['domain'], 'one.example',
                'once it is there it is shown')
        other = os.path.join(place, 'other.db')
        tap.ingest(other, second, check=(0,))
        c = sqlite3.connect(other)
        c.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        c.close()
        for end in ('-wal', '-shm'):
            if os.path.exists(db + end):
                os.unlink(db + end)
        os.rename(other, db)
        t.equal(web.get('/api/v1/domains?last=all').json['data'][0]['domain'], 'two.example',
                'another file in its place is noticed')
        tap.write(db + '.new', b'not a database at all, but long enough to be read as one' * 100)
        os.rename(db + '.new', db)
        a = web.get('/healthz')
        t.equal(a.status, 503, 'one that is no database is unhealthy')
        t.ok(place not in a.text, 'and the answer does not tell paths', a.text)
        t.equal(web.get('/').status, 503, 'its page says so')
        t.ok('no-store' in a['cache-control'] and a['retry-after'], 'and when to ask again')
        status, _, said = web.stop()
        t.ok(status == 0 and db in said, 'the log names the file', said)


def while_writing(t, place):
    """Answers keep coming while ruad-ingest writes, and are whole at every moment."""
    db, mails = os.path.join(place, 'busy.db'), os.path.join(place, 'busy')
    tap.run(sys.executable, MK, 'maildir', mails, '600', check=(0,))
    tap.ingest(db, '--limit', '20', mails, check=(0, 65))
    bad, seen = [], set()
    done = threading.Event()

    def ask(web):
        while not done.is_set():
            a = web.get('/api/v1/summary?last=all')
            b = web.get('/')
            if a.status != 200 or b.status != 200:
                bad.append((a.status, b.status, a.body[:200]))
                continue
            row = a.json['data'][0]
            seen.add(row['messages'])
            if row['messages'] != row['pass'] + row['fail'] + row['unknown']:
                bad.append(row)

    with Web('--db', db) as web:
        threads = [threading.Thread(target=ask, args=(web,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while tap.ingest(db, '--limit', '40', mails, check=(0, 65)) and os.listdir(mails + '/new'):
            pass
        done.set()
        for thread in threads:
            thread.join()
        t.equal(bad, [], 'every answer while ruad-ingest writes is whole')
        t.ok(len(seen) > 1, 'and newer ones say more', seen)
        t.equal(web.stop()[0], 0, 'it ends with status 0')


def stops(t, db):
    with Web('--db', db) as web:
        status, seconds, _ = web.stop()
        t.ok(status == 0 and seconds < 2, 'SIGTERM ends it at once', seconds)
    with Web('--db', db) as web:
        slow = web.connect()
        slow.sendall(b'GET /api/v1/records?last=all&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n')
        idle = [web.connect() for _ in range(10)]
        half = web.connect()
        half.sendall(b'GET / HTTP/1.1\r\nHost:')
        time.sleep(0.3)
        status, seconds, _ = web.stop(signal.SIGINT)
        t.ok(status == 0 and seconds < 4, 'slow and idle clients do not hold it', seconds)
        for s in idle + [slow, half]:
            s.close()


def full(t, db):
    """CONN_PER_ADDRESS_MAX of one address, CONN_MAX of all; who comes later waits for his turn."""
    with Web('--db', db) as web:
        port = int(web.port)
        open_ = []

        def come(address):
            s = socket.create_connection(('127.0.0.1', port), 5, source_address=(address, 0))
            open_.append(s)
            return s

        for _ in range(128):
            come('127.0.0.2')
        s = come('127.0.0.2')
        s.settimeout(5)
        try:
            got = s.recv(1)
        except ConnectionResetError:
            got = b''
        t.equal(got, b'', 'one address has no more than 128 connections')
        open_.pop().close()
        for last in (3, 4, 5):
            for _ in range(128):
                come('127.0.0.%d' % last)
        late = come('127.0.0.6')
        late.sendall(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
        late.settimeout(0.5)
        try:
            got = late.recv(1)
        except TimeoutError:
            got = None
        t.equal(got, None, 'of all there are no more than 512: the next waits')
        open_[0].close()
        late.settimeout(5)
        t.equal(late.recv(15)[:15], b'HTTP/1.1 200 OK', 'until one has left')
        for one in open_:
            one.close()
        t.equal(web.get('/healthz').status, 200, 'and when all have left it answers as before')
        t.equal(web.stop()[0], 0, 'it ends with status 0')


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db = sample(place)
        manual(t)
        refusals(t, db)
        unix(t, db, place)
        managed(t, db, place)
        appears(t, place)
        while_writing(t, place)
        stops(t, db)
        full(t, db)
    finally:
        tap.drop(place)
    t.done()


main()
