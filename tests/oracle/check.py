#!/usr/bin/env python3
"""Every number of ruad against the oracle's, for many windows, every filter and every kind.

    check.py DB [--windows 10] [--seed 1] [--only KIND] [--every] [--most 40]

Asks a ruad-web of its own, and ruad-query for a sample. Every filter meets every kind in every
window, and the groupings in turns (--every: all of them each time). A line for each difference (the
first --most of them), then how many questions, rows and values were compared; status 1 if one
differs.
"""
import argparse
import collections
import http.client
import ipaddress
import itertools
import json
import multiprocessing
import os
import random
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..'), os.path.join(HERE, '../e2e')]
import facts  # noqa: E402
import judge  # noqa: E402
import measures  # noqa: E402
import oracle  # noqa: E402
import tap  # noqa: E402
import web  # noqa: E402

DIMENSIONS = ('domain', 'source', 'service', 'reporter', 'class', 'disposition')
# What the export says of a record's judgement.
TOLD = ('verdict', 'source_name', 'class', 'rule')
SHELL_SAMPLE = 6  # questions of a window that ruad-query is asked too
DAYS_MANY = 2000  # of a window: then days are asked for without a filter alone
GROUPED_SAMPLE = 4  # groupings of a filter in a window, unless every one is wanted
PAIRS = (('domain', 'class'), ('reporter', 'class'), ('source', 'disposition'),
         ('service', 'reporter'))


class Asker:
    """One connection to a running ruad-web; whole answers, however many pages they have."""

    def __init__(self, server):
        self.http = http.client.HTTPConnection(server.host.strip('[]'), int(server.port),
                                               timeout=60)
        self.asked = 0

    def get(self, target):
        self.http.request('GET', target, headers={'Host': 'localhost'})
        answer = self.http.getresponse()
        return answer, answer.read()

    def page(self, path, params):
        target = '/api/v1' + path + '?' + urllib.parse.urlencode(params)
        try:
            answer, body = self.get(target)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.http.close()  # it was idle for too long while the oracle thought
            answer, body = self.get(target)
        self.asked += 1
        if answer.status != 200:
            raise LookupError('%d %s' % (answer.status, body.decode('utf-8', 'replace')[:300]))
        return json.loads(body, parse_float=str)

    def status(self):
        return self.page('/status', [])['data']

    def ask(self, path, params):
        """All rows of an answer, and the meta of its last page."""
        rows, cursor = [], []
        while True:
            answer = self.page(path, list(params) + [('limit', '1000')] + cursor)
            rows += answer['data']
            if answer['meta']['next_cursor'] is None:
                return rows, answer['meta']
            cursor = [('cursor', answer['meta']['next_cursor'])]


def from_shell(db, path, params):
    """The same by ruad-query."""
    argv = [path.strip('/')]
    for name, value in params:
        flag = '--' + name.replace('_', '-')
        argv += [flag] if value == 'true' else [flag, str(value)]
    status, out, err = tap.run(tap.QUERY, '--db', db, '--format', 'json', *argv)
    if status != 0:
        raise LookupError('%d %s' % (status, err))
    answer = json.loads(out, parse_float=str)
    return answer['data'], answer['meta']


class Kind:
    """A kind of answer: where it is asked, what it should be, and what tells its rows apart."""

    def __init__(self, name, path, want, mark, more=(), read=()):
        self.name, self.path, self.want, self.mark, self.read = name, path, want, mark, read
        self.more = list(more)
        self.daily = name in ('timeseries by day', 'timeseries by week')
        self.grouped = ' by ' in name and ',' in name or name.startswith('summary by')


RECORDS = Kind('records', None, None, None)
META = Kind('meta', None, None, None)


def key_of(row):
    return row['domain'], row['key']


class Tally:
    """What was compared, and what differed."""

    def __init__(self, most):
        self.questions = self.rows = self.values = self.differences = 0
        self.most, self.said, self.by_column = most, [], collections.Counter()

    def say(self, kind, column, where, what):
        self.differences += 1
        self.by_column[kind.name, column] += 1
        if len(self.said) < self.most:
            self.said.append('%s: %s' % (where, what))

    def add(self, other):
        for name in ('questions', 'rows', 'values', 'differences', 'said'):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by_column.update(other.by_column)


class Subject:
    """What is checked: a database, the server that answers from it, and the oracle of it."""

    def __init__(self, db, server):
        self.db, self.server, self.store = db, server, oracle.load(db)
        self.told = [r for r in self.store.facts.records
                     if tuple(r.told[name] for name in TOLD)
                     != (r.trait.verdict, r.group.name, r.class_, r.rule)]
        every, _ = Asker(server).ask('/sources', [('last', 'all'), ('scope', 'all')])
        self.group_ids = {key_of(row): row['id'] for row in every}
        self.group_keys = {row['id']: key_of(row) for row in every}


class Checker:
    """Asks and compares over one connection."""

    def __init__(self, subject, only, most):
        self.db, self.store = subject.db, subject.store
        self.group_ids, self.group_keys = subject.group_ids, subject.group_keys
        self.asker, self.tally = Asker(subject.server), Tally(most)
        self.kinds = [k for k in self.all_kinds() if only is None or k.name.startswith(only)]

    # ---- kinds

    def value_of(self, name, row):
        """The value of a dimension in a row of an answer, as the oracle names it."""
        if name == 'source':
            return self.group_keys.get(row['source_group'])
        return row[name]

    def grouped(self, names):
        return lambda row: tuple(self.value_of(name, row) for name in names)

    def all_kinds(self):
        s = self.store
        yield Kind('summary', '/summary', s.summary, lambda row: ())
        for by in [(name,) for name in DIMENSIONS] + list(PAIRS):
            yield Kind('summary by ' + ','.join(by), '/summary',
                       lambda f, by=by: s.summary(f, by), self.grouped(by),
                       [('group_by', ','.join(by))])
        for unit in ('day', 'week'):
            yield Kind('timeseries by ' + unit, '/timeseries',
                       lambda f, unit=unit: s.timeseries(f, unit == 'week'),
                       lambda row: (row['day'],), [('group_by', unit)])
        for unit, by in zip(itertools.cycle(('day', 'week')), DIMENSIONS):
            yield Kind('timeseries by %s,%s' % (unit, by), '/timeseries',
                       lambda f, unit=unit, by=by: s.timeseries(f, unit == 'week', by),
                       lambda row, by=by: (row['day'], self.value_of(by, row)),
                       [('group_by', unit + ',' + by)])
        yield Kind('domains', '/domains', s.domains_, lambda row: row['domain'],
                   read=['last_report'])
        yield Kind('sources', '/sources', s.sources, key_of)
        after = s.days[len(s.days) // 2]
        yield Kind('sources first seen after', '/sources', lambda f: s.sources(f, after), key_of,
                   [('first_seen_after', facts.day_text(after))])
        yield Kind('addresses', '/addresses', s.addresses,
                   lambda row: (row['domain'], row['source']),
                   read=['source_group'])
        yield Kind('rules', '/rules', s.rules, lambda row: (row['class'], row['rule']))
        yield Kind('overrides', '/overrides', s.overrides,
                   lambda row: (row['type'], row['comment']))
        yield Kind('reporters', '/reporters', lambda f: s.reporters(f, self.now),
                   lambda row: row['reporter'], read=['last_end'])

    # ---- comparing

    def ask(self, kind, f, params):
        """One question; what differs is said."""
        params = kind.more + params
        where = '%s?%s' % (kind.path, urllib.parse.urlencode(params))
        self.tally.questions += 1
        try:
            rows, meta = self.asker.ask(kind.path, params)
        except LookupError as error:
            return self.tally.say(kind, 'an answer', where, error)
        self.now = facts.seconds(meta['generated_at'])
        through = self.store.data_through(f)
        self.compare(META, where, 'meta', dict(
            data_through=None if through is None else facts.day_text(through)), meta)
        want = kind.want(f)
        got = {kind.mark(row): row for row in rows}
        self.tally.rows += len(rows)
        if len(got) != len(rows):
            self.tally.say(kind, 'rows', where, 'two rows for one thing')
        for mark in sorted(want.keys() ^ got.keys(), key=str):
            self.tally.say(kind, 'rows', where,
                           '%s: %r' % ('no row' if mark in want else 'a row too many', mark))
        for mark in want.keys() & got.keys():
            self.compare(kind, where, mark, measures.shown(want[mark]), got[mark])

    def compare(self, kind, where, mark, want, got):
        self.tally.values += len(want)
        for name in kind.read:
            if name in got:
                got[name] = READ[name](self, got[name])
        if want.items() <= got.items():
            return
        for name, value in want.items():
            if name not in got:
                text = 'no such column'
            elif got[name] != value:
                text = '%r, the oracle says %r' % (got[name], value)
            else:
                continue
            self.tally.say(kind, name, '%s: %r' % (where, mark), '%s: %s' % (name, text))

    def ask_both(self, kind, params):
        """By ruad-query and over HTTP: the very same rows."""
        self.tally.questions += 1
        here, _ = from_shell(self.db, kind.path, kind.more + params)
        there, _ = self.asker.ask(kind.path, kind.more + params)
        self.tally.rows += len(here)
        if timeless(here) != timeless(there):
            self.tally.say(kind, 'ruad-query', kind.path + ' %r' % (kind.more + params),
                           'other rows than over HTTP')


def timeless(rows):
    return [{k: v for k, v in row.items() if k not in ('age_seconds', 'overdue')} for row in rows]


# Columns the oracle has in another form.
READ = {
    'last_end': lambda self, v: v and facts.seconds(v),
    'last_report': lambda self, v: v and facts.seconds(v),
    'source_group': lambda self, v: self.group_keys[v][1],
}


# ---- questions ----------------------------------------------------------------------------------

def windows(rng, days, count):
    """Empty, one day, all, beyond both ends, a week, a month, and others as they come."""
    first, last = days[0], days[-1]
    one, some, other = (rng.choice(days) for _ in range(3))
    out = [(first, last), (first - 400, first - 380), (one, one), (first - 50, last + 3),
           (last - 29, last), (last - 6, last), (some - 15, some + 15), (last + 1, last + 2),
           (min(some, other), max(some, other))]
    while len(out) < count:
        out.append(tuple(sorted(rng.choices(range(first - 5, last + 5), k=2))))
    # Days are counted from 1970: there is none before.
    return [(max(0, a), max(0, b)) for a, b in out[:count]]


def net(address, bits):
    return ipaddress.ip_network((address, bits), strict=False)


def report_filters(rng, store):
    """Those that choose reports, as (parameters, fields of the oracle's filter)."""
    domains = sorted({r.domain for r in store.facts.records})
    a, b = rng.choice(domains), rng.choice(domains)
    top = rng.choice(sorted({store.facts.suffixes.organisation(d) for d in domains}))
    reporter = rng.choice(sorted(name for name in store.facts.reporters if name))
    yield [], {}
    yield [('domain', a)], dict(domain=[a])
    yield list({('domain', a): 0, ('domain', b): 0}), dict(domain=[a, b])
    yield [('domain', top.upper()), ('subdomains', 'true')], dict(domain=[top], subdomains=True)
    yield [('scope', 'claimed')], {}
    yield [('scope', 'unclaimed')], dict(scope='unclaimed')
    yield [('scope', 'all')], dict(scope='all')
    yield [('reporter', reporter.upper())], dict(reporter=reporter)
    yield [('verified', 'true')], dict(verified=True)
    yield [('without_twins', 'true')], dict(without_twins=True)


def record_filters(rng, store, groups):
    """Those that choose records."""
    records = store.facts.records
    name = rng.choice(sorted({r.header_from for r in records if r.header_from}))
    yield [('header_from', name + '.')], dict(header_from=name)
    yield [('header_from', 'nobody.invalid')], dict(header_from='nobody.invalid')
    for version, bits in ((4, (32, 24, 16)), (6, (128, 64, 32))):
        some = [r.address for r in records if r.address is not None
                and r.address.version == version]
        address = rng.choice(some) if some else ipaddress.ip_address('192.0.2.1')
        yield [('source', str(address))], dict(source=net(address, bits[0]))
        for n in bits[1:]:
            yield [('source', str(net(address, n)))], dict(source=net(address, n))
    for result in ('pass', 'fail', 'unknown'):
        yield [('result', result)], dict(result=result)
    for word in ('none', 'quarantine', 'reject', 'pass', 'absent', 'unknown'):
        yield [('disposition', word)], dict(disposition=word)
    for class_ in judge.CLASSES:
        yield [('class', class_)], dict(class_=class_)
    group = rng.choice(sorted(groups))
    yield [('group', groups[group])], dict(group=group)
    services = sorted({r.group.service for r in records if r.group.service}) or ['mailchimp']
    service = rng.choice(services)
    yield [('service', service)], dict(service=service)


def filters(rng, store, groups):
    """Every filter by itself, and some together."""
    alone = list(report_filters(rng, store)) + list(record_filters(rng, store, groups))
    yield from alone
    for _ in range(8):
        params, fields = [], {}
        for more, others in rng.sample(alone, 3):
            if not {n for n, _ in more} & {n for n, _ in params} and not fields.keys() & others:
                params, fields = params + more, dict(fields, **others)
        names = {n for n, _ in params}
        if not {'scope', 'domain'} <= names:
            yield params, fields


def questions(checker, rng, first, last, every):
    """Every filter times every kind, in one window; of the groupings a few, in turns."""
    plain = [k for k in checker.kinds if not k.grouped]
    grouped = [k for k in checker.kinds if k.grouped]
    turns = itertools.cycle(rng.sample(grouped, len(grouped)))
    for params, fields in filters(rng, checker.store, checker.group_ids):
        params = params + [('from', facts.day_text(first)), ('to', facts.day_text(last))]
        f = measures.Filter(first, last, **fields)
        # A row a day is many where a report is decades away from the others.
        here = [k for k in plain if not (k.daily and last - first > DAYS_MANY and fields)]
        for kind in here + (grouped if every else list(itertools.islice(turns, GROUPED_SAMPLE))):
            yield kind, f, params


def one_window(job):
    """In a process that inherited SUBJECT: the tally of a window."""
    seed, first, last, only, every, most = job
    rng = random.Random(seed)
    checker = Checker(SUBJECT[0], only, most)
    asked = []
    for kind, f, params in questions(checker, rng, first, last, every):
        checker.ask(kind, f, params)
        asked.append((kind, params))
    for kind, params in rng.sample(asked, min(SHELL_SAMPLE, len(asked))):
        checker.ask_both(kind, params)
    return checker.tally


SUBJECT = []


def check(db, count=10, seed=1, only=None, every=False, most=40):
    """The Tally of all records and windows; a process each, as many as there are processors."""
    tally = Tally(most)
    with web.Web('--db', db) as server:
        SUBJECT[:] = [Subject(db, server)]
        for r in SUBJECT[0].told:
            tally.say(RECORDS, ', '.join(TOLD), 'report %d, record %d' % (r.report, r.n),
                      '%r, the oracle says %s, %s, %s, %s' % (r.told, r.trait.verdict, r.group.name,
                                                             r.class_, r.rule))
        tally.rows += len(SUBJECT[0].store.facts.records)
        jobs = [(seed * 1000 + n, first, last, only, every, most) for n, (first, last) in enumerate(
            windows(random.Random(seed), SUBJECT[0].store.days, count))]
        with multiprocessing.get_context('fork').Pool(os.cpu_count()) as pool:
            for part in pool.imap_unordered(one_window, jobs, 1):
                tally.add(part)
    return tally


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('db')
    parser.add_argument('--windows', type=int, default=10)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--only')
    parser.add_argument('--every', action='store_true')
    parser.add_argument('--most', type=int, default=40)
    given = parser.parse_args()
    begun = time.monotonic()
    c = check(given.db, given.windows, given.seed, given.only, given.every, given.most)
    for line in c.said[:given.most]:
        print('# ' + line)
    for (kind, column), n in c.by_column.most_common():
        print('# %6d differences in %s of %s' % (n, column, kind))
    print('%d questions, %d rows, %d values compared, %d differences, %.0f s'
          % (c.questions, c.rows, c.values, c.differences, time.monotonic() - begun))
    sys.exit(1 if c.differences else 0)


if __name__ == '__main__':
    main()
