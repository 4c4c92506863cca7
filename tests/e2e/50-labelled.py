"""Whose mail is it, against labels a mail administrator gave: see tests/sample/labelled.py.

A source is judged by the class most of its messages have. None of the owner's mail may be called a
stranger's or the reverse, and nine of ten sources must be exactly right; those that are not are
printed. Adding labels is welcome; changing one because the program disagrees is not.
"""
import ipaddress
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402

LABELLED = os.path.join(tap.ROOT, 'tests', 'sample', 'labelled.py')
CLASSES = ('yours', 'forwarded', 'to_decide', 'not_yours')
RIGHT_MIN = .9
SOURCES_MIN = 44


def truth_of(path):
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            domain, addresses, label, why, messages = line.rstrip('\n').split('\t')
            yield domain, addresses.split(), label, why, int(messages)


def judged(path):
    """(domain, address) -> class -> messages, from the judgements themselves; and its group."""
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    classes, groups = {}, {}
    for domain, ip, kind, messages in db.execute(
            '''SELECT d.name, s.ip, j.class, sum(y.messages) FROM daily y
               JOIN domain d ON d.id = y.domain JOIN source s ON s.id = y.source
               JOIN judgement j ON j.domain = y.domain AND j.source = y.source
               AND j.trait = y.trait GROUP BY 1, 2, 3'''):
        key = domain, str(ipaddress.ip_address(ip))
        classes.setdefault(key, dict.fromkeys(CLASSES, 0))[CLASSES[kind]] = messages
    for domain, ip, key in db.execute(
            '''SELECT d.name, s.ip, g.key FROM member m JOIN source s ON s.id = m.source
               JOIN domain d ON d.id = m.domain JOIN source_group g ON g.id = m.source_group'''):
        groups[domain, str(ipaddress.ip_address(ip))] = key
    db.close()
    return classes, groups


def verdict_of(classes, domain, addresses):
    """Messages by class over the addresses of a source, and the class most have."""
    total = dict.fromkeys(CLASSES, 0)
    for address in addresses:
        for kind, messages in classes.get((domain, address), {}).items():
            total[kind] += messages
    return total, max(CLASSES, key=lambda kind: total[kind])


def labels(t, db, truth):
    classes, groups = judged(db)
    short, swapped, wrong = [], [], []
    for domain, addresses, label, why, messages in truth:
        total, got = verdict_of(classes, domain, addresses)
        if sum(total.values()) != messages:
            short.append('%s %s: %d of %d' % (domain, addresses[0], sum(total.values()), messages))
        if got != label:
            wrong.append('%s %s: %s is called %s. %s' % (domain, addresses[0], label, got, why))
        if {got, label} == {'yours', 'not_yours'}:
            swapped.append('%s %s is called %s. %s' % (domain, addresses[0], got, why))
    seen = {(domain, groups.get((domain, a))) for domain, addresses, *_ in truth
            for a in addresses}
    t.equal(short, [], 'every message of a labelled source is judged')
    t.ok(len(seen) >= SOURCES_MIN, 'the labels are of %d source groups or more' % SOURCES_MIN,
         '%d' % len(seen))
    t.equal(swapped, [], 'no mail of the owner is called a stranger\'s, and none the reverse')
    right = len(truth) - len(wrong)
    for line in wrong:
        tap.say(line)
    t.ok(right >= RIGHT_MIN * len(truth), 'nine of ten labels are exactly right',
         '%d of %d' % (right, len(truth)))
    tap.say('%d of %d labels right, in %d source groups' % (right, len(truth), len(seen)))


def main():
    t, directory = tap.Tap(), tap.scratch()
    try:
        box, truth, db = (os.path.join(directory, n) for n in ('box', 'truth.tsv', 'ruad.db'))
        tap.run(sys.executable, LABELLED, box, '--truth', truth, check=(0,))
        tap.ingest(db, box, check=(0,))
        labels(t, db, list(truth_of(truth)))
        t.ok(tap.run(tap.QUERY, '--db', db, 'selftest')[0] == 0, 'the selftest finds nothing')
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
