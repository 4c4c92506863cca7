"""Whose mail is it, against labels a mail administrator gave: see tests/sample/labelled.py.

A source is judged by the class most of its messages have. None of the owner's mail may be called a
stranger's or the reverse, and nine of ten sources must be exactly right; those that are not are
printed. Adding labels is welcome; changing one because the program disagrees is not.

Then the owner decides on some of them: the messages of that source group, no more and no fewer,
change sides, and undo brings every answer back as it was.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402

LABELLED = os.path.join(tap.ROOT, 'tests', 'sample', 'labelled.py')
# The measure that holds the messages of each class.
CLASSES = {'yours': 'own_messages', 'forwarded': 'forwarded_messages',
           'to_decide': 'undecided_messages', 'not_yours': 'not_yours_messages'}
RIGHT_MIN = .9
SOURCES_MIN = 44
ALL = ('--last', 'all', '--limit', '1000')

# Domain, an address of the group, what the owner says, the class it has then.
DECISIONS = (
    ('almazara.example', '198.18.4.20', 'yours', 'yours'),              # a forwarder; it passes
    ('almazara.example', '198.18.12.77', 'yours', 'yours'),             # a forgotten server; fails
    ('almazara.example', '198.18.2.7', 'not-yours', 'not_yours'),       # Mailchimp
    ('hotel.example', '198.18.91.83', 'forwarder', 'forwarded'),        # passes and fails
    ('bodega.example', '198.18.26.12', 'not-yours', 'not_yours'),       # Zendesk, to decide
    ('viejamarca.example', '198.18.70.9', 'yours', 'yours'),            # a bot
)


def truth_of(path):
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            domain, addresses, label, why, messages = line.rstrip('\n').split('\t')
            yield domain, addresses.split(), label, why, int(messages)


def by_address(db):
    return {(row['domain'], row['source']): row for row in tap.rows(db, 'addresses', *ALL)}


def verdict_of(seen, domain, addresses):
    """Messages by class over the addresses of a source, and the class most have."""
    rows = [seen[domain, address] for address in addresses]
    total = {kind: sum(row[measure] for row in rows) for kind, measure in CLASSES.items()}
    return total, max(CLASSES, key=lambda kind: total[kind])


def labels(t, db, truth):
    seen = by_address(db)
    short, swapped, wrong = [], [], []
    for domain, addresses, label, why, messages in truth:
        total, got = verdict_of(seen, domain, addresses)
        name = '%s %s' % (domain, addresses[0])
        if sum(total.values()) != messages:
            short.append('%s: %d of %d' % (name, sum(total.values()), messages))
        if got != label:
            wrong.append('%s: %s is called %s. %s' % (name, label, got, why))
        if {got, label} == {'yours', 'not_yours'}:
            swapped.append(wrong[-1])
    groups = {seen[domain, a]['source_group'] for domain, addresses, *_ in truth
              for a in addresses}
    right = len(truth) - len(wrong)
    t.equal(short, [], 'every message of a labelled source has a class')
    t.ok(len(groups) >= SOURCES_MIN, 'the labels are of %d source groups or more' % SOURCES_MIN,
         '%d' % len(groups))
    t.equal(swapped, [], 'no mail of the owner is called a stranger\'s, and none the reverse')
    for line in wrong:
        tap.say(line)
    tap.say('%d of %d labels right, in %d source groups' % (right, len(truth), len(groups)))
    t.ok(right >= RIGHT_MIN * len(truth), 'nine of ten labels are exactly right')


def answers(db):
    """All that a decision can change."""
    return {'domains': {row['domain']: row for row in tap.rows(db, 'domains', *ALL)},
            'summary': tap.rows(db, 'summary', '--last', 'all'),
            'days': tap.rows(db, 'timeseries', *ALL),
            'sources': {row['id']: row for row in tap.rows(db, 'sources', *ALL)},
            'addresses': by_address(db)}


def moved(row, group, kind):
    """The measures of a row once all messages of a group in it have the class."""
    out = {name: row[name] for name in ('messages', 'pass', 'fail', 'unknown')}
    for each, measure in CLASSES.items():
        out[measure] = row[measure] - group[measure] + (group['messages'] if each == kind else 0)
    for own, all_of in (('own_pass', 'pass'), ('own_fail', 'fail')):
        out[own] = row[own] - group[own] + (group[all_of] if kind == 'yours' else 0)
    return out


def picked(row, like):
    return {name: row[name] for name in like}


def decision(t, db, before, domain, address, says, kind):
    number = before['addresses'][domain, address]['source_group']
    group = before['sources'][number]
    about = '%s of %s, %d messages, %s: %s' % (group['name'], domain, group['messages'],
                                               group['class'], says)
    _, out, _ = tap.run(tap.QUERY, '--db', db, 'decide', str(number), says, check=(0,))
    after = answers(db)
    row = after['sources'][number]
    t.equal([row['class'], row['decided'], row['rule'], row[CLASSES[kind]]],
            [kind, kind, 'decision', group['messages']], about)
    for name, old, new in (('its domain', before['domains'][domain], after['domains'][domain]),
                           ('the whole', before['summary'][0], after['summary'][0])):
        want = moved(old, group, kind)
        t.equal(picked(new, want), want, 'exactly its messages change sides in ' + name)
    t.equal({d: r for d, r in after['domains'].items() if d != domain},
            {d: r for d, r in before['domains'].items() if d != domain},
            'no other domain changes')
    t.equal({n: r for n, r in after['sources'].items() if n != number},
            {n: r for n, r in before['sources'].items() if n != number},
            'no other source changes')
    tap.run(tap.QUERY, '--db', db, 'undo', out.split()[-1].decode(), check=(0,))
    again = answers(db)
    t.equal([name for name in before if before[name] != again[name]], [],
            'undo brings every answer back')


def main():
    t, directory = tap.Tap(), tap.scratch()
    try:
        box, truth, db = (os.path.join(directory, n) for n in ('box', 'truth.tsv', 'ruad.db'))
        tap.run(sys.executable, LABELLED, box, '--truth', truth, check=(0,))
        tap.ingest(db, box, check=(0,))
        labels(t, db, list(truth_of(truth)))
        before = answers(db)
        for each in DECISIONS:
            decision(t, db, before, *each)
        t.ok(tap.run(tap.QUERY, '--db', db, 'selftest')[0] == 0, 'the selftest finds nothing')
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
