#!/usr/bin/env python3
"""Conservation, asked of a running ruad-web for windows nobody chose.

    conserve.py DB [--windows 40] [--seed N]

In every answer the classes, the rules, the sources, the addresses, the days, the weeks, the
reporters, the domains and the dispositions add up to messages, whatever the filter; so does each
set of one source. Two windows that touch add up to the one that holds both, for any cut. Prints the
seed, a line for each difference and a count; status 1 if there is one.
"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..'), os.path.join(HERE, '../e2e')]
import facts  # noqa: E402
import web  # noqa: E402
from check import Asker  # noqa: E402

# What must add up to the summary's messages.
PARTS = (
    ('sources', '/sources', ()),
    ('addresses', '/addresses', ()),
    ('rules', '/rules', ()),
    ('days', '/timeseries', (('group_by', 'day'),)),
    ('weeks', '/timeseries', (('group_by', 'week'),)),
    ('days and classes', '/timeseries', (('group_by', 'day,class'),)),
    ('reporters', '/reporters', ()),
    ('domains', '/domains', ()),
) + tuple(('a summary by ' + by, '/summary', (('group_by', by),)) for by in (
    'class', 'source', 'service', 'reporter', 'domain', 'disposition', 'domain,class',
    'reporter,class'))
# What is a sum in every row, so that parts of a whole add up in it too.
SUMS = ('messages', 'pass', 'fail', 'unknown', 'own_messages', 'own_pass', 'own_fail',
        'undecided_messages', 'forwarded_messages', 'not_yours_messages', 'spf_aligned',
        'dkim_aligned', 'spf_only', 'disposition_none', 'disposition_quarantine',
        'disposition_reject', 'disposition_pass', 'disposition_other', 'acted_on', 'overridden',
        'would_be_affected', 'records')
# One mail, one of these.
SPLITS = (('pass', 'fail', 'unknown'),
          ('own_messages', 'forwarded_messages', 'undecided_messages', 'not_yours_messages'),
          ('disposition_none', 'disposition_quarantine', 'disposition_reject', 'disposition_pass',
           'disposition_other'))


class Crawler:
    def __init__(self, asker):
        self.asker = asker
        self.laws = self.broken = 0

    def law(self, holds, what, *values):
        self.laws += 1
        if not holds:
            self.broken += 1
            print('# %s: %s' % (what, ', '.join(str(v) for v in values)))

    def summary(self, first, last, filters):
        params = [('from', facts.day_text(first)), ('to', facts.day_text(last))] + filters
        rows, _ = self.asker.ask('/summary', params)
        self.law(len(rows) == 1, 'a summary is one row', params, len(rows))
        return rows[0]

    def split(self, where, row):
        for names in SPLITS:
            total = sum(row[name] for name in names)
            self.law(total == row['messages'], '%s: %s' % (where, ' + '.join(names)), total,
                     row['messages'])

    def window(self, first, last, filters):
        """All parts of one answer."""
        whole = self.summary(first, last, filters)
        params = [('from', facts.day_text(first)), ('to', facts.day_text(last))] + filters
        self.split('summary of %r' % params, whole)
        for name, path, more in PARTS:
            rows, _ = self.asker.ask(path, params + list(more))
            where = '%s of %r' % (name, params)
            for row in rows:
                for names in SPLITS:
                    if all(n in row for n in names) and \
                            sum(row[n] for n in names) != row['messages']:
                        self.law(False, where + ': a row', row)
            for sum_of in SUMS:
                if sum_of == 'messages' or (rows and sum_of in rows[0]):
                    total = sum(row[sum_of] for row in rows)
                    self.law(total == whole[sum_of], '%s: %s' % (where, sum_of), total,
                             whole[sum_of])
            if name == 'sources':
                self.law(len(rows) == whole['sources'], where + ': rows', len(rows),
                         whole['sources'])
                for row in rows[:2]:
                    self.one_source(row, params)
        return whole

    def one_source(self, row, params):
        """A source's answer, set by set."""
        known = [p for p in params if p[0] not in ('domain', 'scope', 'group', 'service')]
        answer = self.asker.page('/sources/%d' % row['id'], known)
        for name in ('addresses', 'timeseries', 'reporters', 'rules'):
            total = sum(part['messages'] for part in answer[name])
            self.law(total == answer['data']['messages'] == row['messages'],
                     '%s of source %d of %r' % (name, row['id'], known), total,
                     answer['data']['messages'], row['messages'])

    def cut(self, first, last, day, filters):
        """[first, day - 1] and [day, last] are [first, last]."""
        whole = self.summary(first, last, filters)
        a, b = self.summary(first, day - 1, filters), self.summary(day, last, filters)
        for name in SUMS + ('reports',):
            self.law(a[name] + b[name] == whole[name],
                     'cut %s | %s | %s %r: %s' % (facts.day_text(first), facts.day_text(day),
                                                  facts.day_text(last), filters, name),
                     a[name], b[name], whole[name])


def choices(rng, asker):
    """Filters that have something to choose from, each as parameters."""
    every = [('last', 'all'), ('scope', 'all')]

    def some(path, column):
        rows, _ = asker.ask(path, every)
        return rng.choice([row[column] for row in rows if row[column] is not None])
    fixed = [[]] + [[('class', c)] for c in ('yours', 'forwarded', 'to_decide', 'not_yours')] + [
        [('result', r)] for r in ('pass', 'fail', 'unknown')] + [
        [('verified', 'true')], [('without_twins', 'true')], [('disposition', 'none')]]
    found = [[('reporter', some('/reporters', 'reporter'))], [('group', some('/sources', 'id'))],
             [('service', rng.choice(('mailchimp', 'google-groups')))]]
    return [[('domain', some('/domains', 'domain'))]] + [[('scope', 'all')] + f
                                                         for f in fixed + found]


def crawl(db, count, seed):
    rng = random.Random(seed)
    with web.Web('--db', db) as server:
        asker = Asker(server)
        crawler = Crawler(asker)
        status = asker.status()
        filters = choices(rng, asker)
        low = max(0, facts.day_number(status['first_day']) - 9)
        high = facts.day_number(status['last_day']) + 9
        for _ in range(count):
            first, last = sorted(rng.choices(range(low, high), k=2))
            chosen = rng.choice(filters)
            crawler.window(first, last, chosen)
            if first < last:
                crawler.cut(first, last, rng.randrange(first + 1, last + 1), chosen)
    return crawler


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('db')
    parser.add_argument('--windows', type=int, default=40)
    parser.add_argument('--seed', type=int, default=int(time.time()))
    given = parser.parse_args()
    print('# seed %d' % given.seed)
    crawler = crawl(given.db, given.windows, given.seed)
    print('%d laws, %d broken' % (crawler.laws, crawler.broken))
    sys.exit(1 if crawler.broken or not crawler.laws else 0)


if __name__ == '__main__':
    main()
