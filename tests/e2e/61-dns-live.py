"""ruad-dns against a name server of its own: what is learnt, what becomes of it, and who may hurt it."""
import json
import os
import re
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402
import web  # noqa: E402  (beside this file)

DNS = os.environ.get('RUAD_DNS') or os.path.join(tap.ROOT, 'build/ingest/dns/ruad-dns')
MK = os.path.join(tap.ROOT, 'tests/e2e/mk.py')
SANITIZED = os.environ.get('RUAD_SANITIZE', 'none') != 'none'
NSD = shutil.which('nsd', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')

CONF = '''server:
	ip-address: %(ip)s@%(port)d
	username: ""
	chroot: ""
	zonesdir: "%(dir)s"
	database: ""
	zonelistfile: "%(dir)s/zone.list"
	xfrdfile: "%(dir)s/xfrd.state"
	xfrdir: "%(dir)s"
	pidfile: "%(dir)s/nsd.pid"
	server-count: 1
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "root.zone"
'''
HEAD = '''$TTL 300
. SOA ns. admin. 1 3600 600 86400 300
. NS ns.
ns. A 127.0.0.1
'''
KEY = 'v=DKIM1; k=rsa; p=' + 'A' * 392
# The good domain; others come with the tests that are about them.
GOOD = '''
good.example. TXT "v=spf1 include:_spf.service.example -all"
good.example. MX 10 mx.good.example.
mx.good.example. A 192.0.2.25
_spf.service.example. TXT "v=spf1 ip4:192.0.2.0/24 " "-all"
_dmarc.good.example. TXT "v=DMARC1; p=reject; rua=mailto:d@good.example"
s1._domainkey.good.example. CNAME s1.keys.service.example.
s1.keys.service.example. TXT "%s" "%s"
''' % (KEY[:200], KEY[200:])


def free_port():
    """One that is free for UDP and for TCP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u, socket.socket() as s:
            u.bind(('127.0.0.1', 0))
            port = u.getsockname()[1]
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    raise RuntimeError('no free port')


class Nsd:
    """with Nsd(dir, port, zone): a server of the whole tree of names, from the root on. more: zones of
    their own, {name: text}."""

    def __init__(self, where, port, zone, ip='127.0.0.1', more=()):
        self.dir, self.port, self.ip = where, port, ip
        os.makedirs(where, exist_ok=True)
        tap.write(os.path.join(where, 'root.zone'), (HEAD + zone).encode())
        conf = CONF % {'ip': ip, 'port': port, 'dir': where}
        for name in more:
            head = '$TTL 300\n%s. SOA ns. admin. 1 3600 600 86400 300\n' % name
            tap.write(os.path.join(where, name + '.zone'), (head + more[name]).encode())
            conf += 'zone:\n\tname: "%s"\n\tzonefile: "%s.zone"\n' % (name, name)
        tap.write(os.path.join(where, 'nsd.conf'), conf.encode())

    def __enter__(self):
        self.log = open(os.path.join(self.dir, 'log'), 'wb')
        self.process = subprocess.Popen(
            [NSD, '-d', '-c', os.path.join(self.dir, 'nsd.conf')],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self.answers():
                return self
        self.__exit__()
        with open(self.log.name) as f:
            raise RuntimeError('nsd did not start: ' + f.read())

    def answers(self):
        ask = struct.pack('>6H', 7, 0, 1, 0, 0, 0) + b'\x02ns\x00\x00\x01\x00\x01'
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.sendto(ask, (self.ip, self.port))
                return s.recv(512)[7] == 1
            except OSError:
                time.sleep(0.05)
                return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class Liar:
    """A UDP server that makes a reply of each question with `make`; None: it never answers."""

    def __init__(self, make=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.settimeout(0.1)
        self.port, self.make, self.asked, self.end = self.socket.getsockname()[1], make, 0, False

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def serve(self):
        while not self.end:
            try:
                message, peer = self.socket.recvfrom(4096)
            except socket.timeout:
                continue
            self.asked += 1
            if self.make:
                self.socket.sendto(self.make(message), peer)

    def __exit__(self, *_):
        self.end = True
        self.thread.join()
        self.socket.close()


def question_of(message):
    at = 12
    while message[at]:
        at += 1 + message[at]
    return message[12:at + 5]


def reply(message, flags, answers=b'', count=0):
    return message[:2] + struct.pack('>5H', flags, 1, count, 0, 0) + question_of(message) + answers


def servfail(message):
    return reply(message, 0x8182)


def nonsense(message):
    """Right id, right question; then counts, pointers and lengths that lie."""
    kind = message[1] % 5
    record = b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 300, 60000) + b'\xffabc'
    if kind == 0:
        return reply(message, 0x8180, record, 1)
    if kind == 1:
        return reply(message, 0x8180, b'', 65535)
    if kind == 2:  # a name that points to itself
        at = 12 + len(question_of(message))
        return reply(message, 0x8180, struct.pack('>H', 0xc000 | at) + record[2:], 1)
    if kind == 3:  # an alias that is no name
        return reply(message, 0x8180, b'\xc0\x0c' + struct.pack('>HHIH', 5, 1, 1, 2) + b'\xff\xff', 1)
    return reply(message, 0x8180, b'\x00' * 200, 3)


class Bench:
    def __init__(self, work):
        self.work, self.db, self.port = work, os.path.join(work, 'ruad.db'), free_port()
        self.t = tap.Tap()

    def own(self, *names):
        for name in names:
            tap.run(tap.QUERY, '--db', self.db, 'domain', 'add', name, check=(0,))

    def report(self, domain):
        xml = tap.run(sys.executable, MK, 'xml', 'domain=' + domain, 'begin=%d' % (time.time() - 90000),
                      'end=%d' % (time.time() - 3700), 'rec=192.0.2.25 50 none pass pass ' + domain,
                      check=(0,))[1]
        tap.ingest(self.db, tap.write(os.path.join(self.work, 'r.xml'), xml), check=(0,))

    def serve(self, zone):
        return Nsd(os.path.join(self.work, 'nsd'), self.port, zone)

    def ask(self, *names, port=None, settings=''):
        conf = tap.write(os.path.join(self.work, 'conf'),
                         b'[dns]\nservers = 127.0.0.1:%d\n%s' % (port or self.port, settings.encode()))
        begin = time.monotonic()
        status, out, err = tap.run(DNS, '--db', self.db, '--config', conf, *names)
        return status, out.decode() + err, time.monotonic() - begin

    def sql(self, text, *values):
        with sqlite3.connect('file:%s?mode=ro' % self.db, uri=True) as db:
            return db.execute(text, values).fetchall()

    def fact(self, name, kind=16):
        """(status, records) of what holds."""
        found = self.sql('SELECT status, records FROM dns_fact WHERE name = ? AND type = ? AND holds = 1',
                         name, kind)
        return found[0] if len(found) == 1 else found

    def names(self):
        """(address, whether there was an answer, its name) of the addresses that were asked for."""
        return [('.'.join(map(str, ip)), answered, name) for ip, answered, name in self.sql(
            'SELECT ip, answered IS NOT NULL, name FROM dns_reverse JOIN source ON id = source ORDER BY ip')]

    def age(self, days):
        """As if the addresses had been asked for so many days ago."""
        with sqlite3.connect(self.db) as db:
            db.execute('UPDATE dns_reverse SET asked = asked - ?1, answered = answered - ?1', (days * 86400,))

    def last(self, domain):
        return dict(zip(('queries', 'failures', 'notice', 'answered'), self.sql(
            'SELECT queries, failures, notice, answered = asked FROM dns_run JOIN domain ON id = domain '
            'WHERE name = ?', domain)[0]))


def learns(b):
    t = b.t
    with b.serve(GOOD):
        t.equal(b.ask()[:2], (0, ''), 'a run that is well says nothing')
        t.equal(b.fact('good.example'), (1, '"v=spf1 include:_spf.service.example -all"'), 'SPF is known')
        t.equal(b.fact('_spf.service.example'), (1, '"v=spf1 ip4:192.0.2.0/24 " "-all"'),
                'and what it includes, in its strings')
        t.equal(b.fact('_dmarc.good.example')[0], 1, 'DMARC is known')
        t.equal(b.fact('_dmarc.example')[0], 3, 'and that there is none above')
        t.equal(b.fact('s1._domainkey.good.example', 5), (1, 's1.keys.service.example.'),
                'a selector of a report is asked for, its alias is a fact')
        t.equal(b.fact('s1.keys.service.example'), (1, '"%s" "%s"' % (KEY[:200], KEY[200:])),
                'and so is the key behind it')
        t.equal(b.fact('good.example', 15), (1, '10 mx.good.example.'), 'mail servers are known')
        t.equal(b.names(), [('192.0.2.25', True, None)], 'and that a sending address has no name')
        t.equal(b.sql('SELECT DISTINCT ttl FROM dns_fact WHERE status = 1'), [(300,)], 'with their TTL')
        last = b.last('good.example')
        t.ok(last['failures'] == 0 and last['notice'] is None and last['answered'], 'all was answered', last)
        before = b.sql('SELECT count(*), min(first_seen) FROM dns_fact')
        t.equal(b.ask('GOOD.example.')[:2], (0, ''), 'one domain may be named')
        t.equal(b.sql('SELECT count(*), min(first_seen) FROM dns_fact'), before,
                'the same answers make no new row')
        t.ok(b.sql('SELECT min(last_seen) > min(first_seen) FROM dns_fact')[0][0], 'but are seen later')
        status, said, _ = b.ask('other.example')
        t.ok(status == 66 and 'other.example' in said, 'a domain of somebody else is not asked for', said)
        t.equal(b.ask('a b')[0], 64, 'nor is what is no name')
        t.equal(b.ask(settings='enabled = no\n')[:2], (0, ''), 'a switch turns all of it off')


def changes(b):
    t = b.t
    zone = GOOD.replace('-all"\ngood.example. MX', '~all"\ngood.example. MX').replace(
        's1._domainkey.good.example. CNAME s1.keys.service.example.', '')
    with b.serve(zone):
        t.equal(b.ask()[:2], (0, ''), 'the zone changed')
    t.equal(b.fact('good.example'), (1, '"v=spf1 include:_spf.service.example ~all"'), 'the new record holds')
    t.equal(b.sql("SELECT records FROM dns_fact WHERE name = 'good.example' AND type = 16 AND holds = 0"),
            [('"v=spf1 include:_spf.service.example -all"',)], 'the old one is history')
    t.equal((b.fact('s1._domainkey.good.example', 5), b.fact('s1._domainkey.good.example')[0]), ([], 3),
            'a key that is gone is gone')
    t.equal(b.fact('s1.keys.service.example'), [], 'what nothing leads to holds no longer')


def fails(b):
    t = b.t
    facts = b.sql('SELECT * FROM dns_fact ORDER BY id')
    with Liar(servfail) as server:
        status, said, _ = b.ask(port=server.port)
        t.ok(status == 75 and said.count('\n') == 1 and 'good.example' in said,
             'a server that fails is told of once', '%d %s' % (status, said))
    t.equal([r for r in b.sql('SELECT * FROM dns_fact ORDER BY id') if r[4] != 4], facts,
            'and leaves the facts as they are')
    last = b.last('good.example')
    t.ok(last['failures'] == last['queries'] > 0 and last['notice'] and not last['answered'],
         'with a notice', last)
    with Liar(nonsense) as server:
        status, said, took = b.ask(port=server.port)
        t.ok(status in (0, 75) and server.asked > 0, 'a server that lies is survived', '%d %s' % (status, said))
    t.equal([r for r in b.sql('SELECT * FROM dns_fact WHERE holds = 1 ORDER BY id') if r[4] == 1],
            [r for r in facts if r[4] == 1 and r[9] == 1], 'and believed in nothing')
    with Liar() as server:
        status, said, took = b.ask(port=server.port)
        t.ok(status == 75 and took < 8, 'a server that never answers ends in time', '%d %.1f s' % (status, took))
        t.ok(server.asked <= 4 * 40, 'and is asked a bounded number of times', server.asked)
    status, said, took = b.ask(port=free_port())
    t.ok(status == 75, 'so does a port where nobody is', said)
    with b.serve(GOOD):
        t.equal(b.ask()[:2], (0, ''), 'when it is back')
        t.equal(b.last('good.example')['notice'], None, 'the notice goes')


def locks(b):
    t = b.t
    lock = open(b.db + '.lock', 'rb')
    import fcntl
    fcntl.flock(lock, fcntl.LOCK_EX)
    with b.serve(GOOD):
        t.equal(b.ask()[0], 75, 'while another program writes for long, it ends with "try again"')
    lock.close()


def reverse(b):
    """Names of addresses: a queue, some of it a run, each address once a week."""
    t = b.t
    # A source that the SPF record names is known by that.
    zone = GOOD.replace('192.0.2.0/24', '198.51.100.0/24') + '25.2.0.192.in-addr.arpa. PTR mx.good.example.\n'

    def x02():
        _, out, _ = tap.run(tap.QUERY, '--db', b.db, 'dns', 'good.example', '--format', 'json', check=(0, 65))
        return [r['record_name'] for r in json.loads(out)['data'] if r['check_id'] == 'X02']

    def group():
        return b.sql('SELECT key FROM source_group AS g JOIN member AS m ON m.source_group = g.id'
                     ' JOIN source AS s ON s.id = m.source WHERE s.ip = ?', bytes((192, 0, 2, 25)))[0][0]

    t.equal(x02(), ['25.2.0.192.in-addr.arpa'], 'X02 is raised by an address without a name')
    with b.serve(zone):
        b.age(6)
        t.equal(b.ask()[0], 0, 'an address got a name')
        t.equal(b.names(), [('192.0.2.25', True, None)], 'that it has none is remembered for a week')
        b.age(1)
        t.equal(b.ask()[0], 0, 'after a week')
    t.equal(b.names(), [('192.0.2.25', True, 'mx.good.example')], 'it is asked for again')
    t.equal(x02(), [], 'X02 goes')
    before = group()
    tap.run(tap.QUERY, '--db', b.db, 'assess', check=(0,))
    t.equal((before, group()), ('net:192.0.2.0/24', 'ptr:good.example'), 'the source is known by its name')
    b.age(8)
    with Liar(servfail) as server:
        b.ask(port=server.port)
    t.equal(b.names(), [('192.0.2.25', True, 'mx.good.example')], 'a server that fails leaves the name')
    b.age(8)
    with b.serve(GOOD + '25.2.0.192.in-addr.arpa. PTR mx2.good.example.\n'
                        '25.2.0.192.in-addr.arpa. PTR bad\\.\\001name.good.example.\n'
                        'mx2.good.example. A 192.0.2.99\nbad\\.\\001name.good.example. A 192.0.2.25\n'):
        b.ask()
    t.equal(b.names(), [('192.0.2.25', True, None)], 'a name that leads elsewhere, or is none, does not count')
    t.equal(x02(), ['25.2.0.192.in-addr.arpa'], 'and is X02')
    rows = ['rec=198.51.100.%d %d none pass pass good.example' % (i, i + 1) for i in range(40)]
    xml = tap.run(sys.executable, MK, 'xml', 'domain=good.example', 'id=many', 'begin=%d' % (time.time() - 90000),
                  'end=%d' % (time.time() - 3700), 'rec=203.0.113.7 5000 none fail fail good.example', *rows,
                  check=(0,))[1]
    tap.ingest(b.db, tap.write(os.path.join(b.work, 'many.xml'), xml), check=(0,))
    with b.serve(GOOD):
        b.ask(settings='reverse = 0\n')
        t.equal(len(b.names()), 1, 'none is asked for when the settings say so')
        b.ask(settings='reverse = 5\n')
        t.equal([ip for ip, _, _ in b.names()], ['192.0.2.25'] + ['198.51.100.%d' % i for i in range(35, 40)],
                'a run asks for as many as the settings say, of the own sources those that send most')
        b.ask(settings='reverse = 20\n')
        b.ask(settings='reverse = 100\n')
        t.equal(len(b.names()), 42, 'all have their turn')
        t.ok(b.last('good.example')['queries'] <= 40, 'beside the questions for the domain')
    t.equal(b.ask(settings='reverse = many\n')[0], 64, 'a number that is none is refused')


def many(b):
    """Of many domains a server that is away is told of twice: the first, and how many more."""
    t = b.t
    b.own(*('m%d.example' % i for i in range(5)))
    with Liar(servfail) as server:
        status, said, _ = b.ask(port=server.port)
        t.ok(status == 75 and said.count('\n') == 2 and '5 domains more' in said,
             'a server that fails for all is told of in two lines', said)
    t.equal(b.sql('SELECT count(*) FROM dns_run WHERE queries > 0 AND failures = queries'), [(6,)],
            'each has its notice')
    with Liar() as server:
        status, said, _ = b.ask(port=server.port)
    t.ok(status == 75 and said.count('\n') == 2 and '2 domains more' in said
         and 'the others were not asked' in said,
         'one that says nothing ends the run after three domains', said)


def bombs(b):
    t = b.t
    big = ' '.join('"%s"' % ('x' * 255) for _ in range(236))
    deep = ''.join('i%d.deep.example. TXT "v=spf1 include:i%d.deep.example -all"\n' % (i, i + 1)
                   for i in range(300))
    wide = ''.join('w%d.wide.example. TXT "v=spf1 -all"\n' % i for i in range(60))
    ring = ''.join('c%d.ring.example. CNAME c%d.ring.example.\n' % (i, (i + 1) % 3) for i in range(3))
    chain = ''.join('h%d.chain.example. CNAME h%d.chain.example.\n' % (i, i + 1) for i in range(100))
    zone = '''
big.example. TXT %s
_dmarc.ring.example. CNAME c0.ring.example.
_dmarc.chain.example. CNAME h0.chain.example.
loop.example. TXT "v=spf1 include:a.loop.example -all"
a.loop.example. TXT "v=spf1 include:loop.example -all"
deep.example. TXT "v=spf1 include:i0.deep.example -all"
wide.example. TXT "v=spf1 %s -all"
lame.example. NS ns.lame.example.
''' % (big, ' " "'.join('include:w%d.wide.example' % i for i in range(60))) + ring + deep + chain + wide
    names = ('big', 'ring', 'chain', 'loop', 'deep', 'wide', 'lame')
    b.own(*('%s.example' % n for n in names))
    with b.serve(zone):
        took = {}
        for name in names:
            status, said, took[name] = b.ask(name + '.example')
            t.ok(status == 0 and took[name] < 8,
                 '%s.example is asked for' % name, '%d %.1f s %s' % (status, took[name], said))
    t.equal(b.fact('big.example'), (1, big), '60 KB of text come whole, by TCP')
    t.equal([b.fact('c%d.ring.example' % i, 5)[0] for i in range(3)], [1, 1, 1], 'aliases in a circle end')
    t.equal(b.fact('_dmarc.ring.example', 5), (1, 'c0.ring.example.'), 'and are facts')
    t.ok(b.sql("SELECT count(*) FROM dns_fact WHERE name LIKE '%.chain.example' AND type = 5")[0][0] < 100,
         'a long chain of aliases is not followed to its end')
    t.equal(b.fact('a.loop.example')[0], 1, 'includes in a circle end')
    for name in ('deep', 'wide'):
        last = b.last(name + '.example')
        t.ok(last['queries'] <= 40, '%s: no more than 40 questions' % name, last)
    t.ok(b.last('wide.example')['notice'], 'what was left out is said', b.last('wide.example'))
    last = b.last('lame.example')
    t.ok(last['failures'] > 0, 'a lame delegation is no answer', last)
    t.equal(b.fact('lame.example')[0], 4, 'and not taken for "there is none"')


def judged(b):
    """What is broken is a finding: of everything that was fetched so."""
    t = b.t
    wanted = {'big': 'S01', 'loop': 'S08', 'deep': 'S03', 'wide': 'S03'}
    keys = ('v=DKIM1; p=' + 'A' * 60, 'v=DKIM1; p=====', 'p=MIIB', 'v=DKIM1;;;p=;p=AAAA', '\\255\\254\\000=', 'v=DKIM1; p='
            + 'QUFB' * 50, 'v=DKIM1; k=ed25519; p=AAAA', ';' * 200, 'v=DKIM1; h=:::; s=*:; t=:y:; p=MIGf')
    zone = 'keys.example. TXT "v=spf1 -all"\n' + ''.join(
        'k%d._domainkey.keys.example. TXT "%s"\n' % (i, k) for i, k in enumerate(keys))
    signed = ''.join(
        '<record><row><source_ip>192.0.2.9</source_ip><count>%d</count><policy_evaluated><dkim>fail</dkim><spf>pass'
        '</spf></policy_evaluated></row><identifiers><header_from>keys.example</header_from></identifiers>'
        '<auth_results><dkim><domain>keys.example</domain><selector>k%d</selector><result>fail</result></dkim><spf>'
        '<domain>keys.example</domain><result>pass</result></spf></auth_results></record>' % (i + 1, i)
        for i in range(len(keys)))
    xml = tap.run(sys.executable, MK, 'xml', 'domain=keys.example', 'begin=%d' % (time.time() - 90000),
                  'end=%d' % (time.time() - 3700), 'rec=', 'raw=' + signed, check=(0,))[1]
    tap.ingest(b.db, tap.write(os.path.join(b.work, 'keys.xml'), xml), check=(0,))
    b.own('keys.example')
    with b.serve(zone):
        b.ask('keys.example')

    def ids(name):
        _, out, _ = tap.run(tap.QUERY, '--db', b.db, 'dns', name + '.example', '--format', 'json', check=(0, 65))
        return [(r['check_id'], r['record_name']) for r in json.loads(out)['data']]

    for name, check in wanted.items():
        found = {i for i, _ in ids(name)}
        t.ok(check in found, '%s.example is %s' % (name, check), found)
    for name in ('lame', 'ring', 'chain'):
        t.ok('D01' not in {i for i, _ in ids(name)}, '%s.example: what has no answer is not called missing' % name,
             ids(name))
    broken = {n for i, n in ids('keys') if i.startswith('K')}
    t.equal(sorted('k%d._domainkey.keys.example' % i for i in range(len(keys))), sorted(broken - {'keys.example'}),
            'each malformed key is a finding')
    status, out, _ = tap.run(tap.QUERY, '--db', b.db, 'causes', 'keys.example', '--last', 'all', '--format', 'json',
                             check=(0,))
    t.ok({r['cause'] for r in json.loads(out)['data']} <= {'dkim-badkey', 'dkim-weak', 'dkim-nokey', 'dkim-body'},
         'and a cause', out)


def monitored(b):
    """/metrics tells of each domain what the record checker and readiness say of it."""
    t, labels = b.t, re.compile(r'(\w+)="([^"]*)"')
    with web.Web('--db', b.db) as server:
        text = server.get('/metrics').text
    told, lookups, states = {}, {}, {}
    for line in text.splitlines():
        of = dict(labels.findall(line))
        if line.startswith('ruad_dns_findings{'):
            told[of['domain'], of['record'], of['severity']] = int(line.split()[-1])
        elif line.startswith('ruad_spf_lookups{'):
            lookups[of['domain']] = int(line.split()[-1])
        elif line.startswith('ruad_readiness_state{'):
            states[of['domain']] = of['state']
    for domain in ('good.example', 'big.example', 'loop.example', 'keys.example'):
        doc = json.loads(tap.run(tap.QUERY, '--db', b.db, 'dns', domain, '--format', 'json', check=(0, 65))[1])
        sums = {(domain, record, severity): 0 for record in ('spf', 'dkim', 'dmarc', 'zone')
                for severity in ('error', 'warning')}
        for row in doc['data']:
            key = domain, {'S': 'spf', 'K': 'dkim', 'D': 'dmarc', 'X': 'zone'}[row['check_id'][0]], row['severity']
            if key in sums:
                sums[key] += 1
        t.equal({k: v for k, v in told.items() if k[0] == domain}, sums, '%s is monitored: findings' % domain)
        ready = json.loads(tap.run(tap.QUERY, '--db', b.db, 'ready', domain, '--format', 'json', check=(0,))[1])
        t.equal(states.get(domain), (ready['data'] if isinstance(ready['data'], dict) else ready['data'][0])['verdict'],
                'and readiness')
    t.ok(sum(told.values()) > 0 and lookups.get('keys.example') == 0, 'and what SPF looks up', lookups)


class Flood:
    """A server whose answers do not fit UDP; by TCP it sends `send(message)` in one piece after the other
    until ten megabytes are gone or nobody listens."""

    def __init__(self, send):
        self.send, spare = send, []
        for _ in range(20):
            # A port that is free for UDP may be taken for TCP.
            self.udp, self.tcp = Liar(lambda m: reply(m, 0x8380)), socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.tcp.bind(('127.0.0.1', self.udp.port))
                break
            except OSError:
                spare.append((self.udp, self.tcp))
        self.tcp.listen(50)
        self.tcp.settimeout(0.1)
        self.threads, self.end, self.sent, self.port = [], False, 0, self.udp.port

    def __enter__(self):
        self.udp.__enter__()
        self.threads.append(threading.Thread(target=self.serve))
        self.threads[0].start()
        return self

    def serve(self):
        while not self.end:
            try:
                peer, _ = self.tcp.accept()
            except socket.timeout:
                continue
            self.threads.append(threading.Thread(target=self.answer, args=(peer,)))
            self.threads[-1].start()

    def answer(self, peer):
        with peer:
            peer.settimeout(0.2)
            try:
                message, gone = peer.recv(4096)[2:], 0
                while message and not self.end and gone < 10 << 20:
                    try:
                        gone += peer.send(self.send(message, gone))
                    except socket.timeout:
                        continue
                    time.sleep(0.001)
                self.sent += gone
                while not self.end and peer.recv(1):
                    pass
            except OSError:
                pass

    def __exit__(self, *_):
        self.end = True
        for thread in self.threads:
            thread.join()
        self.tcp.close()
        self.udp.__exit__()


def whole(message, _):
    """65535 bytes: as many texts as there is room for."""
    head = b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 300, 256) + b'\xff'
    records = [head + b'%0255d' % i for i in range((65535 - len(reply(message, 0x8580))) // (len(head) + 255))]
    data = reply(message, 0x8580, b''.join(records), len(records))
    return struct.pack('>H', len(data)) + data


def promised(message, gone):
    """A length, and ten bytes of it; then one byte now and then."""
    time.sleep(0.05)
    return struct.pack('>H', 65535) + message[:10] if gone == 0 else b'x'


def floods(b):
    """Ten megabytes where a record is expected, and answers that never end."""
    t = b.t
    b.own('flood.example')
    for name, send in (('ten megabytes by TCP', whole), ('an answer that never ends', promised)):
        with Flood(send) as server:
            conf = tap.write(os.path.join(b.work, 'conf'), b'[dns]\nservers = 127.0.0.1:%d\n' % server.port)
            begin = time.monotonic()
            process = subprocess.Popen([DNS, '--db', b.db, '--config', conf, 'flood.example'],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            took = time.monotonic() - begin
        t.ok(process.returncode in (0, 75) and took < 8, name + ' end in time',
             '%d %.1f s' % (process.returncode, took))
        t.ok(used.ru_maxrss < 200 << 10 or SANITIZED, 'and take no more memory than a domain may',
             used.ru_maxrss)
        t.ok(server.sent > 65536, name + ' were sent', server.sent) if send is whole else None
    kept = b.sql('SELECT coalesce(sum(length(records)), 0) FROM dns_fact JOIN domain AS d ON d.id = domain'
                 " WHERE d.name = 'flood.example'")[0][0]
    t.ok(0 < kept < 40 * 65536, 'what is kept is bounded', kept)


MOVED = '''
moved.example. NS ns1.host.example.
moved.example. NS ns2.host.example.
moved.example. TXT "v=spf1 redirect=_spf.host.example"
_dmarc.moved.example. TXT "v=DMARC1; p=reject; rua=mailto:d@moved.example"
'''
HOSTS = '''
ns1.host.example. A 127.0.0.2
ns2.host.example. A 127.0.0.3
ns3.host.example. A 127.0.0.2
_spf.host.example. TXT "v=spf1 ip4:192.0.2.1 -all"
'''


class Servers:
    """The zone at the resolver, and at the two servers the zone names."""

    def __init__(self, b, first, second, asked=MOVED, hosts=HOSTS):
        self.all = [Nsd(os.path.join(b.work, 'at' + ip), b.port, hosts, ip, {'moved.example': zone})
                    for ip, zone in (('127.0.0.1', asked), ('127.0.0.2', first), ('127.0.0.3', second))
                    if zone]

    def __enter__(self):
        for one in self.all:
            one.__enter__()

    def __exit__(self, *_):
        for one in self.all:
            one.__exit__()


def splits(b):
    """A domain that is moving: its name servers are asked one by one."""
    t = b.t
    b.own('moved.example')
    other = MOVED.replace('_spf.host', '_old.host')

    def found(domain='moved.example'):
        _, out, _ = tap.run(tap.QUERY, '--db', b.db, 'dns', domain, '--format', 'json', check=(0, 65))
        return [(r['check_id'], r['record_name'], r['message']) for r in json.loads(out)['data']]

    with Servers(b, MOVED, MOVED):
        t.equal(b.ask('moved.example')[:2], (0, ''), 'two servers that agree are asked')
        t.equal((b.sql('SELECT * FROM dns_split'), found()), ([], []), 'they agree, and nothing is found')
    with Servers(b, MOVED, other):
        b.ask('moved.example')
    t.equal(b.sql('SELECT name, type, former FROM dns_split'), [('moved.example', 16, 0)],
            'a record that differs is a fact')
    said = found()
    t.ok([i for i, _, _ in said] == ['X01'] and said[0][1] == 'moved.example' and 'ns1.host.example' in said[0][2]
         and 'ns2.host.example' in said[0][2], 'X01 and nothing else is raised by it, with both names', said)
    with Servers(b, MOVED, MOVED.replace('v=DMARC1', 'v=DMARC2').replace('_dmarc', '_dmarc2')):
        b.ask('moved.example')
    t.equal(b.sql('SELECT name, former FROM dns_split'), [('_dmarc.moved.example', 0)],
            'a record that one does not have is a split, and what was mended is none')
    with Servers(b, MOVED, ''):
        t.equal(b.ask('moved.example')[:2], (0, ''), 'a server that does not answer')
    t.equal(b.sql('SELECT name FROM dns_split'), [('_dmarc.moved.example',)],
            'is no proof of anything: what was found stands')
    with Servers(b, MOVED, MOVED):
        b.ask('moved.example')
    t.equal((found(), b.sql('SELECT * FROM dns_split')), ([], []), 'when both are the same it is over')
    new = MOVED.replace('ns2.host.example', 'ns3.host.example')
    with Servers(b, new, MOVED, new):
        b.ask('moved.example')
        t.equal(found(), [], 'a former server that says the same is not told of')
    with Servers(b, new, other, new):
        b.ask('moved.example')
    said = found()
    t.ok([i for i, _, _ in said] == ['X01'] and 'no longer' in said[0][2], 'one that still answers, and differs, is', said)
    last = b.last('moved.example')
    t.ok(last['queries'] <= 40 and last['failures'] == 0, 'all within the bound of questions', last)


def ordinary(b):
    """Three keys, five includes, two mail servers: all of it, and the name servers too, in 40 questions."""
    t = b.t
    signed = ''.join('<dkim><domain>busy.example</domain><selector>k%d</selector><result>pass</result></dkim>' % i
                     for i in range(3))
    mail = ('<record><row><source_ip>192.0.2.5</source_ip><count>9</count><policy_evaluated><dkim>pass</dkim><spf>'
            'pass</spf></policy_evaluated></row><identifiers><header_from>busy.example</header_from></identifiers>'
            '<auth_results>%s<spf><domain>busy.example</domain><result>pass</result></spf></auth_results></record>'
            % signed)
    xml = tap.run(sys.executable, MK, 'xml', 'domain=busy.example', 'begin=%d' % (time.time() - 90000),
                  'end=%d' % (time.time() - 3700), 'rec=', 'raw=' + mail, check=(0,))[1]
    tap.ingest(b.db, tap.write(os.path.join(b.work, 'busy.xml'), xml), check=(0,))
    b.own('busy.example')
    root = HOSTS + ''.join('i%d.host.example. TXT "v=spf1 ip4:192.0.2.%d -all"\n' % (i, i) for i in range(5))
    zone = 'busy.example. NS ns1.host.example.\nbusy.example. NS ns2.host.example.\n' \
        'busy.example. TXT "v=spf1 mx %s -all"\nbusy.example. MX 1 m1.busy.example.\n' \
        'busy.example. MX 2 m2.busy.example.\nm1.busy.example. A 192.0.2.5\nm2.busy.example. A 192.0.2.6\n' \
        '_dmarc.busy.example. TXT "v=DMARC1; p=none; rua=mailto:d@busy.example"\n' \
        % ' '.join('include:i%d.host.example' % i for i in range(5)) \
        + ''.join('k%d._domainkey.busy.example. TXT "%s"\n' % (i, KEY[:200]) for i in range(3))
    old = zone.replace('k0._domainkey', 'k9._domainkey')
    servers = [Nsd(os.path.join(b.work, 'busy' + ip), b.port, root, ip, {'busy.example': text})
               for ip, text in (('127.0.0.1', zone), ('127.0.0.2', zone), ('127.0.0.3', old))]
    with servers[0], servers[1], servers[2]:
        t.equal(b.ask('busy.example')[:2], (0, ''), 'an ordinary domain is asked for')
    last = b.last('busy.example')
    t.ok(last['notice'] is None and last['failures'] == 0 and last['queries'] <= 40, 'nothing is left out', last)
    t.equal([b.fact(name)[0] for name in ('i4.host.example', 'k2._domainkey.busy.example')], [1, 1],
            'nor is what it leads to')
    t.equal(b.sql("SELECT name FROM dns_split WHERE name LIKE '%busy%'"), [('k0._domainkey.busy.example',)],
            'and its servers are compared')


def own_address(b):
    """Whoever writes a zone cannot have questions sent to any place."""
    t = b.t
    hosts = HOSTS.replace('127.0.0.3', '224.0.0.1').replace('127.0.0.2', '0.0.0.0')
    with Servers(b, MOVED, MOVED, hosts=hosts):
        t.equal(b.ask('moved.example')[:2], (0, ''), 'addresses of no host are not asked')
    asked = b.last('moved.example')['queries']
    with Servers(b, MOVED, MOVED):
        b.ask('moved.example')
    more = b.last('moved.example')['queries']
    t.ok(more >= asked + 4, 'those of hosts are, two questions each', (asked, more))


def main():
    if not NSD:
        tap.skip_all('no nsd here')
    work = tap.scratch()
    b = Bench(work)
    try:
        b.own('good.example')
        b.report('good.example')
        for part in (learns, changes, fails, reverse, locks, many, bombs, judged, monitored, floods, splits, ordinary, own_address):
            tap.say(part.__name__)
            part(b)
    finally:
        tap.drop(work)
    b.t.done()


if __name__ == '__main__':
    main()
