"""ruad-query ready: four domains that tempt to lie.

A  all own mail passes, and 60 % of all mail is forged: ready.
B  99.5 % of own mail passes, but none of the invoice server's: blocked, and the server is named.
C  own mail passes by SPF alone: ready for quarantine, never for reject.
D  six days of reports: unmeasured.
"""
import base64
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import kit  # noqa: E402
import tap  # noqa: E402

TODAY = 40                  # days after kit.BEGIN, which is now for the programs
NOW = kit.BEGIN + TODAY * kit.DAY
OFFICE, INVOICES = '192.0.2.1', '203.0.113.7'


def der(tag, body):
    size = len(body)
    head = bytes([size]) if size < 128 else (
        lambda n: bytes([128 + len(n)]) + n)(size.to_bytes((size.bit_length() + 7) // 8, 'big'))
    return bytes([tag]) + head + body


def rsa(bits):
    """A key that reads well; nobody signs with it."""
    modulus = b'\0' + (1 << bits - 1 | 1).to_bytes(bits // 8, 'big')
    numbers = der(0x30, der(2, modulus) + der(2, b'\1\0\1'))
    algorithm = der(0x30, der(6, bytes.fromhex('2a864886f70d010101')) + der(5, b''))
    return base64.b64encode(der(0x30, algorithm + der(3, b'\0' + numbers))).decode()


def own(domain, count, ip=OFFICE, signed=True, passes=True):
    auth = [kit.spf(domain, 'pass' if passes else 'fail')]
    if signed and passes:
        auth.insert(0, kit.dkim(domain))
    return kit.record(ip, count, 'none', 'pass' if signed and passes else 'fail',
                      'pass' if passes else 'fail', header_from=domain, auth=auth)


def forged(domain, day, count):
    return kit.record('198.51.%d.%d' % (100 + day, day + 1), count, 'none', 'fail', 'fail',
                      header_from=domain, auth=[kit.spf('bot%d.example' % day, 'pass')])


def report(box, domain, day, rows, p='none'):
    """Of one day, by two reporters that share the rows between them."""
    begin = kit.BEGIN + day * kit.DAY
    for n, org in enumerate(('google.com', 'reporter.example')):
        xml = kit.feedback(rows if n == 0 else [own(domain, 1)], org_name=org, domain=domain, p=p,
                           sp=None, report_id='%s-%d' % (domain, day), begin=begin,
                           end=begin + kit.DAY - 1)
        tap.write(os.path.join(box, '%s-%d-%d.xml' % (domain, day, n)), kit.octets(xml))


def domains(box):
    for day in range(TODAY - 31, TODAY):
        report(box, 'a.example', day, [own('a.example', 39), forged('a.example', day, 60)])
        rows = [own('b.example', 270)]
        if day % 7 == 0:
            rows.append(own('b.example', 10, INVOICES, passes=False))
        report(box, 'b.example', day, rows)
        report(box, 'c.example', day, [own('c.example', 40, signed=False)])
    for day in range(TODAY - 6, TODAY):
        report(box, 'd.example', day, [own('d.example', 500)])


def txt(text):
    return ' '.join('"%s"' % text[i:i + 255] for i in range(0, len(text), 255))


def publish(db, domain, dmarc):
    """What ruad-dns would have found."""
    key = 'v=DKIM1; k=rsa; p=' + rsa(2048)
    with sqlite3.connect(db) as con:
        number = con.execute('SELECT id FROM domain WHERE name = ?', (domain,)).fetchone()[0]
        con.execute('INSERT OR REPLACE INTO dns_run VALUES (?, ?, ?, 3, 0, NULL)', (number, NOW, NOW))
        con.execute('DELETE FROM dns_fact WHERE domain = ?', (number,))
        for name, text in ((domain, 'v=spf1 ip4:192.0.2.1 ip4:203.0.113.7 -all'), ('_dmarc.' + domain, dmarc),
                           ('s1._domainkey.' + domain, key)):
            con.execute('INSERT INTO dns_fact (domain, name, type, status, records, ttl,'
                        ' first_seen, last_seen) VALUES (?, ?, 16, 1, ?, 3600, ?, ?)',
                        (number, name, txt(text), kit.BEGIN, NOW))


class World:
    def __init__(self, directory):
        self.db = os.path.join(directory, 'ruad.db')
        self.box = os.path.join(directory, 'box')
        os.mkdir(self.box)

    def said(self, domain, *words):
        tap.run(tap.QUERY, '--db', self.db, 'domain', 'set', domain, *words, check=(0,))

    def ready(self, domain, *words):
        doc = tap.query(self.db, 'ready', domain, *words)
        return doc['data'], {row['check_id']: row for row in doc['checks']}, doc['affected']


def honesty(t, w):
    a, checks, affected = w.ready('a.example')
    t.equal((a['verdict'], a['step']), ('ready', 'quarantine'), 'A: forgeries keep nobody from ready')
    t.equal((a['own_pass_ratio'], affected), (1, []), 'A: no own mail would be affected')
    t.ok(all(checks['Q%d' % n]['state'] == 'ok' for n in range(1, 8)), 'A: every check is passed',
         [row['text'] for row in checks.values()])
    t.equal(a['next_record'], 'v=DMARC1; p=quarantine; rua=mailto:d@a.example',
            'A: the next record keeps rua and drops pct')
    t.equal(a['back_record'], 'v=DMARC1; p=none; pct=100; rua=mailto:d@a.example',
            'A: the way back is the record there is')
    b, checks, affected = w.ready('b.example')
    t.ok(.994 < b['own_pass_ratio'] < 1, 'B: nearly all own mail passes', b['own_pass_ratio'])
    t.equal((b['verdict'], checks['Q3']['state']), ('blocked', 'failed'), 'B: and yet it is blocked')
    t.ok('203.0.113' in checks['Q3']['source_name'] and '203.0.113' in b['sentence'],
         'B: the invoice server is named', (checks['Q3'], b['sentence']))
    t.equal([row['messages'] for row in affected], [40], 'B: what it would lose is told by source')
    c, checks, _ = w.ready('c.example')
    t.equal((c['verdict'], c['step'], checks['R2']['state']), ('ready', 'quarantine', 'not_needed'),
            'C: SPF alone is enough for quarantine')
    d, _, _ = w.ready('d.example')
    t.equal(d['verdict'], 'unmeasured', 'D: six days measure nothing')


def towards_reject(t, w):
    publish(w.db, 'c.example', 'v=DMARC1; p=quarantine; rua=mailto:d@c.example')
    publish(w.db, 'a.example', 'v=DMARC1; p=reject; rua=mailto:d@a.example')
    c, checks, _ = w.ready('c.example')
    t.equal((c['verdict'], c['step'], checks['R2']['state'], checks['R1']['state']),
            ('blocked', 'reject', 'failed', 'failed'), 'C: but not for reject')
    a, _, _ = w.ready('a.example')
    t.equal((a['verdict'], a['next_record'], a['back_record']),
            ('enforced', None, 'v=DMARC1; p=quarantine; rua=mailto:d@a.example'),
            'at reject there is only a way back')
    t.equal(a['note'], None, 'with nothing to heed')
    publish(w.db, 'a.example', 'v=DMARC1; p=reject; t=y; rua=mailto:d@a.example')
    a, checks, _ = w.ready('a.example')
    t.ok(checks['R1']['state'] == 'failed' and 't=y' in a['note'], 'a test mode is no rehearsal', a)
    t.equal(a['next_record'], 'v=DMARC1; p=reject; rua=mailto:d@a.example', 'it is to be taken out')


def words(t, w):
    publish(w.db, 'a.example', 'v=DMARC1; p=none; rua=mailto:d@a.example')
    w.said('a.example', 'rare_senders=')
    a, checks, _ = w.ready('a.example')
    t.equal((a['verdict'], checks['Q7']['state']), ('almost', 'unknown'),
            'an answer taken back is missing again')
    w.said('a.example', 'rare_senders=yes')
    with sqlite3.connect(w.db) as con:
        con.execute('DELETE FROM dns_fact')
        con.execute('DELETE FROM dns_run')
    a, checks, _ = w.ready('a.example', '--lang', 'es')
    t.equal((a['verdict'], checks['Q5']['state'], a['record_from'], a['next_record']),
            ('almost', 'unknown', 'reports', 'v=DMARC1; p=quarantine'),
            'a DNS that was never asked is not taken for good')
    t.ok('rua' in a['note'], 'and that reports do not tell the addresses is said', a['note'])
    t.ok(a['sentence'].startswith('Casi listo'), 'Spanish is spoken', a['sentence'])
    t.equal(tap.run(tap.QUERY, '--db', w.db, 'ready', 'nobody.example')[0], 66,
            'a domain nobody knows is an error')
    t.equal(tap.run(tap.QUERY, '--db', w.db, 'domain', 'set', 'a.example', 'mailing_lists=perhaps')[0],
            64, 'an answer is yes or no')
    status, out, _ = tap.run(tap.QUERY, '--db', w.db, 'ready', 'b.example')
    t.ok(status == 0 and b'blocked' in out and b'203.0.113' in out, 'people can read it', out)


def monitored(t, w):
    """The plugin's status is the verdict's."""
    states = {'regressed': 2, 'blocked': 1, 'unmeasured': 3}
    for domain in ('a.example', 'b.example', 'c.example', 'd.example'):
        verdict = w.ready(domain)[0]['verdict']
        status, out, _ = tap.run(tap.QUERY, '--db', w.db, 'check', '--mode', 'ready', '--domain', domain)
        t.ok(status == states.get(verdict, 0) and '%s %s: ' % (domain, verdict) in out.decode(),
             'a monitor hears that %s is %s' % (domain, verdict), (status, out))
    status, out, _ = tap.run(tap.QUERY, '--db', w.db, 'check', '--mode', 'ready')
    t.ok(status == 1 and b'b.example blocked: ' in out and b'unmeasured=1' in out,
         'of all it hears of the one that is blocked', out)
    t.equal(tap.run(tap.QUERY, '--db', w.db, 'check', '--mode', 'ready', '-w', '1')[0], 3,
            'or, where that is allowed, that one is not measured')


def main():
    os.environ['RUAD_CLOCK'] = str(NOW)
    t, directory = tap.Tap(), tap.scratch()
    try:
        w = World(directory)
        domains(w.box)
        tap.ingest(w.db, w.box, check=(0,))
        for domain in ('a.example', 'b.example', 'c.example', 'd.example'):
            tap.run(tap.QUERY, '--db', w.db, 'domain', 'add', domain, 'rare_senders=yes', 'mailing_lists=no',
                    check=(0,))
            publish(w.db, domain, 'v=DMARC1; p=none; pct=100; rua=mailto:d@' + domain)
        w.said('b.example', 'network=203.0.113.7/32')
        honesty(t, w)
        monitored(t, w)
        towards_reject(t, w)
        words(t, w)
        t.ok(tap.run(tap.QUERY, '--db', w.db, 'selftest')[0] == 0, 'the selftest finds nothing')
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
