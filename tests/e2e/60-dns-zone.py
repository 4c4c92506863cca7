"""Every rule of the record checker: a zone that raises exactly it, and a clean twin.

The zones are files, as their owner would write them; what mail showed comes from reports made up
and ingested. Where the finding names records to publish or to delete, doing so must turn it off.
"""
import base64
import json
import os
import re
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import tap  # noqa: E402

TODAY = 20500                       # a day; the clock stands in its middle
CLOCK = {'RUAD_CLOCK': str(TODAY * 86400 + 43200)}
D = 'example.com'


# ---- keys ---------------------------------------------------------------------------------------

def der(tag, body):
    n = len(body)
    head = bytes([n]) if n < 128 else (b'\x81' + bytes([n]) if n < 256 else b'\x82' + n.to_bytes(2, 'big'))
    return bytes([tag]) + head + body


def rsa(bits):
    """A key of that size, whoever could factor it: SubjectPublicKeyInfo, base64."""
    modulus = ((1 << bits) - 1) ^ (0x5a5a << (bits // 2))
    number = modulus.to_bytes(bits // 8, 'big')
    pair = der(0x30, der(2, b'\0' + number) + der(2, b'\1\0\1'))
    info = der(0x30, bytes.fromhex('06092a864886f70d0101010500'))
    return base64.b64encode(der(0x30, info + der(3, b'\0' + pair))).decode()


KEY = 'v=DKIM1; k=rsa; p=' + rsa(2048)
ED = 'v=DKIM1; k=ed25519; p=' + base64.b64encode(bytes(range(32))).decode()
HOLLOW = 'v=DKIM1; p='


# ---- zones: lists of (name, type, value[, ttl]); a TXT value is a text or a list of strings ------

def quoted(text):
    return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"')


def strings(value):
    if isinstance(value, list):
        return value
    return [value[i:i + 255] for i in range(0, len(value), 255)] or ['']


def line(record):
    name, kind, value = record[:3]
    if kind in ('TXT', 'SPF'):
        value = ' '.join(quoted(s) for s in strings(value))
    return '%s. %d IN %s %s\n' % (name, record[3] if len(record) > 3 else 3600, kind, value)


def soa(zone):
    return (zone, 'SOA', 'ns1.%s. host.%s. 1 2 3 4 5' % (zone, zone))


def zone_text(records):
    return ''.join(line(r) for r in records)


SPF_AT = '_spf.' + D
ZONE = [soa(D), (SPF_AT, 'TXT', 'v=spf1 ip4:192.0.2.1 -all')]
SPF = [(D, 'TXT', 'v=spf1 redirect=' + SPF_AT)]          # says nothing of its own "all"
DMARC = [('_dmarc.' + D, 'TXT', 'v=DMARC1; p=reject; rua=mailto:dmarc@' + D)]
CLEAN = ZONE + SPF + DMARC


def spf(record, *more):
    return ZONE + [(D, 'TXT', record)] + list(more) + DMARC


def dmarc(record, *more):
    return ZONE + SPF + [('_dmarc.' + D, 'TXT', record)] + list(more)


def dkim(*records):
    return CLEAN + [(name + '.' + D, kind, value) for name, kind, value in records]


def hosts(n, first=1):
    return [('h%d.%s' % (i, D), 'A', '192.0.2.%d' % i) for i in range(first, first + n)]


LIST = ' '.join('ip4:198.51.100.%d' % i for i in range(100, 124))
S1, DOUBLED = 's1._domainkey', 's1._domainkey.' + D
RUA = 'rua=mailto:dmarc@' + D
TAIL = ' redirect=' + SPF_AT

# id, zone, twin, what else is raised by the zone and why it cannot be left out
CASES = [
    ('S01', ZONE + DMARC, CLEAN),
    ('S02', spf('v=spf1 ip4:192.0.2.1 -all', (D, 'TXT', 'v=spf1 ip4:192.0.2.2 -all')), CLEAN),
    ('S03', spf('v=spf1 ' + ' '.join('a:h%d.%s' % (i, D) for i in range(1, 11)) + TAIL, *hosts(10)),
     spf('v=spf1 ' + ' '.join('a:h%d.%s' % (i, D) for i in range(1, 4)) + TAIL, *hosts(10))),
    ('S04', spf('v=spf1 ' + ' '.join('a:h%d.%s' % (i, D) for i in range(1, 10)) + TAIL, *hosts(10)),
     spf('v=spf1 ' + ' '.join('a:h%d.%s' % (i, D) for i in range(1, 8)) + TAIL, *hosts(10))),
    ('S05', spf('v=spf1 a:n1.example.com a:n2.example.com a:n3.example.com' + TAIL),
     spf('v=spf1 a:h1.example.com a:h2.example.com a:h3.example.com' + TAIL, *hosts(3))),
    ('S06', spf('v=spf1 ipv4:192.0.2.9' + TAIL), spf('v=spf1 ip4:192.0.2.9' + TAIL)),
    ('S06', spf('v=spf1 include:' + TAIL), spf('v=spf1 ip4:192.0.2.9' + TAIL)),
    ('S07', spf('v=spf1 include:none.example.com' + TAIL, ('none.' + D, 'TXT', 'hello')),
     spf('v=spf1 include:none.example.com' + TAIL, ('none.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all'))),
    ('S08', spf('v=spf1 include:loop.example.com' + TAIL,
                ('loop.' + D, 'TXT', 'v=spf1 include:example.com -all')),
     spf('v=spf1 include:loop.example.com' + TAIL, ('loop.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all'))),
    ('S09', spf('v=spf1 ip4:192.0.2.1 +all'), CLEAN),
    ('S09', spf('v=spf1 ip4:192.0.2.1 all'), CLEAN),
    ('S10', spf('v=spf1 ip4:192.0.2.1 ?all'), CLEAN),
    ('S10', spf('v=spf1 ip4:192.0.2.1'), CLEAN),
    ('S11', spf('v=spf1 ip4:192.0.2.1 ~all'), CLEAN),
    ('S11', spf('v=spf1 ip4:192.0.2.1 -all'), CLEAN),
    # Every "all" has something to say of itself.
    ('S12', spf('v=spf1 ~all ip4:192.0.2.1'), spf('v=spf1 ip4:192.0.2.1 ~all'), 'S11'),
    ('S13', spf('v=spf1 ip4:192.0.2.1 ~all' + TAIL), spf('v=spf1 ip4:192.0.2.1 ~all'), 'S11'),
    ('S14', spf('v=spf1 ptr' + TAIL), CLEAN),
    ('S15', spf('v=spf1 mx:big.example.com' + TAIL, *hosts(11),
                *[('big.' + D, 'MX', '10 h%d.%s.' % (i, D)) for i in range(1, 12)]),
     spf('v=spf1 mx:big.example.com' + TAIL, *hosts(11),
         *[('big.' + D, 'MX', '10 h%d.%s.' % (i, D)) for i in range(1, 11)])),
    ('S16', spf('v=spf1 ip4:2001:db8::1' + TAIL), spf('v=spf1 ip6:2001:db8::1' + TAIL)),
    ('S16', spf('v=spf1 ip4:192.0.2.1/33' + TAIL), spf('v=spf1 ip4:192.0.2.1/32' + TAIL)),
    ('S17', spf('v=spf1 ip4:20.0.0.0/8' + TAIL), spf('v=spf1 ip4:20.0.0.0/16' + TAIL)),
    ('S17', spf('v=spf1 ip6:2001:db8::/31' + TAIL), spf('v=spf1 ip6:2001:db8::/32' + TAIL)),
    ('S18', spf('v=spf1 ip4:192.168.3.4' + TAIL), spf('v=spf1 ip4:192.0.2.4' + TAIL)),
    ('S19', spf('v=spf1 a:gone.example.com' + TAIL), spf('v=spf1 a:h1.example.com' + TAIL, *hosts(1))),
    ('S20', spf('v=spf1 ' + LIST + TAIL), spf('v=spf1 ' + LIST[:200].rsplit(' ', 1)[0] + TAIL)),
    ('S21', spf(['v=spf1 ip4:192.0.2.9', 'include:inc.example.com' + TAIL],
                ('inc.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all')),
     spf(['v=spf1 ip4:192.0.2.9 ', 'include:inc.example.com' + TAIL],
         ('inc.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all'))),
    ('S22', spf('v=spf1; ip4:192.0.2.1' + TAIL), spf('v=spf1 ip4:192.0.2.1' + TAIL)),
    ('S22', spf(' v=spf1 ip4:192.0.2.1' + TAIL), spf('v=spf1 ip4:192.0.2.1' + TAIL)),
    ('S22', spf('"v=spf1 ip4:192.0.2.1' + TAIL + '"'), spf('v=spf1 ip4:192.0.2.1' + TAIL)),
    ('S23', spf('v=spf1 include:inc.example.com include:inc.example.com' + TAIL,
                ('inc.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all')),
     spf('v=spf1 include:inc.example.com' + TAIL, ('inc.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all'))),
    ('S28', CLEAN + [(D, 'TXT', 'spf2.0/pra ip4:192.0.2.1 -all')], CLEAN),
    ('S28', CLEAN + [(D, 'SPF', 'v=spf1 ip4:192.0.2.1 -all')], CLEAN),

    ('K02', dkim((S1, 'TXT', KEY), (S1, 'TXT', KEY + ';')), dkim((S1, 'TXT', KEY))),
    ('K03', dkim((S1, 'TXT', 'v=DKIM1; p=abc')), dkim((S1, 'TXT', KEY))),
    ('K03', dkim((S1, 'TXT', KEY[:-40])), dkim((S1, 'TXT', KEY))),
    ('K03', dkim((S1, 'TXT', 'v=DKIM1; k=rsa')), dkim((S1, 'TXT', KEY))),
    ('K03', dkim((S1, 'TXT', KEY.replace('k=rsa', 'k=dsa'))), dkim((S1, 'TXT', KEY))),
    ('K04', dkim((S1, 'TXT', HOLLOW)), dkim((S1, 'TXT', KEY))),
    ('K05', dkim((S1, 'TXT', 'v=DKIM1; p=' + rsa(768))), dkim((S1, 'TXT', KEY))),
    ('K06', dkim((S1, 'TXT', 'v=DKIM1; p=' + rsa(1024))), dkim((S1, 'TXT', KEY))),
    ('K07', dkim((S1, 'TXT', KEY.replace('DKIM1', 'DKIM2'))), dkim((S1, 'TXT', KEY))),
    ('K07', dkim((S1, 'TXT', KEY.replace('v=DKIM1; ', '') + '; v=DKIM1')), dkim((S1, 'TXT', KEY))),
    ('K07', dkim((S1, 'TXT', KEY.replace('DKIM1', 'dkim1'))), dkim((S1, 'TXT', KEY))),
    ('K08', dkim((S1, 'TXT', 'v=DKIM1; h=sha1;' + KEY[8:])),
     dkim((S1, 'TXT', 'v=DKIM1; h=sha1:sha256;' + KEY[8:]))),
    ('K09', dkim((S1, 'TXT', 'v=DKIM1; s=other;' + KEY[8:])),
     dkim((S1, 'TXT', 'v=DKIM1; s=email;' + KEY[8:]))),
    ('K10', dkim((S1, 'TXT', 'v=DKIM1; t=y;' + KEY[8:])), dkim((S1, 'TXT', 'v=DKIM1; t=s;' + KEY[8:]))),
    ('K12', dkim((S1, 'TXT', ED)), dkim((S1, 'TXT', ED), ('s2._domainkey', 'TXT', KEY))),
    ('K13', dkim((S1, 'CNAME', 'gone.example.com.')),
     dkim((S1, 'CNAME', 'k.example.com.'), ('k', 'TXT', KEY))),
    ('K14', dkim((S1, 'A', '192.0.2.80')), dkim((S1, 'TXT', KEY))),
    ('K14', dkim((S1, 'AAAA', '2001:db8::80')), dkim((S1, 'TXT', KEY))),
    ('K15', dkim((DOUBLED, 'TXT', KEY)), dkim((S1, 'TXT', KEY))),
    ('K16', dkim(('s1.domainkey', 'TXT', KEY)), dkim((S1, 'TXT', KEY))),
    ('K17', dkim(('*._domainkey', 'TXT', KEY)), dkim(('*._domainkey', 'TXT', HOLLOW))),
    ('K18', dkim((S1, 'TXT', KEY.replace(';', '\\;'))), dkim((S1, 'TXT', KEY))),
    ('K18', dkim((S1, 'TXT', '"' + KEY + '"')), dkim((S1, 'TXT', KEY))),

    ('D01', ZONE + SPF, CLEAN),
    ('D02', CLEAN + [('_dmarc.' + D, 'TXT', 'v=DMARC1; p=none; ' + RUA)], CLEAN),
    ('D03', dmarc('v=dmarc1; p=reject; ' + RUA), CLEAN),
    ('D03', dmarc('p=reject; v=DMARC1; ' + RUA), CLEAN),
    ('D04', dmarc('v=DMARC1; p=rejekt; ' + RUA), CLEAN),
    ('D04', dmarc('v=DMARC1; p=reject; np=rejekt; ' + RUA), CLEAN),
    ('D05', dmarc('v=DMARC1; ' + RUA), CLEAN),
    ('D06', dmarc('v=DMARC1; p=none; ' + RUA), CLEAN),
    ('D07', dmarc('v=DMARC1; p=reject'), CLEAN),
    ('D08', dmarc('v=DMARC1; p=reject; rua=dmarc@example.com'), CLEAN),
    ('D09', dmarc('v=DMARC1; p=reject; rua=mailto:x@example.net', soa('example.net')),
     dmarc('v=DMARC1; p=reject; rua=mailto:x@example.net', soa('example.net'),
           (D + '._report._dmarc.example.net', 'TXT', 'v=DMARC1;'))),
    ('D11', dmarc('v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com,mailto:c@example.com'),
     dmarc('v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com')),
    ('D11', dmarc('v=DMARC1; p=reject; ' + RUA + '!10m'), CLEAN),
    ('D12', dmarc('v=DMARC1; p=reject; pct=50; ' + RUA), CLEAN),
    ('D12', dmarc('v=DMARC1; p=reject; pct=50%; ' + RUA), CLEAN),
    ('D12', dmarc('v=DMARC1; p=reject; pct=100; ' + RUA), CLEAN),
    ('D13', dmarc('v=DMARC1; p=reject; rf=afrf; ' + RUA), CLEAN),
    ('D13', dmarc('v=DMARC1; p=reject; ri=86400; ' + RUA), CLEAN),
    ('D14', dmarc('v=DMARC1; p=reject; sp=none; np=reject; ' + RUA), CLEAN),
    ('D15', dmarc('v=DMARC1; p=quarantine; ' + RUA), dmarc('v=DMARC1; p=quarantine; np=reject; ' + RUA)),
    ('D16', dmarc('v=DMARC1; p=reject; t=y; ' + RUA), CLEAN),
    ('D18', dmarc('v=DMARC1; p=reject; fo=1; ' + RUA), CLEAN),
    ('D18', dmarc('v=DMARC1; p=reject; ruf=mailto:f@example.com; ' + RUA), CLEAN),
    ('D19', dmarc('v=DMARC1; p=reject; colour=red; ' + RUA), CLEAN),
    ('D19', dmarc('v=DMARC1; p=reject; adkm=r; ' + RUA), CLEAN),
    ('D20', dmarc('v=DMARC1; p=reject ' + RUA), CLEAN),
    ('D20', dmarc('v=DMARC1; p=reject, sp=reject; ' + RUA), CLEAN),
    ('D21', ZONE + SPF + [(D, 'TXT', 'v=DMARC1; p=reject; ' + RUA)], CLEAN),
    ('D21', ZONE + SPF + [('dmarc.' + D, 'TXT', 'v=DMARC1; p=reject; ' + RUA)], CLEAN),
    ('D21', ZONE + SPF + [('_dmarc.%s.%s' % (D, D), 'TXT', 'v=DMARC1; p=reject; ' + RUA)], CLEAN),
    ('D21', CLEAN + [('dmarc.' + D, 'TXT', 'v=DMARC1; p=none; ' + RUA)], CLEAN),
    ('D22', dmarc('v=spf1 -all'), CLEAN),
    ('D25', dmarc('v=DMARC1; p=reject; psd=y; ' + RUA), dmarc('v=DMARC1; p=reject; psd=n; ' + RUA)),
    ('X04', ZONE + SPF + [DMARC[0] + (100000,)], ZONE + SPF + [DMARC[0] + (86400,)]),
]


# ---- asking --------------------------------------------------------------------------------------

class Lab:
    def __init__(self, t):
        self.t, self.dir, self.count = t, tap.scratch(), 0

    def path(self, name):
        self.count += 1
        return os.path.join(self.dir, '%d-%s' % (self.count, name))

    def ask(self, records, *more, domain=D, check=(0, 65)):
        argv = [tap.QUERY, 'dns', domain, '--format', 'json', *more]
        if records is not None:
            path = self.path('zone')
            with open(path, 'w', encoding='utf-8') as f:
                f.write(zone_text(records))
            argv += ['--zone', path]
        status, out, _ = tap.run(*argv, env=CLOCK, check=check)
        doc = json.loads(out)
        errors = any(row['severity'] == 'error' for row in doc['data'])
        if (status == 65) != errors:
            self.t.ok(False, 'the status tells of errors', '%d for %r' % (status, argv))
        return doc

    def ids(self, *argv, **how):
        return sorted(row['check_id'] for row in self.ask(*argv, **how)['data'])


def meant_as(text):
    """What a text is meant to be: of one kind there is one at a name."""
    bare = text.lstrip(' "').lower()
    return 'spf' if bare.startswith('v=spf1') else 'dmarc' if 'dmarc1' in bare[:24] else 'other'


def repaired(records, fixes):
    """The zone after the owner did what the fixes say."""
    zone = list(records)
    for fix in fixes:
        name, kind, value = fix['record_name'], fix['record_type'], fix['record_text']

        def gone(r):
            if r[0] != name or r[1] != kind:
                return False
            there = ''.join(strings(r[2])) if kind in ('TXT', 'SPF') else r[2]
            if fix['action'] == 'delete':
                return there == value
            return kind != 'TXT' or name != D or meant_as(there) == meant_as(value)

        zone = [r for r in zone if not gone(r)]
        if fix['action'] == 'publish':
            zone.append((name, kind, value))
    return zone


def check_texts(t, id_, doc):
    for row in doc['data']:
        for key in ('message', 'advice'):
            if not row[key] or not row[key + '_es'] or '{' in row[key] + row[key + '_es']:
                t.ok(False, id_ + ' has its texts', json.dumps(row))
        if row['message'] == row['message_es'] or not row['reference']:
            t.ok(False, id_ + ' is said in both languages', json.dumps(row))
        if row['span_at'] is not None:
            end = row['span_at'] + row['span_length']
            if end > len(row['record_text'].encode()) or row['span_length'] < 1:
                t.ok(False, id_ + ' marks a place in the record', json.dumps(row))


def check_case(lab, case, number):
    id_, zone, twin = case[:3]
    want = sorted([id_] + list(case[3:]))
    name = '%s (%d)' % (id_, number)
    doc = lab.ask(zone)
    ids = sorted(set(row['check_id'] for row in doc['data']))
    lab.t.equal(ids, want, name + ' is raised by its zone and nothing else is')
    check_texts(lab.t, id_, doc)
    lab.t.ok(id_ not in lab.ids(twin), name + ' is not raised by the twin')
    own = [row['finding'] for row in doc['data'] if row['check_id'] == id_]
    fixes = [fix for fix in doc['fixes'] if fix['finding'] in own]
    if fixes:
        after = repaired(zone, fixes)
        lab.t.ok(id_ not in lab.ids(after), name + ' is turned off by publishing what it says',
                 zone_text(after) + json.dumps(fixes))


# ---- what mail showed ----------------------------------------------------------------------------

def row(ip, count, dkim_ok, spf_ok, envelope='+' + D, keys=(), sender=D):
    """A record: policy_evaluated, the raw SPF result and signatures "+s1@example.com"."""
    word = {True: 'pass', False: 'fail'}
    signed = ''.join('<dkim><domain>%s</domain><selector>%s</selector><result>%s</result></dkim>'
                     % (k[1:].split('@')[1], k[1:].split('@')[0], word[k[0] == '+']) for k in keys)
    return ('<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated>'
            '<disposition>none</disposition><dkim>%s</dkim><spf>%s</spf></policy_evaluated></row>'
            '<identifiers><header_from>%s</header_from></identifiers><auth_results>%s<spf><domain>%s'
            '</domain><result>%s</result></spf></auth_results></record>\n'
            % (ip, count, word[dkim_ok], word[spf_ok], sender, signed, envelope[1:],
               word[envelope[0] == '+']))


def store(lab, reports, own=(D,), settings=(), p='reject'):
    """A database of reports {days ago: rows} of own domains."""
    db, mails = lab.path('db'), tap.maildir(lab.path('mail'))
    for ago, text in reports.items():
        begin = (TODAY - ago) * 86400
        _, data, _ = tap.run(sys.executable, os.path.join(HERE, 'mk.py'), 'mail', 'id=r%d' % ago,
                             'begin=%d' % begin, 'end=%d' % (begin + 86399), 'rec=', 'raw=' + text,
                             'p=' + p, 'domain=' + D, check=(0,))
        tap.write(os.path.join(mails, 'new', '%d.M1' % ago), data)
    for domain in own:
        tap.run(tap.QUERY, '--db', db, 'domain', 'add', domain, env=CLOCK, check=(0,)) \
            if os.path.exists(db) else None
    tap.ingest(db, mails, env=CLOCK, check=(0,))
    for domain in own:
        tap.run(tap.QUERY, '--db', db, 'domain', 'add', domain,
                *[s for d, s in settings if d == domain], env=CLOCK, check=(0, 64))
    return db


def note_down(db, records, ago, domain=D):
    """What ruad-dns would have written, first seen so many days ago."""
    seen = (TODAY - ago) * 86400
    numbers = {'A': 1, 'SOA': 6, 'MX': 15, 'TXT': 16, 'AAAA': 28}
    con = sqlite3.connect(db)
    (number,) = con.execute('SELECT id FROM domain WHERE name = ?', (domain,)).fetchone()
    con.execute('INSERT INTO dns_run (domain, asked, answered, queries, failures) '
                'VALUES (?, ?, ?, 1, 0)', (number, seen, seen))
    for record in records:
        if record[1] != 'TXT':
            continue
        text = ' '.join(quoted(s) for s in strings(record[2]))
        con.execute('INSERT INTO dns_fact (domain, name, type, status, records, ttl, first_seen, '
                    'last_seen) VALUES (?, ?, ?, 1, ?, 3600, ?, ?)',
                    (number, record[0], numbers['TXT'], text, seen, seen))
    con.commit()
    con.close()


OWN = row('192.0.2.1', 10, True, True, keys=['+s1@' + D])
SIGNED = CLEAN + [(S1 + '.' + D, 'TXT', KEY)]
STRANGE = row('203.0.113.9', 10, True, True, keys=['+s1@' + D])


def seen(lab, id_, db, zone, twin, *also, twin_db=None):
    lab.t.equal(lab.ids(zone, '--db', db), sorted([id_] + list(also)),
                id_ + ' is raised by that mail and zone, and nothing else is')
    lab.t.ok(id_ not in lab.ids(twin, '--db', twin_db or db), id_ + ' is not raised by the twin')
    doc = lab.ask(zone, '--db', db)
    check_texts(lab.t, id_, doc)


def check_mail(lab):
    db = store(lab, {1: OWN})
    used = ZONE + [('inc.' + D, 'TXT', 'v=spf1 ip4:192.0.2.3 -all'),
                   (D, 'TXT', 'v=spf1 include:inc.example.com' + TAIL)] + DMARC
    with_key = [(S1 + '.' + D, 'TXT', KEY)]
    seen(lab, 'K01', db, CLEAN, SIGNED)
    seen(lab, 'K04', db, CLEAN + [(S1 + '.' + D, 'TXT', HOLLOW)], SIGNED)
    old = store(lab, {1: OWN, 95: OWN})
    seen(lab, 'S24', old, used + with_key, used + with_key,
         twin_db=store(lab, {1: OWN + row('192.0.2.3', 4, True, True, keys=['+s1@' + D]), 95: OWN}))
    lab.t.ok('S24' not in lab.ids(used + with_key, '--db', db), 'S24 waits for 90 days of reports')
    seen(lab, 'S25', store(lab, {1: OWN + STRANGE}), SIGNED,
         [r for r in SIGNED if r[0] != SPF_AT] +
         [(SPF_AT, 'TXT', 'v=spf1 ip4:192.0.2.1 ip4:203.0.113.9 -all')])
    six = store(lab, {1: OWN + row('2001:db8::9', 10, True, True, keys=['+s1@' + D])})
    seen(lab, 'S26', six, SIGNED, [r for r in SIGNED if r[0] != SPF_AT] +
         [(SPF_AT, 'TXT', 'v=spf1 ip4:192.0.2.1 ip6:2001:db8::9 -all')])
    seen(lab, 'K19', store(lab, {1: OWN, 80: row('192.0.2.1', 10, True, True, keys=['+old@' + D])}),
         SIGNED + [('old._domainkey.' + D, 'TXT', KEY)], SIGNED + [('old._domainkey.' + D, 'TXT', KEY)],
         twin_db=store(lab, {1: OWN, 50: row('192.0.2.1', 10, True, True, keys=['+old@' + D])}))
    strict = [(S1 + '.' + D, 'TXT', KEY.replace('k=rsa', 't=s'))]
    under = store(lab, {1: OWN + row('192.0.2.1', 3, True, True, keys=['+s1@' + D], sender='sub.' + D)})
    seen(lab, 'K11', under, CLEAN + strict, SIGNED)
    lab.t.equal(lab.ids(CLEAN + strict, '--db', db), [], 'K11 is not raised without such mail')
    seen(lab, 'K21', store(lab, {1: row('192.0.2.1', 10, False, True)}), CLEAN, SIGNED, twin_db=db)
    both = store(lab, {1: OWN + STRANGE + row('203.0.113.8', 10, True, True, keys=['+s1@' + D])})
    three = [r for r in SIGNED if r[0] != D or r[1] != 'TXT'] + \
        [(D, 'TXT', 'v=spf1 ip4:192.0.2.1 ip4:10.1.2.3 a:gone.example.com ?all')]
    doc = lab.ask(three, '--db', both)
    after = repaired(three, doc['fixes'])
    lab.t.equal(sorted(r['check_id'] for r in doc['data']), ['S10', 'S18', 'S19', 'S25', 'S25'],
                'several things are wrong with one record')
    lab.t.equal(lab.ids(after, '--db', both), ['S11'], 'and all go by publishing what they say')
    strict = 'v=DMARC1; p=reject; aspf=s; ' + RUA
    failed = store(lab, {1: OWN + row('192.0.2.1', 5, False, False, '+bounce.' + D)})
    seen(lab, 'D17', failed, dmarc(strict, *with_key), SIGNED)
    there = [soa('2.0.192.in-addr.arpa')]
    seen(lab, 'X02', db, SIGNED + there, SIGNED + there + hosts(1) +
         [('1.2.0.192.in-addr.arpa', 'PTR', 'h1.example.com.')])
    mine = store(lab, {1: OWN}, settings=[(D, 'rua=in@example.com')])
    seen(lab, 'D10', mine, SIGNED, dmarc('v=DMARC1; p=reject; rua=mailto:in@example.com', *with_key))
    parked = store(lab, {1: row('203.0.113.77', 3, False, False, '-' + D)},
                   settings=[(D, 'parked=yes')])
    closed = [soa(D), (D, 'TXT', 'v=spf1 -all'), (D, 'MX', '0 .')] + DMARC
    seen(lab, 'X03', parked, [r for r in closed if r[1] != 'MX'], closed)
    lab.t.equal(lab.ids(closed, '--db', parked), [], 'a domain that is closed has nothing to say')


def check_history(lab):
    """What takes the history of the records too: no zone file, but what ruad-dns noted down."""
    db = store(lab, {1: OWN})
    note_down(db, SIGNED, 400)
    lab.t.equal(lab.ids(None, '--db', db), ['K20'], 'K20 is raised by a key of 400 days')
    db = store(lab, {1: OWN})
    note_down(db, SIGNED, 10)
    lab.t.equal(lab.ids(None, '--db', db), [], 'and by none of 10')
    db = store(lab, {ago: OWN for ago in range(1, 8)}, p='none')
    note_down(db, SIGNED, 10)
    lab.t.equal(lab.ids(None, '--db', db), ['D24'], 'D24 is raised by reports of another policy')
    db = store(lab, {ago: OWN for ago in range(1, 8)}, p='none')
    note_down(db, SIGNED, 1)
    lab.t.equal(lab.ids(None, '--db', db), [], 'and not on the day of the change')
    listed = [(D, 'TXT', 'v=spf1 ip4:192.0.2.1 ip4:192.0.2.2' + TAIL)]
    for other, want in ((listed[0][2], ['S27']), ('v=spf1 ip4:192.0.2.5 ip4:192.0.2.6 -all', [])):
        db = store(lab, {1: OWN}, own=(D, 'example.net'))
        note_down(db, [r for r in SIGNED if r[0] != D] + listed, 10)
        note_down(db, [('example.net', 'TXT', other)], 10, 'example.net')
        lab.t.equal(lab.ids(None, '--db', db), want, 'S27 is raised by equal lists only (%d)' % len(want))
    empty = store(lab, {1: OWN})
    status, _, err = tap.run(tap.QUERY, '--db', empty, 'dns', D, env=CLOCK)
    lab.t.ok(status == 66 and 'run ruad-dns ' + D in err, 'what nobody asked for is told from nothing',
             '%d %s' % (status, err))


def check_changes(lab):
    db = store(lab, {1: OWN})
    note_down(db, SIGNED, 30)
    con = sqlite3.connect(db)
    con.execute("UPDATE dns_fact SET holds = 0 WHERE name = '_dmarc.example.com'")
    con.execute("INSERT INTO dns_fact (domain, name, type, status, records, ttl, first_seen, last_seen)"
                " SELECT domain, name, type, 1, '\"v=DMARC1; p=none\"', 60, first_seen + 86400,"
                " last_seen + 172800 FROM dns_fact WHERE name = '_dmarc.example.com'")
    con.commit()
    con.close()
    _, out, _ = tap.run(tap.QUERY, '--db', db, 'dns', D, '--history', '--format', 'json', check=(0,))
    lab.t.equal([(r['record_name'], r['record_type'], r['answer'], r['in_force'], r['came'], r['gone'])
                 for r in json.loads(out)['data']],
                [('_dmarc.' + D, 'TXT', 'found', False, None, None),
                 ('_dmarc.' + D, 'TXT', 'found', True, '"v=DMARC1; p=none"',
                  '"%s"' % DMARC[0][2])], 'the history tells of what changed, and of nothing else')
    _, out, _ = tap.run(tap.QUERY, '--db', db, 'dns', D, '--history', check=(0,))
    lab.t.ok('  - "v=DMARC1; p=reject' in out.decode() and '  + "v=DMARC1; p=none"' in out.decode(),
             'and shows people the difference', out.decode())


# ---- the rest ------------------------------------------------------------------------------------

def check_move(lab):
    """The move of an article's reader: a key under the doubled name, two SPF records, pct=50%, rua
    without mailto:."""
    zone = ZONE + [(D, 'TXT', 'v=spf1 ip4:192.0.2.1 ~all'), (D, 'TXT', 'v=spf1 ip4:192.0.2.2 ~all'),
                   (DOUBLED + '.' + D, 'TXT', KEY),
                   ('_dmarc.' + D, 'TXT', 'v=DMARC1; p=reject; pct=50%; rua=dmarc@example.com')]
    doc = lab.ask(zone)
    lab.t.equal([r['check_id'] for r in doc['data']], ['S02', 'K15', 'D08', 'D12'],
                'the broken move is found out, in order')
    after = repaired(zone, doc['fixes'])
    lab.t.equal(lab.ids(after), ['S11'], 'and publishing what it says mends it')
    cut = lab.ask(dkim((DOUBLED, 'TXT', KEY[:60])))
    lab.t.equal([(r['check_id'], [f['action'] for f in cut['fixes']]) for r in cut['data']],
                [('K15', ['delete'])],
                'a key that is cut is not to be published again at the right place')
    suggested = lab.ask(zone, '--suggest')['suggestions']
    lab.t.equal([(s['about'], s['panel_name'], s['record_text']) for s in suggested],
                [('spf', '@', 'v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all'),
                 ('dmarc', '_dmarc', 'v=DMARC1; p=reject; rua=mailto:dmarc@example.com')],
                'the next records are the mended ones')
    text = tap.run(tap.QUERY, 'dns', D, '--zone', '-', stdin=zone_text(zone).encode(), env=CLOCK)
    lab.t.ok(text[0] == 65 and b'ERROR S02' in text[1] and b'  ^^^' in text[1], 'people see the place',
             text[1].decode())
    spanish = tap.run(tap.QUERY, 'dns', D, '--zone', '-', '--lang', 'es',
                      stdin=zone_text(zone).encode(), env=CLOCK)
    lab.t.ok('Publique TXT' in spanish[1].decode() and 'Publish' not in spanish[1].decode(),
             'in Spanish as well', spanish[1].decode())


def check_together(lab):
    """Whoever copies the record of one finding mends what the others say of it too."""
    zone = dmarc('v=DMARC1; p=reject; sp=none; t=y; pct=30; psd=y; np=reject; rua=dmarc@example.com')
    doc = lab.ask(zone)
    lab.t.equal([r['check_id'] for r in doc['data']], ['D08', 'D12', 'D14', 'D16', 'D25'],
                'a record has several faults')
    lab.t.equal({f['record_text'] for f in doc['fixes']},
                {'v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@example.com'}, 'and one fix')
    lab.t.equal(lab.ids(repaired(zone, doc['fixes'][:1])), [], 'that is enough')


def check_subdomain(lab):
    sub = 'news.' + D
    zone = CLEAN + [(sub, 'TXT', 'v=spf1 redirect=' + SPF_AT)]
    lab.t.equal(lab.ids(zone, domain=sub), ['D23'], 'D23 is raised where the record is the parent\'s')
    own = zone + [('_dmarc.' + sub, 'TXT', 'v=DMARC1; p=reject; ' + RUA)]
    lab.t.equal(lab.ids(own, domain=sub), [], 'and not where there is one of its own')
    lab.t.equal([s['about'] for s in lab.ask(zone, '--suggest', domain=sub)['suggestions']], ['spf'],
                'no record of its own is suggested that might say less')


def check_whole(lab):
    lab.t.equal(lab.ids(CLEAN), [], 'the clean zone is clean')
    doc = lab.ask(CLEAN)
    lab.t.equal([(n['depth'], n['lookups'], n['lookup_state']) for n in doc['lookups']],
                [(0, 1, 'fine'), (1, 1, 'fine')], 'look-ups are counted in a tree')
    known = doc['checked']
    lab.t.equal((known['record_name'], known['zone'], known['asked'], known['error_count'],
                 known['lookups'], known['void_lookups'], known['lookups_complete']),
                (D, D, None, 0, 1, 0, True), 'and what was checked is told')
    lab.t.equal([(r['about'], r['record_text']) for r in doc['published']],
                [('spf', SPF[0][2]), ('dmarc', DMARC[0][2])], 'the records in force are listed')
    status, _, err = tap.run(tap.QUERY, 'dns', D, '--zone', '-', stdin=b'@ IN A 300.1.1.1\n')
    lab.t.ok(status == 65 and '-: line 1: ' in err, 'a fault of the file is named by its line', err)
    status, _, err = tap.run(tap.QUERY, 'dns', D, '--zone', os.path.join(lab.dir, 'nowhere'))
    lab.t.ok(status == 66 and 'nowhere' in err, 'and so is a file that is not there', err)
    status, _, err = tap.run(tap.QUERY, 'dns', 'no domain', '--zone', '-', stdin=b'')
    lab.t.equal(status, 64, 'what is no domain name is refused')


def check_tags(t):
    _, out, _ = tap.run(tap.QUERY, 'dns', '--tags', '--format', 'json', check=(0,))
    said = {row['tag']: row for row in json.loads(out)['data']}
    wanted = 'v p sp np rua ruf rf pct adkim aspf ri fo t ~all -all ?all +all'.split()
    t.equal([tag for tag in wanted if tag not in said or not said[tag]['text']
             or said[tag]['text'] == said[tag]['text_es']], [], 'every tag is explained, twice')
    _, out, _ = tap.run(tap.QUERY, 'dns', '--tags', '--lang', 'es', check=(0,))
    t.ok(said['pct']['text_es'] in out.decode(), 'to people in their language')


def check_all_there(t):
    """Every id of the rules has a zone here, but for those that nothing can raise yet."""
    ids = set()
    for part in ('spf', 'dkim', 'dmarc'):
        with open(os.path.join(tap.ROOT, 'store/judge/dns/rule_%s.h' % part), encoding='utf-8') as f:
            ids |= set(re.findall(r'^R\d\((\w+)', f.read(), re.M))
    with open(os.path.abspath(__file__), encoding='utf-8') as f:
        here = f.read()
    raised = {case[0] for case in CASES} | set(re.findall(r"seen\(lab, '(\w+)'", here)) | \
        {'K20', 'D24', 'S27', 'D23'}
    # Two name servers take the network: see 61-dns-live.py.
    t.equal(sorted(ids - raised), ['X01'], 'every rule is raised by something')
    t.ok(len(CASES) >= 90, 'there are 90 zones, and as many twins', len(CASES))


def main():
    t = tap.Tap()
    lab = Lab(t)
    try:
        check_all_there(t)
        check_whole(lab)
        check_tags(t)
        numbers = {}
        for case in CASES:
            numbers[case[0]] = numbers.get(case[0], 0) + 1
            check_case(lab, case, numbers[case[0]])
        check_subdomain(lab)
        check_move(lab)
        check_together(lab)
        check_mail(lab)
        check_history(lab)
        check_changes(lab)
    finally:
        tap.drop(lab.dir)
    t.done()


if __name__ == '__main__':
    main()
