#!/usr/bin/env python3
"""A Maildir whose reports are made to reach every rule, every evidence and every filter.

    generate.py DIR [--seed 1] [--days 220] [--until 2026-11-20]

It tells no story a person would believe: beside senders of every kind that the rules speak of
stands one that sends anything with anything, from small pools, so that its records meet. Among the
reports are twins, second copies, contradictions, names of reporters in two cases, carriers that
pass DMARC, fail it or say nothing of it. Same arguments, same mails. The carriers' results are
those of the server AUTHSERV_ID.
"""
import argparse
import calendar
import datetime
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import kit  # noqa: E402

AUTHSERV_ID = 'mx.oracle.example'
DAY = 86400

# name, share of the records, first day of its history counted from the end, policy
DOMAINS = (
    ('huerta.example', 1.0, 1000, 'quarantine'),
    ('news.huerta.example', .4, 1000, 'none'),      # a policy domain under another
    ('molino.co.uk', .7, 1000, 'reject'),           # two labels of suffix
    ('pi\u00f1ata.example', .5, 1000, 'none'),
    ('cliente.github.io', .4, 1000, 'quarantine'),  # the private part of the suffix list
    ('taller.osaka.kawasaki.jp', .3, 1000, 'none'),  # below a wildcard
    ('city.kawasaki.jp', .3, 1000, 'none'),         # an exception to it
    ('nuevo.example', .5, 25, 'none'),              # all of it within the learning days, nearly
    ('parado.example', .3, 1000, 'reject'),
)


class Reporter:
    """every: it reports a domain on one day of so many. quirk: how it writes records."""

    def __init__(self, names, every, quirk, carrier):
        self.names, self.every, self.quirk, self.carrier = names, every, quirk, carrier


REPORTERS = (
    Reporter(('Grande.example', 'GRANDE.example'), 1.4, 'plain', 'pass'),
    Reporter(('Empresa Outlook',), 2, 'envelope', 'pass'),
    Reporter(('correo.example',), 4, 'no-selector', 'fail'),
    Reporter(('Nueve Mil', 'nueve mil'), 5, 'rfc9990', None),
    Reporter(('raro.example',), 9, 'foreign', None),
    Reporter(('semanal.example',), 7, 'two-spf', 'pass'),
)


def services():
    """Rows of the catalogue by what they can be recognised by."""
    rows, header = [], None
    with open(os.path.join(HERE, '../../store/judge/services.tsv'), encoding='utf-8') as lines:
        for line in lines:
            if line.startswith('#'):
                continue
            cells = line.rstrip('\n').split('\t')
            if header is None:
                header = cells
            else:
                rows.append(dict(zip(header, cells)))
    for row in rows:
        for name in ('bounce_domains', 'dkim_domains', 'selectors'):
            row[name] = row[name].split()
        row['strong'] = [s for s in row['selectors'] if not s.endswith('?')]
        row['weak'] = [s[:-1] for s in row['selectors'] if s.endswith('?')]
    return rows


def spoken(rng, pattern):
    """A selector that a pattern of the catalogue matches."""
    return ''.join(rng.choice('0123456789') if c == '#' else rng.choice(('', 'a', 'x7')) if c == '*'
                   else c for c in pattern)


class Look:
    """One way a sender's mail looks. signed: (d, s, result); raw: (domain, result, scope)."""

    def __init__(self, dkim, spf, signed=(), raw=(), envelope=None, reasons=(), header_from='',
                 share=1.0):
        self.dkim, self.spf, self.signed, self.raw = dkim, spf, tuple(signed), tuple(raw)
        self.envelope, self.reasons, self.share = envelope, reasons, share
        self.header_from = header_from


class Sender:
    """Addresses, looks, the days it sends on, and how often (records to a report)."""

    def __init__(self, addresses, looks, rate=.5, first=0, last=10 ** 6, gap=None, most=60):
        self.addresses, self.looks, self.rate = addresses, looks, rate
        self.first, self.last, self.gap, self.most = first, last, gap, most

    def sends(self, day):
        return self.first <= day <= self.last and not (self.gap and
                                                       self.gap[0] <= day < self.gap[1])


class Cast:
    """The senders of one policy domain."""

    def __init__(self, rng, name, number, days, catalogue):
        self.rng, self.name, self.days, self.catalogue = rng, name, days, catalogue
        self.nets = iter(rng.sample(range(512), 512))
        self.number = number
        self.senders = []
        for make in (self.own, self.second_server, self.by_key, self.by_bounce, self.by_weak,
                     self.by_signer, self.forwarders, self.lists, self.other_envelope,
                     self.changed, self.unsigned_servers, self.strangers, self.subdomains,
                     self.lost_keys, self.comers_and_goers, self.texts, self.reasoned,
                     self.chaos):
            make()

    def add(self, *argv, **more):
        self.senders.append(Sender(*argv, **more))

    def net4(self, *hosts):
        n = next(self.nets)
        return ['198.%d.%d.%d' % (18 + n // 256, n % 256, h) for h in hosts or (10,)]

    def net6(self, *hosts):
        n = next(self.nets)
        return ['2001:db8:%x:%x::%x' % (self.number, n, h) for h in hosts or (25,)]

    def service(self, want):
        return self.rng.choice([s for s in self.catalogue if want(s)])

    # ---- what is sent

    def own_spf(self, result='pass'):
        return (self.name, result, 'mfrom')

    def own(self):
        n, four, six = self.name, self.net4(10, 11), self.net6(25)
        self.add(four, [
            Look('pass', 'pass', [(n, 'mail', 'pass')], [self.own_spf()], n),
            Look('pass', 'pass', [(n, 'Mail', 'pass'), (n, 'viejo', 'fail')], [self.own_spf()], n,
                 share=.3),
            Look('fail', 'pass', [(n, 'mail', 'fail')], [self.own_spf()], n, share=.1),
            Look('fail', 'fail', [(n, 'mail', 'fail')], [self.own_spf('softfail')], n, share=.05),
        ], .9, most=300)
        self.add(six, [Look('pass', 'pass', [(n, 'mail', 'pass')], [self.own_spf()], n),
                       Look('pass', 'fail', [(n, 'mail', 'pass')], [self.own_spf('fail')], n)], .4)
        # In the same networks, and never passing: next to an own one.
        self.add([four[0].rsplit('.', 1)[0] + '.99', six[0][:-2] + '99'],
                 [Look('fail', 'fail', [], [self.own_spf('fail')], n)], .2)

    def second_server(self):
        """Signs with a key of its own, passes no SPF: the home is found by volume or not at all."""
        n = self.name
        a, b = self.net4(5), self.net4(6)
        for addresses, rate in ((a, .4), (b, .25)):
            self.add(addresses, [Look('pass', 'fail', [(n, 'dos', 'pass')],
                                      [self.own_spf('neutral')], n)], rate)
        self.add(self.net4(7), [Look('pass', 'fail', [(n, 'dos', 'pass')], [self.own_spf('fail')],
                                     n)], .04, most=5)
        self.add(self.net4(8), [Look('pass', 'fail', [], [], None)], .1)
        once = self.rng.randrange(self.days)
        self.add(self.net4(9), [Look('pass', 'fail', [(n, 'fugaz', 'pass')], [])], .9, once, once)

    def by_key(self):
        """Services with a selector of their own: aligned by SPF, by their bounces, and neither."""
        n = self.name
        for _ in range(2):
            s = self.service(lambda s: s['strong'] and s['bounce_domains'])
            selector, bounce = spoken(self.rng, s['strong'][0]), 'b7.' + s['bounce_domains'][0]
            self.add(self.net4(20, 21, 22), [
                Look('pass', 'fail', [(n, selector, 'pass')], [(bounce, 'pass', 'mfrom')], bounce),
                Look('fail', 'fail', [(n, selector, 'fail')], [(bounce, 'pass', 'mfrom')], bounce,
                     share=.1)], .5)
            self.add(self.net4(30), [Look('pass', 'fail', [(n, selector, 'pass')],
                                          [self.own_spf('softfail')], n)], .08, most=4)
        s = self.service(lambda s: s['strong'])
        self.add(self.net6(40), [Look('pass', 'pass', [(n, spoken(self.rng, s['strong'][-1]),
                                                        'pass')], [self.own_spf()])], .3)

    def by_bounce(self):
        s = self.service(lambda s: s['bounce_domains'])
        bounce = s['bounce_domains'][-1]
        self.add(self.net4(50, 51), [
            Look('fail', 'fail', [(bounce, 'k9', 'pass')], [(bounce, 'pass', 'mfrom')], bounce),
            Look('pass', 'fail', [(self.name, 'propia', 'pass')], [(bounce, 'pass', 'mfrom')],
                 bounce, share=.2)], .4)

    def by_weak(self):
        s = self.service(lambda s: s['weak'] and s['bounce_domains'])
        selector, bounce = spoken(self.rng, s['weak'][0]), s['bounce_domains'][0]
        self.add(self.net4(60), [Look('pass', 'fail', [(self.name, selector, 'pass')],
                                      [(bounce, 'pass', 'mfrom')], bounce)], .3)
        self.add(self.net4(61), [Look('pass', 'fail', [(self.name, selector, 'pass')],
                                      [self.own_spf('none')])], .2)

    def by_signer(self):
        s = self.service(lambda s: s['dkim_domains'])
        d = s['dkim_domains'][0]
        self.add(self.net4(70), [Look('fail', 'fail', [('x.' + d, 's', 'pass')], [])], .2)
        self.add(self.net4(71), [Look('fail', 'fail', [(d, 's', 'pass')],
                                      [self.own_spf('softfail')])], .1)

    def forwarders(self):
        n = self.name
        for i in range(3):
            self.add(self.net4(80 + i), [
                Look('pass', 'fail', [(n, 'mail', 'pass')], [self.own_spf('fail')], n),
                Look('fail', 'fail', [(n, 'mail', 'fail')], [self.own_spf('fail')], n, share=.3)],
                .1, most=6)
        self.add(self.net6(83), [
            Look('pass', 'fail', [(n, 'mail', 'pass'), ('srs.reenvio.co.uk', 'z', 'pass')],
                 [('srs.reenvio.co.uk', 'pass', 'mfrom')], 'srs.reenvio.co.uk')], .1, most=6)
        s = self.service(lambda s: s['role'] == 'forwarder' and s['bounce_domains'])
        bounce = s['bounce_domains'][0]
        self.add(self.net4(84), [
            Look('fail', 'fail', [(n, 'mail', 'fail')], [(bounce, 'pass', 'mfrom')]),
            Look('fail', 'fail', [], [(bounce, 'pass', 'mfrom')])], .1)

    def lists(self):
        s = self.service(lambda s: s['role'] == 'list' and s['bounce_domains'])
        host = s['bounce_domains'][0]
        self.add(self.net4(90), [
            Look('fail', 'fail', [(self.name, 'mail', 'fail'), (host, 'l', 'pass')],
                 [(host, 'pass', 'mfrom')], host),
            Look('fail', 'fail', [(host, 'l', 'pass')], [(host, 'pass', 'mfrom')], host,
                 reasons=[('mailing_list', 'known; a list (or so)')])], .15)

    def other_envelope(self):
        for domain in ('rebotes.servidor.com.es', 'a.b.blogspot.com', 'otra.example'):
            self.add(self.net4(100, 101), [
                Look('fail', 'fail', [], [(domain, 'pass', self.rng.choice(('mfrom', None)))],
                     domain),
                Look('fail', 'fail', [], [(domain, 'pass', 'helo')], '', share=.3)], .12)

    def changed(self):
        n = self.name
        self.add(self.net4(110), [Look('fail', 'fail', [(n, 'mail', 'fail')],
                                       [self.own_spf('fail')], n)], .1, most=9)
        self.add(self.net4(111), [Look('fail', 'fail', [(n, 'mail', 'fail')],
                                       [self.own_spf('fail')], n)], .9, most=900)
        self.add(self.net4(112), [Look('fail', 'fail', [('estricto.' + n, 'sub', 'pass')],
                                       [self.own_spf('none')], n)], .1)

    def unsigned_servers(self):
        """With the own envelope: for long, for two weeks, briefly; one of them with a key."""
        n, end = self.name, self.days
        for first, last, rate in ((0, end, .2), (end - 40, end - 27, .9), (end - 20, end - 9, .9)):
            self.add(self.net4(120), [Look('fail', 'fail', [], [self.own_spf('fail')], n)], rate,
                     first, last)
        self.add(self.net6(121), [
            Look('fail', 'fail', [], [self.own_spf('fail')], n),
            Look('fail', 'fail', [(n, 'perdida', 'permerror')], [self.own_spf('fail')], n)], .2)

    def strangers(self):
        for host in range(6):
            self.add(self.net4(130 + host) if host % 2 else self.net6(130 + host), [
                Look('fail', 'fail', [], [(self.rng.choice((self.name, 'malo.invalid')),
                                          self.rng.choice(('fail', 'softfail', 'none')), 'mfrom')]),
                Look('fail', None, [], []), Look(None, None, [], [])], .06, most=4)

    def subdomains(self):
        n = self.name
        for sub in ('facturas', 'Boletin', 'a.b'):
            name = sub + '.' + n
            self.add(self.net4(140), [
                Look('pass', 'pass', [(name, 'sub', 'pass')], [(name, 'pass', 'mfrom')], name,
                     header_from=name + '.'),
                Look('fail', 'fail', [], [(name, 'temperror', 'mfrom')], name, header_from=name,
                     share=.2)], .1)

    def lost_keys(self):
        """Passed until a day, then no more: share and home are of all history."""
        n, day = self.name, self.days * 2 // 3
        addresses = self.net4(150)
        self.add(addresses, [Look('pass', 'fail', [(n, 'llave', 'pass')], [self.own_spf('none')])],
                 .3, 0, day)
        self.add(addresses, [Look('fail', 'fail', [(n, 'llave', 'permerror')],
                                  [self.own_spf('none')])], .3, day + 1)
        self.add(self.net4(151), [
            Look('pass', 'pass', [], [self.own_spf()], share=.05),
            Look('fail', 'fail', [], [self.own_spf('fail')])], .3)
        self.add(self.net4(152), [
            Look('fail', 'pass', [], [self.own_spf()], share=.01),
            Look('fail', 'fail', [], [('z.invalid', 'none', 'helo')])], .3, most=900)

    def comers_and_goers(self):
        """Groups whose first day, or whose first after a silence, may be new or just not."""
        look = [Look('fail', 'pass', [], [self.own_spf()], self.name)]
        for first in (10, 13, 14, 15, 40, self.days // 2, self.days - 30, self.days - 5):
            self.add(self.net4(160), look, .6, first, first + 30)
        for silence in (80, 89, 90, 91, 92, 110):
            self.add(self.net6(161), look, .7, 5, self.days, gap=(40, 40 + silence))

    def texts(self):
        """No addresses at all."""
        for text in ('unknown', 'mail.oculto.example', '192.0.2.300'):
            self.add([text], [Look('fail', 'pass', [], [self.own_spf()], share=.3),
                              Look('fail', 'fail', [], [self.own_spf('fail')], self.name)], .05)

    def reasoned(self):
        n = self.name
        for kind in ('trusted_forwarder', 'forwarded', 'local_policy', 'sampled_out', 'other',
                     'policy_test_mode', 'propio', '', None):
            self.add(self.net4(170), [
                Look('fail', 'fail', [(n, 'mail', 'fail')], [self.own_spf('fail')],
                     reasons=[(kind, self.rng.choice((None, '', 'arc=pass; (no more)')))])], .06)
        self.add(self.net4(171), [Look('pass', 'pass', [(n, 'mail', 'pass')], [self.own_spf()],
                                       reasons=[('local_policy', 'x'), ('forwarded', None)])], .05)

    def chaos(self):
        rng, n = self.rng, self.name
        nets = [self.net4(*rng.sample(range(1, 250), 5)) for _ in range(6)] + [
            self.net6(*range(1, 6)) for _ in range(3)]
        strong = [s for s in self.catalogue if s['strong']]
        self.selectors = ['mail', 'dos', 's1', 'k1', 'default', '', None] + [
            spoken(rng, rng.choice(s['strong'])) for s in rng.sample(strong, 6)]
        bounces = [d for s in self.catalogue for d in s['bounce_domains']]
        signers = [d for s in self.catalogue for d in s['dkim_domains']]
        self.domains = [n, n, n.upper() if n.isascii() else n, 'x.' + n, n + '.', 'ajeno.example',
                        'co.uk', '', None, 'no dominio'] + rng.sample(bounces, 3)
        self.signing = self.domains + rng.sample(signers, 2)
        for net in nets:
            looks = [self.any_look() for _ in range(12)]
            self.add(net, looks, .45, rng.randrange(60), rng.randrange(self.days // 2, self.days),
                     most=40)

    def any_look(self):
        rng = self.rng
        words = ('pass', 'fail', 'softfail', 'neutral', 'none', 'temperror', 'Pass', 'hardfail',
                 'error', 'unknown', 'raro', '')
        weights = (12, 5, 3, 1, 3, 1, 1, 1, 1, 1, 1, 1)
        count = rng.choice((0, 0, 1, 1, 2, 3, 10))
        signed = [(rng.choice(self.signing), rng.choice(self.selectors),
                   rng.choices(words, weights)[0]) for _ in range(count)]
        raw = [(rng.choice(self.domains), rng.choices(words, weights)[0],
                rng.choice(('mfrom', 'mfrom', 'helo', None, 'otro')))
               for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))]
        verdicts = ('pass', 'fail', 'fail', 'fail', 'PASS', 'maybe', '', None)
        return Look(rng.choice(verdicts), rng.choice(verdicts), signed, raw,
                    rng.choice(self.domains + [None] * 6),
                    [(rng.choice(('local_policy', 'mailing_list', 'other', 'foo')), None)]
                    if rng.random() < .15 else (),
                    header_from=rng.choice(['', '', '', None, 'x.' + self.name, 'ajeno.example']),
                    share=rng.uniform(.1, 1))


# ---- records and reports ------------------------------------------------------------------------

def disposition(rng, look, policy, quirk):
    if 'pass' in (look.dkim, look.spf):
        return 'pass' if quirk == 'rfc9990' else 'none'
    word = rng.choice((policy, policy, policy, 'none', 'quarantine', 'reject'))
    if quirk == 'foreign':
        word = rng.choice((word, word, word.upper(), 'discard', '', None))
    return word


def record(rng, sender, domain, policy, quirk, n):
    look = rng.choices(sender.looks, [x.share for x in sender.looks])[0]
    auth = [kit.dkim(d, None if quirk == 'no-selector' else s, result)
            for d, s, result in look.signed]
    raw = list(look.raw)
    if quirk == 'two-spf' and raw:
        raw.insert(0, ('helo.' + domain, 'none', 'helo'))
    auth += [kit.spf(d, result, None if quirk == 'plain' else scope) for d, result, scope in raw]
    envelope = look.envelope if quirk in ('envelope', 'rfc9990', 'foreign') else None
    header_from = domain if look.header_from == '' else look.header_from
    count = min(sender.most, 1 + int(rng.expovariate(1 / 12)))
    if rng.random() < .01:
        count = rng.choice((0, 0, 0, 300, 2000))
    reasons = [kit.reason(*why) for why in look.reasons]
    return kit.record(rng.choice(sender.addresses), count, disposition(rng, look, policy, quirk),
                      look.dkim, look.spf, reasons or None, header_from, envelope, auth=auth or '')


class Maildir:
    def __init__(self, path):
        self.path, self.count = path, 0
        for sub in ('new', 'cur', 'tmp'):
            os.makedirs(os.path.join(path, sub), exist_ok=True)

    def deliver(self, when, data):
        self.count += 1
        path = os.path.join(self.path, 'new', '%d.M%06dP1.oracle' % (when, self.count))
        with open(path, 'wb') as f:
            f.write(data)
        os.utime(path, (when, when))


def mail(xml, reporter, domain, begin):
    before = ''
    if reporter.carrier:
        before = 'Authentication-Results: %s;\n\tdmarc=%s header.from=reporter.example\n' % (
            AUTHSERV_ID, reporter.carrier)
    body = kit.entity(xml, 'text/xml', 'reporter.example!x!%d!%d.xml' % (begin, begin + DAY - 1),
                      'base64')
    return kit.mail(body, subject='Report Domain: x', before=before)


def report(rng, records, reporter, domain, policy, begin, report_id, length=DAY):
    rfc9990 = reporter.quirk == 'rfc9990'
    return kit.feedback(
        records, kit.metadata(rng.choice(reporter.names), report_id=report_id, begin=begin,
                              end=begin + length - 1),
        kit.policy(domain, p=policy, sp=policy), attributes=kit.RFC9990 if rfc9990 else '')


def day_reports(box, rng, reporter, cast, policy, day, begin):
    """What one reporter says of one domain and day: mostly one report, sometimes more."""
    records = [record(rng, s, cast.name, policy, reporter.quirk, n)
               for n, s in enumerate(cast.senders) if s.sends(day) and rng.random() < s.rate * .45]
    length = rng.choice((DAY, DAY, DAY, DAY, 12 * 3600, 3 * DAY))
    shift = rng.choice((0, 0, 0, 3 * 3600, 13 * 3600))
    number = '%s-%d-%d' % (reporter.quirk, begin, rng.randrange(10 ** 9))
    xml = report(rng, records, reporter, cast.name, policy, begin + shift, number, length)
    when = begin + DAY + rng.randrange(3600, 2 * DAY)
    carried = mail(xml, reporter, cast.name, begin)
    box.deliver(when, carried)
    what = rng.random()
    if what < .02:
        box.deliver(when + 60, carried)
    elif what < .05:    # a twin: the same records by another id
        state = rng.getstate()
        xml = report(rng, records, reporter, cast.name, policy, begin + shift, number + 't', length)
        rng.setstate(state)
        box.deliver(when + 120, mail(xml, reporter, cast.name, begin))
    elif what < .06:    # a contradiction: other records by the same id
        xml = report(rng, records[1:] or [kit.record()], reporter, cast.name, policy, begin + shift,
                     number, length)
        box.deliver(when + 180, mail(xml, reporter, cast.name, begin))


def generate(path, seed, days, until):
    rng = random.Random(seed)
    box = Maildir(path)
    end = calendar.timegm(datetime.date.fromisoformat(until).timetuple())
    catalogue = services()
    for number, (name, share, back, policy) in enumerate(DOMAINS):
        cast = Cast(random.Random('%d %s' % (seed, name)), name, number, days, catalogue)
        for day in range(max(0, days - back), days):
            for reporter in REPORTERS:
                if rng.random() < share / reporter.every:
                    day_reports(box, rng, reporter, cast, policy, day,
                                end - (days - 1 - day) * DAY)
    return box.count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('dir')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--days', type=int, default=220)
    parser.add_argument('--until', default='2026-11-20')
    given = parser.parse_args()
    print('%d mails' % generate(given.dir, given.seed, given.days, given.until))


if __name__ == '__main__':
    main()
