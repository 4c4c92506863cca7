"""The programs and the oracle say the same numbers: of two Maildirs made to reach every rule, the
second with the owner's words on it, and of the collection in ../shared/corpus if it is there.

What is asked, and how it is compared, is in tests/oracle/check.py.
"""
import os
import sqlite3
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../oracle')]
import check  # noqa: E402
import generate  # noqa: E402
import measures  # noqa: E402
import names  # noqa: E402
import oracle  # noqa: E402
import tap  # noqa: E402

CORPUS = os.path.join(tap.SHARED, 'corpus', 'files')
# A sanitizer makes the programs slow; what it looks for is in the first windows as well.
WINDOWS = 10 if os.environ.get('RUAD_SANITIZE', 'none') == 'none' else 3
# Nothing is provisional once a run has ended.
# Without a word of the DNS, and all judged.
REACHED = set(measures.RULES) - {'provisional', 'failing-spf'}
EVIDENCE = {'dkim', 'bounce', 'envelope', 'net'}


def generated(directory, seed):
    mails, db = os.path.join(directory, 'mails%d' % seed), os.path.join(directory, '%d.db' % seed)
    conf = os.path.join(directory, 'conf')
    with open(conf, 'w', encoding='utf-8') as f:
        f.write('[ingest]\nauthserv_id = %s\n' % generate.AUTHSERV_ID)
    generate.generate(mails, seed, 220, '2026-11-20')
    tap.ingest(db, '--config', conf, mails, check=(0, 65))
    tap.drop(mails)
    return db


def owner(db):
    """Says something of everything that can be said something of."""
    def say(*argv):
        tap.run(tap.QUERY, '--db', db, *argv, check=(0,))
    say('domain', 'add', 'huerta.example', 'network=198.18.0.0/20', 'service=mailchimp')
    say('domain', 'add', 'molino.co.uk', 'network=2001:db8:2::/49', 'service=google-groups')
    say('domain', 'set', 'molino.co.uk', 'network=198.19.0.0/18', 'service=sendgrid')
    say('domain', 'set', 'molino.co.uk', 'network=-198.19.0.0/18', 'service=-google-groups')
    say('domain', 'add', 'parado.example', 'parked=yes')
    rows = tap.rows(db, 'sources', '--all', '--scope', 'all')
    for word, class_ in (('forwarder', 'yours'), ('not-yours', 'yours'), ('yours', 'not_yours'),
                         ('yours', 'to_decide'), ('not-yours', 'forwarded')):
        of_class = sorted((row for row in rows if row['class'] == class_),
                          key=lambda row: (-row['messages'], row['id']))
        for row in of_class[2:5]:
            say('decide', str(row['id']), word)
            rows.remove(row)


def make_wait(db):
    """Some days wait to be judged again: they are answered another way, with the same numbers."""
    store = sqlite3.connect(db)
    days = store.execute('SELECT DISTINCT domain, day FROM daily'
                         ' ORDER BY day DESC, domain').fetchall()
    store.executemany('INSERT INTO unassessed VALUES (?, ?)', days[:40] + days[100::7])
    store.commit()
    store.close()


def agrees(t, name, db, count=WINDOWS):
    begun = time.monotonic()
    tally = check.check(db, count)
    t.ok(tally.questions > 0 and tally.differences == 0, name + ': the oracle says the same',
         '\n'.join(tally.said))
    tap.say('%s: %d questions, %d rows, %d values, %d differences, %.0f s' % (
        name, tally.questions, tally.rows, tally.values, tally.differences,
        time.monotonic() - begun))


def main():
    if not os.path.exists(names.SUFFIXES):
        tap.skip_all('no public suffix list in ' + names.SUFFIXES)
    directory, t = tap.scratch(), tap.Tap()
    try:
        rules, evidence = set(), set()
        for seed, words in ((11, False), (22, True)):
            db = generated(directory, seed)
            if words:
                owner(db)
            store = oracle.load(db)
            rules |= {r.rule for r in store.facts.records}
            evidence |= {r.group.evidence for r in store.facts.records}
            agrees(t, 'seed %d%s' % (seed, ', with decisions' if words else ''), db)
        make_wait(db)
        agrees(t, 'seed 22, with days that wait', db, 3)
        t.equal((REACHED - rules, EVIDENCE - evidence), (set(), set()),
                'the generated mail reaches every rule and evidence')
        if os.path.isdir(CORPUS):
            db = os.path.join(directory, 'corpus.db')
            tap.ingest(db, CORPUS, check=(0, 65))
            agrees(t, 'the collection', db)
        else:
            t.skip('the collection: the oracle says the same', 'no ../shared/corpus')
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
