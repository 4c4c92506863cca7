#!/usr/bin/env python3
"""A small Maildir of report mails that tells a story, for the demo and for tests.

	make_sample.py DIR [--today 2026-11-24] [--seed 1] [--truth FILE] [--no-conflict]

About 350 mails over the 60 days before --today, for five domains as a small company has them:

  ejemplo.es           own server, a mail service that signs for the domain, a newsletter service
                       nobody set up, forwarders, a mailing list, a forger; policy none, then
                       quarantine from the 25th day on
  example.com          the same company abroad; on the 40th day its DNS moved and the mail
                       service's DKIM key stayed behind: from then on its mail fails
  example.org          all is well, p=reject
  tienda.example       the web shop: SPF only, and the same newsletter service
  old-brand.example    parked; only forgers use it

Eight reporters send them, each in its own shape (container, MIME, dialect, dates). Among them are
three second copies, a report that contradicts an earlier one, one with an unreadable row, one cut
short, a TLS report, a failure report, a bounce and a "report too large". Addresses and names are
those reserved for documentation. Same arguments, same mails (the compressed bytes may differ
between zlib versions). --truth writes what the reports add up to, as JSON.
"""
import argparse
import calendar
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import kit  # noqa: E402

DAYS = 60
KEY_LOST = 40       # example.com's mail service from this day on
QUARANTINE = 25     # ejemplo.es

MAIL_SERVICE = ['198.51.100.20', '198.51.100.21', '198.51.100.22', '2001:db8:5e:1::20']
NEWSLETTER = ['198.51.100.140', '198.51.100.141']
FORWARDERS = ['203.0.113.25', '203.0.113.26', '2001:db8:f0::25']
LIST_HOST = '203.0.113.60'
FORGERS = ['203.0.113.%d' % n for n in (131, 144, 158, 177, 190, 201, 219, 233, 246)] + \
    ['2001:db8:bad:%x::7' % n for n in range(1, 4)]

OWN = {
    'ejemplo.es': ['192.0.2.10', '2001:db8:10::25'],
    'example.com': ['192.0.2.20', '192.0.2.21', '2001:db8:20::25'],
    'example.org': ['192.0.2.30', '2001:db8:30::25'],
    'tienda.example': ['192.0.2.40'],
    'old-brand.example': [],
}


class Domain:
    def __init__(self, name, volume, services, adkim='r', aspf='r', sp='none'):
        self.name, self.volume, self.services = name, volume, services
        self.adkim, self.aspf, self.sp = adkim, aspf, sp

    def policy(self, day, reporter):
        if self.name == 'ejemplo.es':
            # Records are cached: not every reporter sees the change on the same day.
            return 'quarantine' if day >= QUARANTINE + reporter.lag else 'none'
        return {'example.com': 'quarantine', 'tienda.example': 'none'}.get(self.name, 'reject')


DOMAINS = (
    Domain('ejemplo.es', 180, ('own', 'service', 'newsletter', 'forward', 'list', 'forger')),
    Domain('example.com', 420, ('own', 'service', 'forward', 'list', 'forger'), sp='quarantine'),
    Domain('example.org', 60, ('own', 'forward'), adkim='s', aspf='s', sp='reject'),
    Domain('tienda.example', 110, ('shop', 'newsletter', 'forger')),
    Domain('old-brand.example', 14, ('forger',), sp='reject'),
)


class Reporter:
    """share: of a domain's mail. every: domain -> days of the week it reports (0 Monday)."""

    def __init__(self, name, email, share, shape, every, lag=0):
        self.name, self.email, self.share, self.shape = name, email, share, shape
        self.every, self.lag = every, lag
        self.host = email.split('@')[1]


ALL, WORK = range(7), range(5)
REPORTERS = (
    Reporter('google.com', 'noreply-dmarc-support@google.com', .44, 'google',
             {'ejemplo.es': ALL, 'example.com': ALL, 'example.org': (0, 2, 4, 5),
              'tienda.example': (1, 3, 5), 'old-brand.example': (3,)}),
    Reporter('Enterprise Outlook', 'dmarcreport@microsoft.com', .26, 'microsoft',
             {'ejemplo.es': WORK, 'example.com': ALL, 'tienda.example': (1,)}, 1),
    Reporter('Yahoo', 'noreply@dmarc.yahoo.com', .12, 'yahoo',
             {'ejemplo.es': (2,), 'example.com': (1, 4)}, 1),
    Reporter('Mail.Ru', 'dmarc_support@corp.mail.ru', .04, 'flat', {'example.com': (3,)}),
    Reporter('GMX', 'noreply-dmarc@sicher.gmx.net', .05, 'rfc9990',
             {'ejemplo.es': (4,), 'example.com': (0,)}),
    Reporter('mimecast.org', 'no-reply@eu-1.mimecastreport.com', .04, 'mimecast',
             {'example.com': (2,), 'old-brand.example': (5,)}, 2),
    Reporter('mx.vecinos.example', 'postmaster@vecinos.example', .03, 'opendmarc',
             {'ejemplo.es': (0,)}),
    Reporter('Fastmail Pty Ltd', 'reports@fastmaildmarc.com', .02, 'fastmail',
             {'example.org': (1,)}),
)


# ---- what was sent ------------------------------------------------------------------------------

class Flow:
    """One line of a report: who sent, how it fared. auth: (kind, domain, selector/scope, result)."""

    def __init__(self, ip, count, dkim, spf, auth, sender, why=None, header_from=None):
        self.ip, self.count, self.dkim, self.spf, self.auth = ip, count, dkim, spf, auth
        self.sender, self.why, self.header_from = sender, why, header_from


def spread(rng, ips, total):
    """total over a few of the addresses, none with zero."""
    left = total
    for n, ip in enumerate(ips):
        part = left if n == len(ips) - 1 else int(left * rng.uniform(.3, .8))
        left -= part
        if part > 0:
            yield ip, part


def own_flows(rng, d, day, total):
    name = d.name
    lost = name == 'example.com' and day >= KEY_LOST
    sign = 'permerror' if lost else 'pass'
    for ip, n in spread(rng, OWN[name], total):
        yield Flow(ip, n, 'fail' if lost else 'pass', 'pass',
                   [('dkim', name, 'mail', sign), ('spf', name, 'mfrom', 'pass')], name)


def shop_flows(rng, d, day, total):
    for ip, n in spread(rng, OWN[d.name], total):
        yield Flow(ip, n, 'fail', 'pass', [('spf', d.name, 'mfrom', 'pass')], d.name)


def service_flows(rng, d, day, total):
    """Signs for the domain; its bounces go to its own name, so SPF passes but does not align."""
    lost = d.name == 'example.com' and day >= KEY_LOST
    bounce = 'bounces.mailservice.example'
    for ip, n in spread(rng, MAIL_SERVICE, total):
        yield Flow(ip, n, 'fail' if lost else 'pass', 'fail',
                   [('dkim', d.name, 'ms1', 'permerror' if lost else 'pass'),
                    ('dkim', 'mailservice.example', 'key2024', 'pass'),
                    ('spf', bounce, 'mfrom', 'pass')], bounce)


def newsletter_flows(rng, d, day, total):
    """Passes everything, for a name that is not the domain's."""
    for ip, n in spread(rng, NEWSLETTER, total):
        yield Flow(ip, n, 'fail', 'fail',
                   [('dkim', 'boletines.example', 'n1', 'pass'),
                    ('spf', 'envio.boletines.example', 'mfrom', 'pass')],
                   'envio.boletines.example',
                   header_from='boletin.' + d.name if d.name == 'ejemplo.es' else None)


def forward_flows(rng, d, day, total):
    lost = d.name == 'example.com' and day >= KEY_LOST
    for ip, n in spread(rng, rng.sample(FORWARDERS, 2), total):
        yield Flow(ip, n, 'fail' if lost else 'pass', 'fail',
                   [('dkim', d.name, 'mail', 'permerror' if lost else 'pass'),
                    ('spf', d.name, 'mfrom', rng.choice(('softfail', 'fail')))], d.name,
                   why=('local_policy', 'arc=pass as[1].d=reenvio.example') if lost else None)


def list_flows(rng, d, day, total):
    """The list adds a footer: the signature breaks; it sends with its own envelope."""
    if total > 0:
        yield Flow(LIST_HOST, total, 'fail', 'fail',
                   [('dkim', d.name, 'mail', 'fail'), ('dkim', 'listas.example', 'l1', 'pass'),
                    ('spf', 'listas.example', 'mfrom', 'pass')], 'listas.example',
                   why=('mailing_list', 'known list host'))


def forger_flows(rng, d, day, total):
    for ip, n in spread(rng, rng.sample(FORGERS, min(len(FORGERS), 1 + total // 6)), total):
        own = rng.random() < .6
        sender = d.name if own else 'alquiler.invalid'
        yield Flow(ip, n, 'fail', 'fail',
                   [('spf', sender, 'mfrom', rng.choice(('softfail', 'fail')) if own else 'none')],
                   sender, header_from=d.name if rng.random() < .8 else 'facturas.' + d.name)


FLOWS = dict(own=own_flows, shop=shop_flows, service=service_flows, newsletter=newsletter_flows,
             forward=forward_flows, list=list_flows, forger=forger_flows)
# Of a domain's mail, by what it is. What is missing to 1 the domain does not send.
WEIGHT = dict(own=.50, shop=.75, service=.28, newsletter=.30, forward=.05, list=.02, forger=.06)


def flows_of(rng, d, day, weekday, reporter):
    volume = d.volume * (1.0 if weekday < 5 else .25) * rng.uniform(.8, 1.2) * reporter.share
    for service in d.services:
        share = WEIGHT[service]
        if service == 'newsletter' and weekday != 1:
            continue  # Tuesdays
        if service == 'forger':
            share = .06 if d.services != ('forger',) else 1.0
            if 30 <= day < 33:
                share *= 4  # a wave
        total = int(volume * share + rng.random())
        yield from FLOWS[service](rng, d, day, total)


# ---- how each writes it -------------------------------------------------------------------------

def disposition_of(flow, published, shape):
    if flow.dkim == 'pass' or flow.spf == 'pass':
        return 'pass' if shape == 'rfc9990' and published != 'none' else 'none'
    return 'none' if flow.why else published


def record_xml(flow, published, reporter, d):
    shape = reporter.shape
    auth = []
    for kind, domain, third, result in flow.auth:
        if kind == 'dkim':
            auth.append(kit.dkim(domain, third, result,
                                 'no key for signature' if result == 'permerror' else None))
        else:
            auth.append(kit.spf(domain, result, None if shape == 'opendmarc' else third))
    reasons = [kit.reason(*flow.why)] if flow.why else None
    microsoft = shape == 'microsoft'
    return kit.record(
        flow.ip.upper() if shape == 'flat' else flow.ip, flow.count,
        disposition_of(flow, published, shape), flow.dkim, flow.spf, reasons,
        header_from=flow.header_from or d.name,
        envelope_from=flow.sender if microsoft or shape == 'rfc9990' else None,
        envelope_to='clientes.example' if microsoft else None, auth=auth)


def dressed(xml, shape):
    """The white space each reporter uses."""
    if shape in ('flat', 'mimecast'):
        return xml.replace('>\n<', '><')
    out, depth = [], 0
    for line in xml.split('\n'):
        if line.startswith('</'):
            depth -= 1
        out.append(('\t' if shape in ('yahoo', 'fastmail') else '  ') * depth + line if line else '')
        if line.startswith('<') and line[1] not in '/?!' and '</' not in line:
            depth += 1
    return ('\r\n' if shape == 'microsoft' else '\n').join(out)


def report_xml(records, reporter, d, published, begin, end, report_id, rng):
    shape = reporter.shape
    meta = dict(org_name=reporter.name, email=reporter.email, report_id=report_id, begin=begin,
                end=end)
    pol = dict(domain=d.name, p=published, sp=d.sp, adkim=d.adkim, aspf=d.aspf)
    more = {}
    if shape == 'google':
        meta['contact'] = 'https://support.google.com/a/answer/2466580'
        pol['np'] = d.sp
        more['version'] = None
    elif shape == 'microsoft':
        pol['fo'] = '0'
        more['attributes'] = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' \
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        more['declaration'] = '<?xml version="1.0"?>\n'
    elif shape == 'yahoo':
        pol['sp'] = None
        more['declaration'] = '<?xml version="1.0"?>\n'
        more['version'] = None
    elif shape == 'rfc9990':
        meta['generator'] = 'ejemplo-reporter 3.2'
        pol.update(pct=None, np=d.sp, testing='n', discovery_method='treewalk')
        more['attributes'] = kit.RFC9990
    elif shape == 'opendmarc':
        more['version'] = None
    elif shape == 'fastmail':
        pol.update(adkim=None, aspf=None)
    xml = kit.feedback(records, kit.metadata(**meta), kit.policy(**pol), **more)
    return dressed(xml, shape)


def report_id_of(reporter, d, begin, rng):
    return {
        'google': lambda: str(rng.randrange(10 ** 18, 10 ** 19)),
        'microsoft': lambda: '%032x' % rng.getrandbits(128),
        'yahoo': lambda: '%d.%06d' % (begin + 86400, rng.randrange(10 ** 6)),
        'flat': lambda: '%d%020d' % (begin, rng.randrange(10 ** 19)),
        'rfc9990': lambda: '%x.%d@sicher.gmx.net' % (rng.getrandbits(40), begin),
        'mimecast': lambda: '%064x' % rng.getrandbits(256),
        'opendmarc': lambda: '%s:%d' % (d.name, begin),
        'fastmail': lambda: str(rng.randrange(10 ** 8, 10 ** 9)),
    }[reporter.shape]()


def subject_of(reporter, d, report_id):
    host = reporter.host
    return {
        'google': 'Report domain: %s Submitter: google.com Report-ID: %s' % (d.name, report_id),
        'flat': 'Report Domain: %s; Submitter: Mail.Ru; Report-ID: %s' % (d.name, report_id),
        'fastmail': 'Report Domain: %s Submitter: %s Report-ID:%s' % (d.name, host, report_id),
    }.get(reporter.shape, 'Report Domain: %s Submitter: %s Report-ID: <%s>' % (
        d.name, host, report_id))


def wrapped(xml, reporter, d, begin, end):
    """The part or parts of the mail."""
    stem = '%s!%s!%d!%d' % (reporter.host, d.name, begin, end)
    shape = reporter.shape
    words = kit.plain('This is an aggregate report from %s.\n' % reporter.name)
    if shape == 'google':
        return kit.entity(kit.zipped((stem + '.xml', xml), streamed=True), 'application/zip',
                          stem + '.zip')
    if shape == 'microsoft':
        page = kit.entity('<div>DMARC aggregate report from Microsoft Corporation.</div>',
                          'text/html; charset=us-ascii', None)
        return kit.multipart(kit.multipart(page, subtype='related', boundary='_rel_' + stem[-10:]),
                             kit.entity(kit.gz(xml), 'application/gzip', stem + '.xml.gz'),
                             boundary='_mix_' + stem[-10:])
    if shape == 'mimecast':
        return kit.entity(kit.gz(xml) + b'\r\n', 'application/gzip', stem + '.xml.gz')
    if shape == 'rfc9990':
        return kit.entity(kit.gz(xml), 'application/gzip', stem + '.xml.gz')
    if shape == 'opendmarc':
        return kit.multipart(words, kit.entity(kit.zipped((stem + '.xml', xml)),
                                               'application/zip', stem + '.zip'))
    if shape == 'fastmail':
        return kit.multipart(words, kit.entity(xml, 'text/xml', stem + '.xml'))
    return kit.multipart(words, kit.entity(kit.gz(xml), 'application/gzip', stem + '.xml.gz'))


# ---- the Maildir --------------------------------------------------------------------------------

class Box:
    def __init__(self, path):
        self.path, self.count = path, 0
        for sub in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(path, sub), exist_ok=True)
        if os.listdir(os.path.join(path, 'new')) or os.listdir(os.path.join(path, 'cur')):
            sys.exit('make_sample.py: %s holds mail already' % path)

    def deliver(self, when, data):
        self.count += 1
        path = os.path.join(self.path, 'new', '%d.M%06dP%d.mx1' % (when, self.count, 4000))
        with open(path, 'wb') as f:
            f.write(data)
        os.utime(path, (when, when))


def date_header(when):
    return time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(when))


def report_mail(body, reporter, d, report_id, when, number, extra=''):
    before = ('Return-Path: <%s>\nDelivered-To: dmarc@%s\n'
              'Received: from out.%s (out.%s [192.0.2.99])\n\tby mx1.ejemplo.es with ESMTPS id'
              ' %06X;\n\t%s\n%s'
              'Authentication-Results: mx1.ejemplo.es;\n\tdkim=pass header.d=%s;\n'
              '\tspf=pass smtp.mailfrom=%s;\n\tdmarc=pass header.from=%s\n') % (
                  reporter.email, d.name, reporter.host, reporter.host, number, date_header(when),
                  extra, reporter.host, reporter.host, reporter.host)
    return kit.mail(body, reporter.email, 'dmarc@' + d.name, subject_of(reporter, d, report_id),
                    date_header(when - 5), '<%d.%d@%s>' % (when, number, reporter.host), before)


class Truth:
    """What the stored reports add up to."""

    def __init__(self):
        self.domains, self.days, self.sources, self.reporters = {}, {}, {}, {}
        self.reports = self.mails = 0
        self.endings = dict.fromkeys(('stored', 'duplicate', 'partial', 'conflict', 'refused',
                                      'not a report', 'deferred'), 0)

    def add(self, d, reporter, begin, flows, dispositions):
        self.reports += 1
        day = time.strftime('%Y-%m-%d', time.gmtime(begin + 43199))
        self.reporters[reporter.name] = self.reporters.get(reporter.name, 0) + \
            sum(f.count for f in flows)
        for f, disposition in zip(flows, dispositions):
            good = f.count if 'pass' in (f.dkim, f.spf) else 0
            for table, key in ((self.domains, d.name), (self.days, day), (self.sources, f.ip)):
                row = table.setdefault(key, dict(messages=0, **{'pass': 0}, fail=0, quarantine=0,
                                                 reject=0))
                row['messages'] += f.count
                row['pass'] += good
                row['fail'] += f.count - good
                if disposition in ('quarantine', 'reject'):
                    row[disposition] += f.count

    def write(self, path):
        total = dict(messages=0, **{'pass': 0}, fail=0, quarantine=0, reject=0)
        for row in self.domains.values():
            for key in total:
                total[key] += row[key]
        with open(path, 'w') as f:
            json.dump(dict(mails=self.mails, reports=self.reports, endings=self.endings,
                           total=total, domains=self.domains, days=self.days,
                           sources=self.sources, reporters=self.reporters), f, indent=1,
                      sort_keys=True)


def window(reporter, midnight):
    if reporter.shape == 'opendmarc':
        return midnight + 3 * 3600 + 1020, midnight + 27 * 3600 + 1019
    end = midnight + 86400
    return midnight, end if reporter.shape in ('microsoft', 'flat') else end - 1


def regular(truth, seed, first):
    """Every report there is, in order of arrival: (when, mail, what a second copy needs)."""
    mails = []
    for day in range(DAYS):
        midnight = first + day * 86400
        weekday = time.gmtime(midnight).tm_wday
        for d in DOMAINS:
            for reporter in REPORTERS:
                rng = random.Random('%d %d %s %s' % (seed, day, d.name, reporter.name))
                if weekday not in reporter.every.get(d.name, ()):
                    continue
                flows = [f for f in flows_of(rng, d, day, weekday, reporter) if f.count > 0]
                if not flows:
                    continue
                begin, end = window(reporter, midnight)
                if reporter.shape == 'opendmarc':
                    begin, end = max(begin, first), end
                published = d.policy(day, reporter)
                report_id = report_id_of(reporter, d, begin, rng)
                records = [record_xml(f, published, reporter, d) for f in flows]
                xml = report_xml(records, reporter, d, published, begin, end, report_id, rng)
                when = midnight + 86400 + rng.randrange(600, 6 * 3600)
                partial = d.name == 'example.org' and day in range(17, 24) and \
                    reporter.shape == 'google' and not truth.endings['partial']
                if partial:
                    broken = kit.record('', 4, 'none', 'pass', 'pass', header_from=d.name)
                    xml = xml.replace('</feedback>', broken + '</feedback>')
                truth.add(d, reporter, begin, flows,
                          [disposition_of(f, published, reporter.shape) for f in flows])
                truth.endings['partial' if partial else 'stored'] += 1
                mails.append((when, xml, reporter, d, begin, end, report_id))
    mails.sort(key=lambda m: (m[0], m[3].name, m[2].name))
    return mails


def oddities(truth, mails, first, conflict):
    """What else lies in such a mailbox: (when, bytes)."""
    def at(n):
        return mails[len(mails) * n // 8]

    def again(n, rewrap=False, change=None):
        when, xml, reporter, d, begin, end, report_id = at(n)
        if change:
            xml = xml.replace(*change, 1)
        body = kit.multipart(kit.plain(), kit.entity(xml, 'text/xml', 'informe.xml')) if rewrap \
            else wrapped(xml, reporter, d, begin, end)
        return when + 1800, report_mail(body, reporter, d, report_id, when + 1800, 900 + n,
                                        'Received: by mx2.ejemplo.es; %s\n' % date_header(when))

    out = [again(1), again(3, rewrap=True), again(6)]
    truth.endings['duplicate'] += 3
    if conflict:
        out.append(again(4, change=('</count>', '0</count>')))
        truth.endings['conflict'] += 1

    when, xml, reporter, d, begin, end, report_id = at(5)
    cut = kit.gz(xml)
    body = kit.multipart(kit.plain(), kit.entity(cut[:len(cut) // 2], 'application/gzip',
                                                 'cortado.xml.gz'))
    out.append((when + 60, report_mail(body, reporter, d, report_id + '-cut', when + 60, 950)))
    truth.endings['refused'] += 1

    noon = first + 20 * 86400 + 43200
    tls = json.dumps({'organization-name': 'Google Inc.', 'report-id': '2024_ejemplo.es',
                      'contact-info': 'smtp-tls-reporting@google.com',
                      'date-range': {'start-datetime': '2024-01-01T00:00:00Z',
                                     'end-datetime': '2024-01-01T23:59:59Z'},
                      'policies': [{'policy': {'policy-type': 'sts', 'policy-domain': 'ejemplo.es'},
                                    'summary': {'total-successful-session-count': 12,
                                                'total-failure-session-count': 0}}]})
    out.append((noon, kit.mail(kit.multipart(
        kit.plain('SMTP TLS report.\n'),
        kit.entity(kit.gz(tls), 'application/tlsrpt+gzip', 'google.com!ejemplo.es!1!2.json.gz'),
        subtype='report', more=';\n\treport-type="tlsrpt"'),
        'noreply-smtp-tls-reporting@google.com', 'dmarc@ejemplo.es',
        'Report Domain: ejemplo.es Submitter: google.com Report-ID: <2024_ejemplo.es>',
        date_header(noon))))
    out.append((noon + 60, kit.mail(kit.multipart(
        kit.plain('This is an email abuse report.\n'),
        b'Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n'
        b'User-Agent: vecinos/1.0\nVersion: 1\nAuth-Failure: dmarc\nSource-IP: 203.0.113.144\n'
        b'Reported-Domain: ejemplo.es\nIdentity-Alignment: none\n',
        b'Content-Type: text/rfc822-headers\n\nFrom: contabilidad@ejemplo.es\nSubject: Factura\n',
        subtype='report', more=';\n\treport-type="feedback-report"'),
        'postmaster@vecinos.example', 'dmarc@ejemplo.es', 'FW: Factura', date_header(noon + 60))))
    out.append((noon + 120, kit.mail(kit.multipart(
        kit.plain('Your message could not be delivered.\n'),
        b'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx1.ejemplo.es\n\n'
        b'Final-Recipient: rfc822; nadie@vecinos.example\nAction: failed\nStatus: 5.1.1\n',
        subtype='report', more=';\n\treport-type="delivery-status"'),
        'MAILER-DAEMON@mx1.ejemplo.es', 'dmarc@ejemplo.es', 'Undelivered Mail Returned to Sender',
        date_header(noon + 120))))
    out.append((noon + 180, kit.mail(kit.plain(
        'Report-Date: %s\nReport-Domain: example.com\nReport-ID: <77.example.com>\n'
        'Report-Size: 15000000\nSubmitter: reporter.example\n'
        'Submitting-URI: mailto:dmarc@example.com\n' % date_header(noon)),
        'dmarc@reporter.example', 'dmarc@example.com',
        'DMARC Error: Report for example.com Too Large', date_header(noon + 180))))
    truth.endings['not a report'] += 4
    return out


def main():
    p = argparse.ArgumentParser(description='make the sample Maildir')
    p.add_argument('dir')
    p.add_argument('--today', default=time.strftime('%Y-%m-%d', time.gmtime()),
                   help='the reports end the day before')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--truth', help='write what the reports add up to here')
    p.add_argument('--no-conflict', action='store_true',
                   help='without the report that contradicts an earlier one')
    a = p.parse_args()
    today = calendar.timegm(time.strptime(a.today, '%Y-%m-%d'))
    first = today - DAYS * 86400
    box, truth = Box(a.dir), Truth()
    mails = regular(truth, a.seed, first)
    pending = [(m[0], report_mail(wrapped(m[1], m[2], m[3], m[4], m[5]), m[2], m[3], m[6], m[0], n))
               for n, m in enumerate(mails)]
    for when, data in sorted(pending + oddities(truth, mails, first, not a.no_conflict), key=lambda m: m[0]):
        # Nothing can have come later than now, and what is still being written is left alone.
        box.deliver(min(when, int(time.time()) - 3600), data)
    truth.mails = box.count
    if a.truth:
        truth.write(a.truth)
    print('%d mails in %s' % (box.count, a.dir))


if __name__ == '__main__':
    main()
