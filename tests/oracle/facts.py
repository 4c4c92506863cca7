"""The exports of ruad-query as facts: reports, records, and of each record its trait.

Read are what a report says of itself and what a record was sent as. What the program found out
about a record (its group, class and rule) is kept apart, to be compared and never used.
"""
import datetime
import ipaddress
import re

EPOCH = datetime.date(1970, 1, 1).toordinal()
PASS, FAIL = 'pass', 'fail'
OWN, OTHER, NONE = 'own', 'other', 'none'
NO_RESULT = 'no result'
SIGNATURES_MAX = 8

WORDS = {
    'result': {'none', 'pass', 'fail', 'softfail', 'neutral', 'policy', 'temperror', 'permerror'},
    'scope': {'mfrom', 'helo'},
    'reason': {'local_policy', 'mailing_list', 'other', 'trusted_forwarder', 'forwarded',
               'sampled_out', 'policy_test_mode'},
}
ALIASES = {'hardfail': 'fail', 'error': 'permerror', 'unknown': 'temperror'}
# One item of a line: a word, or name=value; a value that is no plain word stands in quotes.
PIECE = re.compile(r'(?:([a-z_]+)=)?(?:"((?:[^"\\]|\\.)*)"|([^ ;"]*))', re.S)


def day_number(text):
    return datetime.date.fromisoformat(text[:10]).toordinal() - EPOCH


def day_text(number):
    return datetime.date.fromordinal(number + EPOCH).isoformat()


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp())


def word(vocabulary, token):
    """The meaning of a token as sent: absent, unknown, or a word of the vocabulary."""
    if token is None:
        return 'absent'
    token = token.strip().lower()
    if vocabulary == 'result':
        token = ALIASES.get(token, token)
    return token if token in WORDS[vocabulary] else 'unknown'


def items(line):
    """The items of a line of results or reasons: lists of (name, value)."""
    out, at = [[]], 0
    while line and at < len(line):
        m = PIECE.match(line, at)
        if m.end() == at:
            raise ValueError('not understood: %r' % line[at:])
        quoted = m[2]
        out[-1].append((m[1], m[3] if quoted is None else re.sub(r'\\(.)', r'\1', quoted)))
        at = m.end()
        if line.startswith('; ', at):
            out.append([])
        at += 2 if line.startswith('; ', at) else 1
    return out if line else []


def said(vocabulary, meaning, sent):
    """A word's meaning, by the token where it is not the word itself."""
    if meaning is None or (meaning == 'absent' and sent is None):
        return 'absent'
    return word(vocabulary, meaning if sent is None else sent)


class Auth:
    def __init__(self, fields):
        self.kind, result = fields[0]
        more = dict(fields[1:])
        self.domain, self.selector = more.get('d'), more.get('s')
        self.result = said('result', result, more.get('sent'))
        self.scope = said('scope', more.get('scope'), more.get('scope_sent'))


def auths(line):
    return [Auth(fields) for fields in items(line)]


def reasons(line):
    """(meaning of the type, type as it is shown, comment) of each override reason. Shown is what
    was sent where that is no word, and nothing where nothing was."""
    out = []
    for fields in items(line):
        meaning, more = fields[0][1], dict(fields[1:])
        meant = said('reason', meaning, more.get('sent'))
        shown = meaning if meaning != 'unknown' else more.get('sent')
        out.append((meant, None if meant == 'absent' else shown, more.get('comment')))
    return out


class Trait:
    """What judgement needs to know of a record, without address and count."""

    def __init__(self, suffixes, names, row):
        self.disposition = row['disposition'] or 'absent'
        self.dkim, self.spf = row['dkim'], row['spf']
        self.reasons = frozenset(meaning for meaning, _, _ in reasons(row['reasons']))
        results = auths(row['auth'])
        header_from = names.key(row['header_from'])
        chosen = self.choose([a for a in results if a.kind == 'spf'])
        self.spf_result = chosen.result if chosen else NO_RESULT
        self.spf_domain = names.key(chosen.domain) if chosen else None
        self.spf_own = suffixes.one_organisation(self.spf_domain, header_from)
        name = names.key(row['envelope_from'])
        if name is None and chosen and chosen.scope != 'helo':
            name = self.spf_domain
        if name is None:
            self.envelope = NONE
        else:
            self.envelope = OWN if suffixes.one_organisation(name, header_from) else OTHER
        own = {}
        self.other_dkim = None
        for a in results:
            if a.kind != 'dkim':
                continue
            domain = names.key(a.domain)
            if domain is None:
                continue
            if suffixes.one_organisation(domain, header_from):
                mark = (domain, names.ascii_lower(a.selector or ''))
                own[mark] = own.get(mark, False) or a.result == PASS
            elif a.result == PASS and self.other_dkim is None:
                self.other_dkim = domain
        kept = sorted(own, key=lambda m: (m[0].encode(), m[1].encode()))[:SIGNATURES_MAX]
        self.signatures = tuple((mark, own[mark]) for mark in kept)
        self.passing = tuple(mark for mark, good in self.signatures if good)
        self.verdict = verdict(self.dkim, self.spf)

    @staticmethod
    def choose(spf):
        """The raw SPF result that tells most."""
        def mail_from(a):
            return a.scope in ('mfrom', 'absent')
        for want in (lambda a: a.result == PASS and mail_from(a), lambda a: a.result == PASS,
                     mail_from, lambda a: True):
            for a in spf:
                if want(a):
                    return a
        return None


def verdict(dkim, spf):
    if PASS in (dkim, spf):
        return PASS
    return FAIL if dkim == spf == FAIL else 'unknown'


class Record:
    __slots__ = ('report', 'n', 'day', 'domain', 'reporter', 'address', 'source', 'count', 'trait',
                 'header_from', 'told', 'group', 'class_', 'rule', 'reasons')


TOLD = ('source_group', 'source_name', 'class', 'rule', 'verdict')


class Facts:
    """All reports and records there are, oldest report first."""

    def __init__(self, names, suffixes, reports, records):
        self.names, self.suffixes = names, suffixes
        self.traits = {}
        self.reports = {row['id']: dict(row) for row in reports if not row['conflict']}
        self.reporters = {}
        for number in sorted(self.reports):
            row = self.reports[number]
            row['day'], row['end'] = day_number(row['day']), seconds(row['end'])
            row['reporter'] = self.reporter(row['reporter'])
        self.records = [self.record(row) for row in records]

    def reporter(self, name):
        """Names that differ in ASCII case only are one; the first one seen stands for it."""
        return self.reporters.setdefault(self.names.ascii_lower(name or ''), name)

    def trait(self, row):
        mark = tuple(row[name] for name in ('disposition', 'dkim', 'spf', 'reasons', 'auth',
                                            'header_from', 'envelope_from'))
        found = self.traits.get(mark)
        if found is None:
            found = self.traits[mark] = Trait(self.suffixes, self.names, row)
        return found

    def record(self, row):
        r = Record()
        r.report, r.n, r.count, r.domain = row['report'], row['n'], row['count'], row['domain']
        r.day, r.reporter = day_number(row['day']), self.reporter(row['reporter'])
        r.source = row['source']
        try:
            r.address = ipaddress.ip_address(r.source)
        except ValueError:
            r.address = None
        r.trait = self.trait(row)
        r.header_from = self.names.key(row['header_from'])
        r.reasons = row['reasons']
        r.told = {name: row[name] for name in TOLD if name in row}
        return r
