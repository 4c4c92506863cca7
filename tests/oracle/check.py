#!/usr/bin/env python3
"""Every number of ruad against the oracle's, for many windows, every filter and every kind.

    check.py DB [--windows 10] [--seed 1] [--only KIND] [--most 40]

Asks a ruad-web of its own, and ruad-query for a sample. A line for each difference (the first --most
of them), then how many questions, rows and values were compared; status 1 if one differs.
"""
import argparse
import collections
import datetime
import http.client
import ipaddress
import itertools
import json
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
PAIRS = (('domain', 'class'), ('reporter', 'class'), ('source', 'disposition'),
         ('service', 'reporter'))


class Asker:
    """One connection to a running ruad-web; whole answers, however many pages they have."""

    def __init__(self, server):
        self.http = http.client.HTTPConnection(server.host.strip('[]'), int(server.port),
                                               timeout=60)
        self.asked = 0

    def page(self, path, params):
        target = '/api/v1' + path + '?' + urllib.parse.urlencode(params)
        self.http.request('GET', target, headers={'Host': 'localhost'})
        answer = self.http.getresponse()
        body = answer.read()
        self.asked += 1
        if answer.status != 200:
            raise LookupError('%d %s' % (answer.status, body.decode('utf-8', 'replace')[:300]))
        return json.loads(body, parse_float=str)

    def ask(self, path, params, pages=True):
        rows, params = [], list(params)
        if pages:
            params.append(('limit', '1000'))
        while True:
            answer = self.page(path, params)
            rows += answer['data'] if isinstance(answer['data'], list) else [answer['data']]
            cursor = answer['meta'].get('next_cursor')
            if cursor is None or not pages:
                return rows, answer['meta']
            params = [p for p in params if p[0] != 'cursor'] + [('cursor', cursor)]


class Kind:
    """A kind of answer: where it is asked, what it should be, and what tells its rows apart."""

    def __init__(self, name, path, want, mark, more=(), row_filters=True):
        self.name, self.path, self.want, self.mark = name, path, want, mark
        self.more, self.pages = list(more), path != '/summary' or bool(more)


def key_of(row):
    return row['domain'], row['key']


class Checker:
    def __init__(self, db, asker, most):
        self.db, self.asker, self.most = db, asker, most
        self.store = oracle.load(db)
        self.questions = self.rows = self.values = self.differences = 0
        self.by_column = collections.Counter()
        every, _ = asker.ask('/sources', [('last', 'all'), ('scope', 'all')])
        self.group_ids = {key_of(row): row['id'] for row in every}
        self.group_keys = {row['id']: key_of(row) for row in every}
        self.kinds = list(self.all_kinds())

    # ---- kinds

    def value_of(self, name, row):
        """The value of a dimension in a row of an answer, as the oracle names it."""
        if name == 'source':
            return self.group_keys.get(row['source'])
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
        yield Kind('domains', '/domains', s.domains_, lambda row: row['domain'])
        yield Kind('sources', '/sources', s.sources, key_of)
        after = s.days[len(s.days) // 2]
        yield Kind('sources first seen after', '/sources', lambda f: s.sources(f, after), key_of,
                   [('first_seen_after', facts.day_text(after))])
        yield Kind('addresses', '/addresses', s.addresses,
                   lambda row: (row['domain'], row['source']))
        yield Kind('reporters', '/reporters', lambda f: s.reporters(f, self.now),
                   lambda row: row['reporter'])

    # ---- comparing

    def say(self, where, what):
        self.differences += 1
        if self.differences <= self.most:
            print('# %s: %s' % (where, what))

    def ask(self, kind, f, params):
        """One question; what differs is said."""
        params = kind.more + params
        where = '%s?%s' % (kind.path, urllib.parse.urlencode(params))
        self.questions += 1
        try:
            rows, meta = self.asker.ask(kind.path, params, kind.pages)
        except LookupError as error:
            self.by_column[kind.name, 'answer'] += 1
            return self.say(where, error)
        self.now = facts.seconds(meta['generated_at'])
        want = kind.want(f)
        got = {}
        for row in rows:
            mark = kind.mark(row)
            if mark in got:
                self.say(where, 'two rows for %r' % (mark,))
            got[mark] = row
        self.rows += len(rows)
        for mark in sorted(want.keys() ^ got.keys(), key=str):
            self.by_column[kind.name, 'rows'] += 1
            self.say(where, '%s: %r' % ('no row' if mark in want else 'a row too many', mark))
        for mark in want.keys() & got.keys():
            self.compare(kind, '%s: %r' % (where, mark), want[mark], got[mark])

    def compare(self, kind, where, want, got):
        for name, value in want.items():
            self.values += 1
            if name not in got:
                text = 'no such column'
            else:
                if isinstance(value, float):
                    value, told = oracle.ratio_text(value), got[name]
                    told = told if told is None else str(told)
                else:
                    told = self.plain(name, got[name])
                if told == value and isinstance(told, bool) == isinstance(value, bool):
                    continue
                text = '%r, the oracle says %r' % (told, value)
            self.by_column[kind.name, name] += 1
            self.say(where, '%s: %s' % (name, text))

    def plain(self, name, told):
        if name == 'last_end' or name == 'last_report':
            return facts.seconds(told)
        if name == 'group':
            return self.group_keys.get(told, (None, told))[1]
        return told


# ---- questions ----------------------------------------------------------------------------------

def windows(rng, days, count):
    """Empty, one day, all, beyond both ends, a week, a month, and others as they come."""
    first, last = days[0], days[-1]
    one = rng.choice(days)
    out = [(first, last), (first - 400, first - 380), (one, one), (first - 50, last + 3),
           (last - 29, last), (last - 6, last), (first, first + 30), (last + 1, last + 2)]
    while len(out) < count:
        a, b = sorted(rng.choices(range(first - 5, last + 5), k=2))
        out.append((a, b))
    return out[:count]


def filters(rng, store, ids):
    """(parameters, fields of the oracle's filter) for every filter there is, and some together."""
    records = store.facts.records
    some = rng.choice
    r = some([r for r in records if r.address is not None])
    v6 = [x for x in records if x.address is not None and x.address.version == 6]
    out = [([], {})]

    def one(params, **fields):
        out.append((params if isinstance(params, list) else [params], fields))

    domains = sorted({x.domain for x in records})
    a, b = some(domains), some(domains)
    one(('domain', a), domain=[a])
    one([('domain', a), ('domain', b)], domain=[a, b])
    top = some(sorted({store.facts.suffixes.organisation(d) for d in domains}))
    one([('domain', top.upper()), ('subdomains', 'true')], domain=[top], subdomains=True)
    for scope in ('claimed', 'unclaimed', 'all'):
        one(('scope', scope), scope=None if scope == 'claimed' else scope)
    froms = sorted({x.header_from for x in records if x.header_from})
    name = some(froms)
    one(('header_from', name + '.'), header_from=name)
    one(('header_from', 'nobody.invalid'), header_from='nobody.invalid')
    reporter = some(sorted(store.facts.reporters))
    one(('reporter', reporter.upper()), reporter=reporter)
    one(('source', r.source), source=ipaddress.ip_network(r.source))
    for net in [(r.address, 24 if r.address.version == 4 else 64)] + [
            (some(v6).address, bits) for bits in (64, 32) if v6]:
        n = ipaddress.ip_network(net, strict=False)
        one(('source', str(n)), source=n)
    for result in ('pass', 'fail', 'unknown'):
        one(('result', result), result=result)
    for word in ('none', 'quarantine', 'reject', 'pass', 'absent', 'unknown'):
        one(('disposition', word), disposition='absent' if word == 'absent' else word)
    for class_ in judge.CLASSES:
        one(('class', class_), class_=class_)
    group = some(sorted(ids))
    one(('group', ids[group]), group=group)
    services = sorted({x.group.service for x in records if x.group.service})
    if services:
        service = some(services)
        one(('service', service), service=service)
        one([('service', some(services)), ('result', 'fail')], service=None)
        out[-1][1].update(service=out[-1][0][0][1], result='fail')
    one(('verified', 'true'), verified=True)
    one(('without_twins', 'true'), without_twins=True)
    one([('verified', 'true'), ('without_twins', 'true'), ('class', 'yours'), ('domain', b)],
        verified=True, without_twins=True, class_='yours', domain=[b])
    one([('reporter', reporter), ('result', 'fail'), ('class', 'forwarded')], reporter=reporter,
        result='fail', class_='forwarded')
    one([('source', str(ipaddress.ip_network((r.address, 16), strict=False))),
         ('class', 'to_decide')],
        source=ipaddress.ip_network((r.address, 16), strict=False), class_='to_decide')
    one([('header_from', name), ('disposition', 'none')], header_from=name, disposition='none')
    return out


def from_shell(checker, rng, asked, count):
    """A sample of the questions by ruad-query: the very same rows."""
    for kind, params in rng.sample(asked, min(count, len(asked))):
        argv = [kind.path.strip('/')]
        for name, value in kind.more + params:
            flag = '--' + name.replace('_', '-')
            argv += [flag] if value == 'true' else [flag, str(value)]
        checker.questions += 1
        here = tap.query(checker.db, *argv)['data']
        rows, _ = checker.asker.ask(kind.path, kind.more + params, kind.pages)
        there = json.loads(json.dumps(rows))
        here = json.loads(json.dumps(here), parse_float=str)
        if drop_ages(here) != drop_ages(there):
            checker.say('ruad-query ' + ' '.join(argv), 'other rows than over HTTP')


def drop_ages(rows):
    return [{k: v for k, v in row.items() if k not in ('age_seconds', 'overdue')} for row in rows]


def check(db, count=10, seed=1, only=None, most=40):
    """A Checker after all questions."""
    rng = random.Random(seed)
    with web.Web('--db', db) as server:
        checker = Checker(db, Asker(server), most)
        kinds = [k for k in checker.kinds if only is None or k.name.startswith(only)]
        asked = []
        for first, last in windows(rng, checker.store.days, count):
            for params, fields in filters(rng, checker.store, checker.group_ids):
                params = params + [('from', facts.day_text(first)), ('to', facts.day_text(last))]
                f = measures.Filter(first, last, **fields)
                for kind in kinds:
                    checker.ask(kind, f, params)
                    asked.append((kind, params))
        from_shell(checker, rng, asked, 60)
    return checker


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('db')
    parser.add_argument('--windows', type=int, default=10)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--only')
    parser.add_argument('--most', type=int, default=40)
    given = parser.parse_args()
    begun = time.monotonic()
    c = check(given.db, given.windows, given.seed, given.only, given.most)
    for (kind, column), n in c.by_column.most_common():
        print('# %6d differences in %s of %s' % (n, column, kind))
    print('%d questions, %d rows, %d values compared, %d differences, %.0f s'
          % (c.questions, c.rows, c.values, c.differences, time.monotonic() - begun))
    sys.exit(1 if c.differences else 0)


if __name__ == '__main__':
    main()
