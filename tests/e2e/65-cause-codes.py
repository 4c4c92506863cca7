"""Every cause and every note: mail and zones that have it, and neighbours that must not.

What each case is expected to be was written from the table of patterns, before it was run. Each is a
domain of its own, with a mail server that is well; one name server has all the zones, and ruad-dns
asked it three weeks before today.
"""
import importlib
import ipaddress
import json
import os
import re
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import tap  # noqa: E402

zones = importlib.import_module('60-dns-zone')
live = importlib.import_module('61-dns-live')

TODAY = zones.TODAY
GOOGLE, YAHOO, GMX = 'google.com', 'Yahoo', 'GMX'
SERVER = '203.0.113.1'      # of the mail that is well, in every domain
X = '198.18.1.1'            # the source that is asked about
SIX = '2001:db8:1::1'
KEY, WEAK = zones.KEY, 'v=DKIM1; p=' + zones.rsa(768)
HEAD = '<feedback><report_metadata><org_name>%s</org_name><email>d@@reporter.example</email><report_id>%s' \
    '</report_id><date_range><begin>%d</begin><end>%d</end></date_range></report_metadata>' \
    '<policy_published><domain>%s</domain>%s<p>%s</p></policy_published>%s</feedback>'


def tag(name, value):
    return '<%s>%s</%s>' % (name, value, name)


def at_home(text, domain):
    """@ is the domain, @@ is @."""
    return text.replace('@@', '\0').replace('@', domain).replace('\0', '@')


def row(ip=X, n=10, dkim=False, spf=False, raw='fail', at='@', signed=(), sender='@', envelope=None,
        reason='', scope='mfrom'):
    """A record. raw: SPF's result, at: for which name. signed: "selector@d result"."""
    word = {True: 'pass', False: 'fail'}
    keys = ''
    for one in signed:
        name, result = one.split()
        selector, domain = name.split('@', 1)
        keys += tag('dkim', tag('domain', domain or '@') + tag('selector', selector) + tag('result', result))
    evaluated = tag('disposition', 'none') + tag('dkim', word[dkim]) + tag('spf', word[spf])
    if reason:
        evaluated += tag('reason', tag('type', reason))
    return tag('record', tag('row', tag('source_ip', ip) + tag('count', n) + tag('policy_evaluated', evaluated))
               + tag('identifiers', tag('envelope_from', at if envelope is None else envelope)
                     + tag('header_from', sender))
               + tag('auth_results', keys + tag('spf', tag('domain', at) + tag('scope', scope)
                                                + tag('result', raw))))


class Case:
    """code: what X has first. mail: rows, or (org, days ago, rows) each. zone: records added to those of
    the domain, and in place of those of the same name. settings of the domain. selector: one that the
    text has to name. notes: all it has. network: X is in a network of the owner's. server: mail that
    is well is seen too."""

    def __init__(self, code, mail, zone=(), network=True, settings=(), policy='', p='none', notes=(), ip=X,
                 server=True, selector='', recent=False, decide=''):
        self.code, self.zone, self.policy, self.p, self.notes, self.ip = code, zone, policy, p, notes, ip
        self.mail = mail if isinstance(mail, list) else [(GOOGLE, 2, mail)]
        self.settings = list(settings) + (['network=' + ip] if network else [])
        self.server, self.selector, self.recent, self.decide = server, selector, recent, decide


def key(selector, record, kind='TXT'):
    return (selector + '._domainkey.@', kind, record)


S1 = key('s1', KEY)
SHARED = [('@', 'TXT', 'v=spf1 ip4:203.0.113.1 include:_spf.vendor.example -all'),
          ('_spf.vendor.example', 'TXT', 'v=spf1 ip4:198.18.0.0/15 -all')]
BY_SPF = dict(spf=True, raw='pass')
FAILS = ['s1@ fail']
BOTH = row(dkim=True, signed=['s1@ pass'], **BY_SPF)

CASES = {
    'signed, and authorised': Case('ok-both', BOTH, zone=[S1], network=False),
    'a mailing list, as the receiver says':
        Case('list', row(signed=['base@ fail'], at='club.example', raw='pass', reason='mailing_list'),
            network=False),
    'a mailing list, by its name':
        Case('list', row(signed=['base@ fail'], at='lists.club.example', raw='pass'), network=False),
    'passed on as it was': Case('fwd-plain', row(dkim=True, signed=['base@ pass']), network=False),
    'passed on under another bounce address':
        Case('fwd-srs', row(dkim=True, signed=['base@ pass'], at='srs.example', raw='pass'), network=False),
    'passed on, and changed':
        Case('fwd-changed', row(signed=['base@ fail', 'x@relay.example pass'], at='relay.example', raw='pass'),
            network=False),
    'a service that signs for the domain':
        Case('ok-dkim-esp', row(dkim=True, signed=['esp1@ pass'], at='b.vendor.example', raw='pass'),
            network=False),
    'signed, and not authorised': Case('ok-dkim', row(dkim=True, signed=['s1@ pass']), zone=[S1],
                                      network=False),
    "the provider's own signature (Microsoft)":
        Case('tenant-domain', row(signed=['selector1@firm.onmicrosoft.com pass'], raw='softfail')),
    "the provider's own signature (Google)":
        Case('tenant-domain', row(signed=['x@firm.gappssmtp.com pass'], **BY_SPF), network=False),
    'another customer of a service that is included':
        Case('shared-spf', row(**BY_SPF), zone=SHARED, network=False),
    'a key that is too short': Case('dkim-weak', row(signed=FAILS), zone=[key('s1', WEAK)], selector='s1'),
    'a key for SHA-1': Case('dkim-weak', row(signed=FAILS), zone=[key('s1', 'v=DKIM1; h=sha1;' + KEY[8:])]),
    'the receiver does not accept the key':
        Case('dkim-weak', row(signed=['s0@ fail', 's1@ policy']), zone=[S1, key('s0', KEY)], selector='s1'),
    'no key': Case('dkim-nokey', row(signed=FAILS), selector='s1'),
    'no key behind an alias': Case('dkim-nokey', row(signed=['s1@ permerror'], **BY_SPF), network=False,
                                  zone=[key('s1', 'gone.vendor.example.', 'CNAME')]),
    'a key that is cut': Case('dkim-badkey', row(signed=FAILS), zone=[key('s1', KEY[:80])]),
    'a key that is revoked': Case('dkim-badkey', row(signed=FAILS), zone=[key('s1', 'v=DKIM1; p=')]),
    "a key that is not the signer's": Case(
        'dkim-badkey', [(org, 2, row(signed=FAILS)) for org in (GOOGLE, YAHOO)], zone=[S1]),
    'one reporter does not verify':
        Case('dkim-one-reporter', [(GOOGLE, 2, BOTH), (YAHOO, 2, BOTH),
                                  (GMX, 2, row(n=50, signed=FAILS, **BY_SPF))], zone=[S1], network=False),
    'changed after it was signed':
        Case('dkim-body', [(GOOGLE, 2, BOTH), (YAHOO, 2, row(signed=FAILS, **BY_SPF)),
                          (GMX, 2, row(signed=FAILS, **BY_SPF))], zone=[S1], network=False),
    'a server that does not sign': Case('spf-only', row(**BY_SPF), network=False,
                                       zone=[('@', 'TXT', 'v=spf1 ip4:203.0.113.1 ip4:198.18.1.1 -all')]),
    'strict alignment of SPF': Case('strict', row(at='bounce.@', raw='pass'), policy='<aspf>s</aspf>'),
    'strict alignment of DKIM': Case('strict', row(signed=['s1@news.@ pass']), policy='<adkim>s</adkim>'),
    'a service that is not set up':
        Case('esp-unaligned', row(at='b.vendor.example', raw='pass', signed=['v@vendor.example pass'])),
    'a bounce address of somebody else': Case('spf-other', row(at='b.vendor.example', raw='pass')),
    'an SPF record that is in error': Case('spf-permerror', row(raw='permerror')),
    'name servers that are slow':
        Case('spf-temperror', [(GOOGLE, ago, row(raw='temperror')) for ago in (2, 3)]),
    'bounces': Case('null-sender', row(at='mail.@', raw='none', envelope='', scope='helo')),
    'a subdomain that does not exist':
        Case('ghost-sub', row(sender='ghost.@', at='ghost.@', raw='none'), network=False),
    'a subdomain that nobody set up':
        Case('sub-none', row(sender='shop.@', at='shop.@', raw='none'), zone=[('shop.@', 'A', X)]),
    'a host name as bounce address': Case('spf-none', row(at='web1.@', raw='none')),
    'IPv6 was forgotten': Case('ipv6', row(SIX), ip=SIX),
    'IPv6 of a host was forgotten':
        Case('ipv6', row(n=1, at='host.example', raw='pass') + row(SIX, 1, at='host.example', raw='pass')
            + row(**BY_SPF) + row(SIX, 20), ip=SIX, settings=['network=' + X]),
    'a server that is not listed': Case('spf-missing-ip', row()),
    'a record without a verdict': Case('spf-neutral', row(raw='neutral')),
    'nobody sends': Case('parked', row(), server=False, network=False),
    'the owner says that nobody sends': Case('parked', row(), settings=['parked=yes'], network=False),
    'forged with the bounce address': Case('spoof-env', row(), network=False),
    'a host that may be forgotten':
        Case('spoof-env', [(GOOGLE, ago, row()) for ago in range(1, 18)], network=False),
    'forged': Case('spoof', row(at='bad.example', raw='pass'), network=False),
    'nothing of the table': Case('unclear', row(at='bad.example')),

    # neighbours
    'ok-both needs both': Case('spf-only', row(**BY_SPF), network=False),
    'list needs a list': Case('fwd-changed', row(signed=['base@ fail'], at='club.example', raw='pass'),
                             network=False),
    'fwd-plain needs a key of another source': Case('ok-dkim', row(dkim=True, signed=['s1@ pass']),
                                                   zone=[S1], network=False),
    'fwd-srs needs a key of another source':
        Case('ok-dkim-esp', row(dkim=True, signed=['s1@ pass'], at='srs.example', raw='pass'), network=False),
    'fwd-changed needs a key that passes elsewhere':
        Case('dkim-nokey', row(signed=['s1@ fail', 'x@relay.example pass'], at='relay.example', raw='pass')),
    'tenant-domain needs the very name':
        Case('esp-unaligned', row(signed=['x@notonmicrosoft.com pass'], at='notonmicrosoft.com', raw='pass')),
    'shared-spf needs that nobody uses the include':
        Case('spf-only', row(**BY_SPF) + row('198.19.1.1', dkim=True, signed=['s1@ pass'], **BY_SPF),
            zone=SHARED + [S1], network=False),
    'shared-spf needs a source that is not marked': Case('spf-only', row(**BY_SPF), zone=SHARED),
    'shared-spf needs an include':
        Case('spf-only', row(**BY_SPF), network=False,
            zone=[('@', 'TXT', 'v=spf1 ip4:203.0.113.1 ip4:198.18.1.0/24 -all')]),
    "shared-spf needs an include of somebody else's":
        Case('spf-only', row(**BY_SPF), network=False,
            zone=[('@', 'TXT', 'v=spf1 ip4:203.0.113.1 include:_spf.@ -all'),
                  ('_spf.@', 'TXT', 'v=spf1 ip4:198.18.1.0/24 -all')]),
    'shared-spf needs that nothing is signed':
        Case('dkim-nokey', row(signed=FAILS, **BY_SPF), zone=SHARED, network=False),
    'dkim-weak is not about 1024 bits':
        Case('dkim-body', row(signed=FAILS), zone=[key('s1', 'v=DKIM1; p=' + zones.rsa(1024))]),
    "dkim-weak is not told by another signature's result":
        Case('dkim-nokey', row(signed=['s1@ fail', 'v@vendor.example policy'])),
    'dkim-nokey needs that there is none': Case('dkim-body', row(signed=FAILS), zone=[S1]),
    'dkim-nokey is not for strangers':
        Case('spoof', row(signed=FAILS, at='bad.example'), network=False, decide='not-yours'),
    'dkim-badkey needs two reporters': Case('dkim-body', row(signed=FAILS), zone=[S1]),
    'dkim-one-reporter needs others':
        Case('dkim-body', [(GOOGLE, 2, row(signed=FAILS, **BY_SPF))], zone=[S1], network=False),
    'spf-only needs that nothing is signed': Case('dkim-body', row(signed=FAILS, **BY_SPF), zone=[S1],
                                                 network=False),
    'strict needs a strict policy': Case('unclear', row(at='bounce.@', raw='pass'), notes=['odd-report']),
    'esp-unaligned needs a signature': Case('spf-other', row(at='vendor.example', raw='pass')),
    'esp-unaligned is not for strangers':
        Case('spoof', row(at='b.vendor.example', raw='pass', signed=['v@vendor.example pass']), network=False),
    'spf-permerror needs a record of the own': Case('unclear', row(raw='permerror', at='bad.example')),
    'spf-temperror needs two days': Case('unclear', [(GOOGLE, 2, row(raw='temperror'))]),
    'null-sender needs an empty bounce address': Case('spf-none', row(at='mail.@', raw='none')),
    'ghost-sub needs a name that does not exist':
        Case('sub-none', row(sender='shop.@', at='shop.@', raw='none'), zone=[('a.shop.@', 'A', X)]),
    'sub-none needs a subdomain': Case('spf-none', row(raw='none')),
    'ipv6 needs that IPv4 passes':
        Case('spf-missing-ip', row(n=1, at='host.example', raw='pass') + row(SIX, 1, at='host.example', raw='pass')
            + row() + row(SIX), ip=SIX, settings=['network=' + X]),
    'ipv6 needs that no IPv6 passes':
        Case('spf-missing-ip', row(SIX) + row('2001:db8:2::1', **BY_SPF), ip=SIX),
    'spf-missing-ip is not for strangers': Case('spoof-env', row(raw='softfail'), network=False),
    'spf-neutral needs neutral': Case('spf-missing-ip', row(raw='softfail')),
    'parked needs that nobody sends': Case('spoof', row(at='bad.example'), network=False),
    'spoof-env needs the bounce address': Case('spoof', row(at='bad.example'), network=False),
    'spoof needs that nothing is own': Case('spoof-env', row(raw='none'), network=False),

    # notes
    'another policy was applied': Case('spf-missing-ip', row(reason='local_policy'), notes=['override']),
    'a test': Case('spf-missing-ip', row(reason='policy_test_mode'), notes=['test-mode']),
    'a part only': Case('spf-missing-ip', row(reason='sampled_out'), notes=['test-mode']),
    'a key for tests': Case('dkim-body', row(signed=FAILS), zone=[key('s1', 'v=DKIM1; t=y;' + KEY[8:])],
                           notes=['dkim-testing']),
    'a verdict that nothing tells why': Case('spf-only', row(spf=True, raw='fail'), network=False,
                                            notes=['odd-report']),
    'an old policy': Case('spf-missing-ip', row(),
                         zone=[('_dmarc.@', 'TXT', 'v=DMARC1; p=reject; rua=mailto:d@@@')],
                         notes=['stale-policy']),
    'an old policy for subdomains':
        Case('spf-missing-ip', row(), zone=[('_dmarc.@', 'TXT', 'v=DMARC1; p=none; sp=reject; rua=mailto:d@@@')],
            notes=['stale-policy']),
    'a policy of yesterday is not old yet':
        Case('spf-missing-ip', row(), zone=[('_dmarc.@', 'TXT', 'v=DMARC1; p=reject; rua=mailto:d@@@')],
            recent=True),
}


class Lab:
    def __init__(self, t):
        self.t, self.dir, self.port = t, tap.scratch(), live.free_port()
        self.db = os.path.join(self.dir, 'db')

    def domains(self):
        for number, (name, case) in enumerate(CASES.items()):
            yield 'c%02d.example' % number, name, case

    def write(self, where, domain, case):
        mail = list(case.mail)
        if case.server:
            mail.append((GOOGLE, 2, row(SERVER, 100, True, True, 'pass', signed=['base@ pass'])))
        for i, (org, ago, rows) in enumerate(mail):
            begin = (TODAY - ago) * 86400
            text = HEAD % (org, '%s-%d' % (domain, i), begin, begin + 86399, '@', case.policy, case.p, rows)
            tap.write(os.path.join(where, '%s-%d.xml' % (domain, i)), at_home(text, domain).encode())

    def zone(self, domain, case):
        records = [('@', 'TXT', 'v=spf1 ip4:203.0.113.1 -all'), key('base', KEY),
                   ('_dmarc.@', 'TXT', 'v=DMARC1; p=none; rua=mailto:d@@@')]
        changed = {r[0] for r in case.zone}
        records = [r for r in records if r[0] not in changed] + list(case.zone)
        return [(at_home(r[0], domain), r[1], at_home(r[2], domain)) for r in records]

    def ask(self, ago, *names):
        conf = tap.write(os.path.join(self.dir, 'conf'), b'[dns]\nservers = 127.0.0.1:%d\n' % self.port)
        clock = {'RUAD_CLOCK': str((TODAY - ago) * 86400)}
        return tap.run(live.DNS, '--db', self.db, '--config', conf, *names, env=clock)

    def prepare(self):
        reports, lines = os.path.join(self.dir, 'reports'), {}
        os.mkdir(reports)
        for domain, _, case in self.domains():
            self.write(reports, domain, case)
            for record in self.zone(domain, case):
                lines[zones.line(record)] = None
        tap.ingest(self.db, reports, env=zones.CLOCK, check=(0,))
        for domain, _, case in self.domains():
            tap.run(tap.QUERY, '--db', self.db, 'domain', 'add', domain, *case.settings, env=zones.CLOCK,
                    check=(0,))
            if case.decide:
                tap.run(tap.QUERY, '--db', self.db, 'decide', str(self.group(domain, case.ip)), case.decide,
                        env=zones.CLOCK, check=(0,))
        with live.Nsd(os.path.join(self.dir, 'nsd'), self.port, ''.join(lines)):
            old = [domain for domain, _, case in self.domains() if not case.recent]
            self.t.equal(self.ask(21, *old)[::2], (0, ''), 'all of %d domains are asked for' % len(CASES))
            self.ask(4, *(domain for domain, _, case in self.domains() if case.recent))

    def group(self, domain, ip):
        with sqlite3.connect('file:%s?mode=ro' % self.db, uri=True) as db:
            return db.execute('SELECT source_group FROM member JOIN domain AS d ON d.id = member.domain'
                              ' JOIN source AS s ON s.id = source WHERE d.name = ? AND s.ip = ?',
                              (domain, ipaddress.ip_address(ip).packed)).fetchone()[0]

    def causes(self, domain, ip):
        group = self.group(domain, ip)
        _, out, _ = tap.run(tap.QUERY, '--db', self.db, 'causes', domain, '--last', 'all', '--format', 'json',
                            env=zones.CLOCK, check=(0,))
        return [r for r in json.loads(out)['data'] if r['source_group'] == group]


def names_of(macro):
    with open(os.path.join(tap.ROOT, 'store/judge/cause.h'), encoding='utf-8') as f:
        return re.findall(r'X\(\w+, "([a-z-]+)"\)', f.read().split('#define %s(X)' % macro)[1].split('\n\n')[0])


def main():
    if live.NSD is None:
        tap.skip_all('no nsd')
    t = tap.Tap()
    codes, notes = names_of('CAUSE_CODES'), names_of('CAUSE_NOTES')
    t.equal(([c for c in codes if c not in {case.code for case in CASES.values()}],
             [n for n in notes if n not in {n for case in CASES.values() for n in case.notes}]), ([], []),
            'every code (%d) and every note (%d) has a case' % (len(codes), len(notes)))
    lab = Lab(t)
    try:
        lab.prepare()
        for domain, name, case in lab.domains():
            rows = lab.causes(domain, case.ip)
            first = rows[0]
            t.equal((first['cause'], first['cause_notes'] or ''), (case.code, ','.join(case.notes)),
                    '%s: %s' % (case.code, name))
            if case.selector:
                t.ok(' %s,' % case.selector in first['saw'], '%s names the selector %s'
                     % (case.code, case.selector), first['saw'])
    finally:
        tap.drop(lab.dir)
    t.done()


main()
