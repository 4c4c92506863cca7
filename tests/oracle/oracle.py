#!/usr/bin/env python3
"""An answer of ruad, computed a second time from what the records say.

    oracle.py DB KIND [--from DAY] [--to DAY] [--group-by NAME ...] [FILTER=VALUE ...]

Reads the exports of ruad-query (records, reports) and the owner's words, judges every record anew
and sums by brute force; shares nothing with the programs but the public suffix list and the
catalogue.
KIND is summary, timeseries, domains, sources, addresses or reporters.
"""
import argparse
import collections
import ipaddress
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import facts  # noqa: E402
import judge  # noqa: E402
import measures  # noqa: E402
import names  # noqa: E402
import tap  # noqa: E402


def export(db, what):
    _, out, _ = tap.run(tap.QUERY, '--db', db, '--format', 'ndjson', '--all', '--scope', 'all',
                        what, check=(0,))
    return [json.loads(line) for line in out.decode('utf-8').split('\n') if line]


def words_of(db):
    """(own domains, the owner's words). Settings are what their events come to."""
    own = [row['domain'] for row in tap.rows(db, 'domain', 'list')]
    decisions = {(row['domain'], row['key']): row['class']
                 for row in tap.rows(db, 'decisions', '--scope', 'all')}
    said = {name: collections.defaultdict(set) for name in ('network', 'service', 'parked')}
    for event in tap.rows(db, 'events'):
        values = said.get(event['object']) if event['type'] == 'domain.set' else None
        if values is not None:
            values[event['domain']].discard(event['before'])
            values[event['domain']].add(event['after'])
            values[event['domain']].discard(None)
    return own, judge.Words(decisions, said['network'], said['service'],
                            [domain for domain, v in said['parked'].items() if v == {'yes'}])


def load(db):
    """The whole store as the oracle sees it."""
    own, words = words_of(db)
    catalogue = names.catalogue()
    f = facts.Facts(names, names.suffixes(), export(db, 'reports'), export(db, 'records'))
    return measures.Store(f, judge.judged(f, catalogue, words), catalogue, own)


VALUES = {
    'domain': lambda v: [names.key(name) for name in v.split(',')],
    'header_from': names.key,
    'source': lambda v: ipaddress.ip_network(v, strict=False),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('db')
    parser.add_argument('kind')
    parser.add_argument('--from', dest='first')
    parser.add_argument('--to', dest='last')
    parser.add_argument('--group-by', nargs='*', default=[])
    parser.add_argument('filters', nargs='*')
    given = parser.parse_args()
    store = load(given.db)
    fields = {}
    for text in given.filters:
        name, _, value = text.partition('=')
        name = 'class_' if name == 'class' else name
        fields[name] = VALUES.get(name, lambda v: v)(value)
    f = measures.Filter(facts.day_number(given.first) if given.first else store.days[0],
                        facts.day_number(given.last) if given.last else store.days[-1], **fields)
    by = list(given.group_by)
    if given.kind == 'timeseries':
        week = 'week' in by
        by = [name for name in by if name not in ('day', 'week')]
        rows = store.timeseries(f, week, by[0] if by else None)
    elif given.kind == 'summary':
        rows = store.summary(f, by)
    elif given.kind == 'reporters':
        rows = store.reporters(f, int(time.time()))
    else:
        rows = {'domains': store.domains_, 'sources': store.sources,
                'addresses': store.addresses}[given.kind](f)
    for mark in sorted(rows, key=str):
        print(json.dumps([mark, measures.shown(rows[mark])], ensure_ascii=False, default=str))


if __name__ == '__main__':
    main()
