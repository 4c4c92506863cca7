"""What a hostile client sends, byte by byte, and a hostile report shown on the pages."""
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import Web, tap  # noqa: E402

HOSTILE = '<script>alert(1)</script>"\'&\u202eevil'


def status(answer):
    """The statuses of all answers in the bytes."""
    return [int(part.split(b' ', 2)[1]) for part in answer.split(b'HTTP/1.')[1:]]


REQUESTS = (
    ('a request without a Host', b'GET /healthz HTTP/1.1\r\n\r\n', (400,)),
    ('HTTP/1.0 without a Host', b'GET /healthz HTTP/1.0\r\n\r\n', (400,)),
    ('two Hosts', b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', (400,)),
    ('a foreign Host', b'GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n', (421,)),
    ('a foreign Host with our port', b'GET / HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n', (421,)),
    ('an empty Host', b'GET /healthz HTTP/1.1\r\nHost:\r\n\r\n', (400, 421)),
    ('a Host with a name in front', b'GET / HTTP/1.1\r\nHost: evil@localhost\r\n\r\n', (421,)),
    ('a Host that only begins so', b'GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n', (421,)),
    ('a Host with a wrong port', b'GET / HTTP/1.1\r\nHost: localhost:80x\r\n\r\n', (421,)),
    ('localhost', b'GET /healthz HTTP/1.1\r\nHost: LOCALHOST:1\r\nConnection: close\r\n\r\n', (200,)),
    ('127.0.0.1', b'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n', (200,)),
    ('[::1]', b'GET /healthz HTTP/1.1\r\nHost: [::1]:9\r\nConnection: close\r\n\r\n', (200,)),
    ('a name of the settings', b'GET /healthz HTTP/1.1\r\nHost: ruad.example\r\nConnection: close\r\n\r\n',
     (200,)),
    ('two lengths', b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n',
     (400,)),
    ('a length and chunks', b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n'
     b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', (400,)),
    ('chunks', b'GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', (411,)),
    ('a body with GET', b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc', (400,)),
    ('a smuggled request', b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 44\r\n\r\n'
     b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', (400,)),
    ('a header name with a blank', b'GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n', (400,)),
    ('a NUL in the path', b'GET /healthz%00x HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('a NUL in the query', b'GET /?last=7d%00 HTTP/1.1\r\nHost: localhost\r\n\r\n', (400,)),
    ('a climb', b'GET /assets/../healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('an escaped climb', b'GET /assets/%2e%2e/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('a climb to a file', b'GET /assets/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n',
     (400, 404)),
    ('a twice escaped climb', b'GET /%252e%252e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n', (404,)),
    ('a backslash', b'GET /assets\\plain.css HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('an empty segment', b'GET //healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('a whole URL', b'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', (400, 404)),
    ('a star', b'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', (204,)),
    ('a long address', b'GET /' + b'a' * 9000 + b' HTTP/1.1\r\nHost: localhost\r\n\r\n', (414,)),
    ('a long head', b'GET / HTTP/1.1\r\nHost: localhost\r\nX: ' + b'a' * 17000 + b'\r\n\r\n', (431,)),
    ('many headers', b'GET / HTTP/1.1\r\nHost: localhost\r\n' + b'X: y\r\n' * 3000 + b'\r\n',
     (400, 413, 431)),
    ('another version', b'GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n', (400, 505)),
)


def requests(t, web):
    for name, data, want in REQUESTS:
        out = web.raw(data)
        got = status(out)
        t.ok(len(got) == 1 and got[0] in want, '%s is answered %s, once' % (name, '/'.join(map(str, want))),
             '%r %r' % (got, out[:300]))
        if b'evil' in data:
            t.ok(b'evil' not in out, 'and nothing of it comes back: ' + name)
    for junk in (b'\x00' * 100, b'GET\r\n\r\n', b'\r\n\r\n\r\n', b'\x16\x03\x01\x02\x00\x01', b'A' * 70000):
        got = status(web.raw(junk))
        t.ok(all(400 <= s < 500 or s == 505 for s in got), 'junk is refused: %r' % junk[:8], got)
    for method in ('POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'BREW'):
        a = web.ask(method, '/api/v1/summary')
        t.equal((a.status, a['allow']), (405, 'GET, HEAD, OPTIONS'), method + ' is refused')
    a = web.ask('OPTIONS', '/api/v1/summary')
    t.equal((a.status, a['allow'], a['access-control-allow-origin'], a.body),
            (204, 'GET, HEAD, OPTIONS', None, b''), 'OPTIONS tells the methods, and lets no other site in')
    begun = time.monotonic()
    out = web.raw(b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n' + b'x' * 1000)
    t.ok(status(out) == [405] and time.monotonic() - begun < 4, 'a large body is refused before it comes')
    two = web.raw(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
                  b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    t.equal(status(two), [200, 200], 'two requests on one connection have two answers')


def slow(t, web):
    """A client that drips a byte now and then is cut off; the others are served meanwhile."""
    ended = []

    def drip():
        s = web.connect()
        begun = time.monotonic()
        try:
            s.sendall(b'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ')
            while time.monotonic() - begun < 60:
                s.sendall(b'a')
                time.sleep(0.5)
                s.setblocking(False)
                try:
                    if s.recv(1000) == b'':
                        break
                except BlockingIOError:
                    pass
                s.setblocking(True)
        except OSError:
            pass
        ended.append(time.monotonic() - begun)

    threads = [threading.Thread(target=drip) for _ in range(20)]
    for thread in threads:
        thread.start()
    idle = [web.connect() for _ in range(40)]
    t.equal(web.get('/healthz').status, 200, 'others are served while sixty clients are slow')
    for thread in threads:
        thread.join()
    t.ok(len(ended) == 20 and max(ended) < 45, 'a client that drips for ever is cut off', ended)
    gone = 0
    for s in idle:
        s.settimeout(5)
        try:
            gone += s.recv(10) == b''
        except OSError:
            pass
        s.close()
    t.equal(gone, 40, 'a client that says nothing is cut off')
    held = os.listdir('/proc/%d/fd' % web.process.pid)
    t.ok(len(held) < 30, 'their descriptors are free again', held)


def hostile(t, web):
    for path in ('/', '/reports?last=all', '/reports/1', '/receipts?ending=stored',
                 '/d/example.com?last=all', '/d/example.com?last=all&source=192.0.2.7'):
        a = web.get(path)
        t.ok(a.status == 200 and '<script' not in a.text and ' onerror=' not in a.text.split('&gt;')[0],
             'no markup of a report reaches ' + path, a.text[:200])
    a = web.get('/reports/1').text
    t.ok('&lt;script&gt;alert(1)&lt;/script&gt;' in a, 'what the report says is shown as text')
    a = web.get('/api/v1/reports/1').text
    t.ok('<script' not in a and '\\u003cscript' in a, 'JSON holds no markup either')
    a = web.get('/api/v1/reports?last=all&format=html').text
    t.ok('<script' not in a and 'style=' not in a, 'nor does the table')


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db, mail = os.path.join(place, 'ruad.db'), os.path.join(place, 'mail.eml')
        conf = os.path.join(place, 'ruad.conf')
        mk = os.path.join(tap.ROOT, 'tests', 'e2e', 'mk.py')
        _, out, _ = tap.run(sys.executable, mk, 'mail', 'as=xml', 'org=' + HOSTILE,
                            'id="><img src=x onerror=alert(1)>', 'email=' + HOSTILE,
                            'rec=192.0.2.7 5 none fail fail example.com',
                            'name=' + '%3Cscript%3E.xml', check=(0,))
        tap.write(mail, out)
        tap.ingest(db, mail, check=(0,))
        with open(conf, 'w') as f:
            f.write('[web]\nhost = ruad.example other.example\n')
        with Web('--db', db, '--config', conf) as web:
            hostile(t, web)
            requests(t, web)
            slow(t, web)
            t.equal(web.get('/healthz').status, 200, 'after all that it answers')
            t.equal(web.stop()[0], 0, 'and ends with status 0')
    finally:
        tap.drop(place)
    t.done()


main()
