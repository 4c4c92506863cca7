"""Made-up Maildirs whose sums are known: the store must come to the same, however the mail arrives.

The sample Maildir is always taken; where a generator lies beside the source tree
(../shared/bench/gen_maildir.py) its mails too: RUAD_MAILS of them (3000). Each is read at once,
again, in another order, in two runs, from two mailboxes, left in place, and under kill -9.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402

GENERATOR = os.path.join(tap.SHARED, 'bench', 'gen_maildir.py')
SAMPLE = os.path.join(tap.ROOT, 'tests', 'sample', 'make_sample.py')
KILLS = 20
SETTLED = (0, 65)

FACTS = (
    '''SELECT d.name, lower(r.org_name), p.report_id, p.begin, p.end, p.records, p.messages, p.pass,
       p.fail, p.unknown, p.quarantine, p.reject, hex(p.content) FROM report p
       JOIN domain d ON d.id = p.domain JOIN reporter r ON r.id = p.reporter_same''',
    '''SELECT d.name, y.day, hex(coalesce(s.ip, s.text)), y.result, y.records, y.messages,
       hex(t.digest) FROM daily y JOIN domain d ON d.id = y.domain JOIN source s ON s.id = y.source
       JOIN trait t ON t.id = y.trait''',
    '''SELECT d.name, p.report_id, p.begin, c.n, hex(coalesce(s.ip, s.text)), c.count, hex(e.digest) FROM record c
       JOIN report p ON p.id = c.report JOIN domain d ON d.id = p.domain
       JOIN source s ON s.id = c.source JOIN detail e ON e.id = c.detail''',
)


def facts(path):
    """Everything a store says but row numbers and times of arrival: equal text, equal facts."""
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    out = [sorted(db.execute(sql).fetchall()) for sql in FACTS]
    db.close()
    return out


def endings(path):
    got = {}
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    names = ('not a report', 'stored', 'duplicate', 'partial', 'conflict', 'refused', 'deferred')
    for ending, count in db.execute('SELECT ending, count(*) FROM receipt GROUP BY 1'):
        got[names[ending]] = count
    db.close()
    return got


def load(db, *argv):
    tap.ingest(db, *argv, check=SETTLED)


class Set:
    """A Maildir and what it adds up to. domains, sources: name -> dict(messages, pass, ...)."""

    def __init__(self, name, box, mails, reports, total, domains, sources, ends):
        self.name, self.box, self.mails, self.reports = name, box, mails, reports
        self.total, self.domains, self.sources, self.ends = total, domains, sources, ends
        self.days = self.reporters = None


def sample(directory):
    box, truth = os.path.join(directory, 'sample'), os.path.join(directory, 'sample.json')
    # A contradiction is settled by who comes first, so it stays out where the order changes.
    tap.run(sys.executable, SAMPLE, box, '--truth', truth, '--no-conflict', check=(0,))
    with open(truth) as f:
        t = json.load(f)
    out = Set('sample', box, t['mails'], t['reports'], t['total'], t['domains'], t['sources'],
              t['endings'])
    out.days, out.reporters = t['days'], t['reporters']
    return out


def generated(directory):
    box = os.path.join(directory, 'generated')
    tap.run(sys.executable, GENERATOR, '--mails', os.environ.get('RUAD_MAILS', '3000'), '--out',
            box, check=(0,))
    with open(os.path.join(box, 'truth.json')) as f:
        t = json.load(f)
    for mail in os.scandir(os.path.join(box, 'new')):
        os.utime(mail.path, (1.7e9, 1.7e9))
    names = t['by_source_fields']
    sources = {ip: dict(zip(names, row)) for ip, row in t['by_source'].items()}
    return Set('generated', box, t['mails'], t['unique_reports'], t['totals'], t['by_domain'],
               sources, dict(duplicate=t['duplicates'], rejected=t['rejected']))


def copy(box, to, rename=None):
    tap.maildir(to)
    for mail in os.scandir(os.path.join(box, 'new')):
        name = rename(mail.name) if rename else mail.name
        target = os.path.join(to, 'new', name)
        shutil.copyfile(mail.path, target)
        shutil.copystat(mail.path, target)
    return to


def in_new(box):
    return len(os.listdir(os.path.join(box, 'new')))


def by(rows, key):
    return {row[key]: row for row in rows}


def same_sums(rows, truth, columns):
    """What differs between the answer's rows and the truth's, by name."""
    out = []
    for name in sorted(set(rows) | set(truth)):
        if name not in rows or name not in truth:
            # A day or a source without mail may stand in one and not in the other.
            left = truth.get(name) or {k: rows[name][k] for k in ('messages',)}
            if left['messages']:
                out.append('%s only in one of the two' % name)
            continue
        for mine, theirs in columns:
            if rows[name][mine] != truth[name][theirs]:
                out.append('%s: %s %r, truth %r' % (name, mine, rows[name][mine],
                                                    truth[name][theirs]))
    return out


COLUMNS = (('messages', 'messages'), ('pass', 'pass'), ('disposition_quarantine', 'quarantine'),
           ('disposition_reject', 'reject'))


def summed(rows, key):
    """Sources are rows of (domain, source): sum them over the domains."""
    out = {}
    for row in rows:
        into = out.setdefault(row[key], {})
        for column, _ in COLUMNS:
            into[column] = into.get(column, 0) + row[column]
    return out


def check_truth(t, s, db):
    everything = ('--last', 'all')
    summary = tap.rows(db, 'summary', '--last', 'all')
    summary = summary[0] if isinstance(summary, list) else summary
    wrong = same_sums({'all': summary}, {'all': s.total}, COLUMNS)
    if 'dkim_aligned' in s.total:
        wrong += same_sums({'all': summary}, {'all': s.total}, (
            ('dkim_aligned', 'dkim_aligned'), ('spf_aligned', 'spf_aligned'),
            ('disposition_none', 'none'), ('disposition_pass', 'disposition_pass'),
            ('records', 'records')))
    t.ok(not wrong, s.name + ': the totals are the truth', '\n'.join(wrong))
    wrong = same_sums(by(tap.rows(db, 'domains', *everything), 'domain'), s.domains, COLUMNS)
    t.ok(not wrong, s.name + ': every domain has its sums', '\n'.join(wrong[:20]))
    wrong = same_sums(summed(tap.rows(db, 'addresses', *everything), 'source'), s.sources, COLUMNS)
    t.ok(not wrong, s.name + ': every source has its sums', '\n'.join(wrong[:20]))
    if s.days is not None:
        wrong = same_sums(by(tap.rows(db, 'timeseries', *everything), 'day'), s.days, COLUMNS)
        t.ok(not wrong, s.name + ': every day has its sums', '\n'.join(wrong[:20]))
        got = {r['reporter']: r['messages'] for r in tap.rows(db, 'reporters', *everything)}
        t.equal(got, s.reporters, s.name + ': every reporter has its sums')
    ends = endings(db)
    t.equal(sum(ends.values()), s.mails, s.name + ': every mail has a receipt')
    if 'rejected' in s.ends:
        got = (ends.get('duplicate', 0), ends.get('refused', 0) + ends.get('not a report', 0))
        t.equal(got, (s.ends['duplicate'], s.ends['rejected']),
                s.name + ': what cannot be read is refused or no report')
    else:
        t.equal(ends, {k: v for k, v in s.ends.items() if v},
                s.name + ': every mail ends as it should')


def check_cuts(t, s, db):
    """Windows are half-open days: for any cut the two sides add up to the whole."""
    days = [row['day'] for row in tap.rows(db, 'timeseries', '--last', 'all')]
    rng, wrong = random.Random(7), []
    for _ in range(5):
        cut = rng.randrange(1, len(days))
        parts = []
        for first, last in ((days[0], days[cut - 1]), (days[cut], days[-1])):
            got = tap.rows(db, 'summary', '--from', first, '--to', last)
            parts.append((got[0] if isinstance(got, list) else got)['messages'])
        if sum(parts) != s.total['messages']:
            wrong.append('cut at %s: %r' % (days[cut], parts))
    t.ok(not wrong, s.name + ': two adjacent windows add up for any cut', '\n'.join(wrong))


def check_sound(t, name, db):
    status, out, err = tap.run(tap.QUERY, '--db', db, 'selftest')
    t.ok(status == 0, name + ': the conservation laws hold', out.decode() + err)
    con = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    got = (con.execute('PRAGMA integrity_check').fetchall(),
           con.execute('PRAGMA foreign_key_check').fetchall())
    con.close()
    t.equal(got, ([('ok',)], []), name + ': integrity and foreign keys are clean')


def whole(t, s, directory):
    """At once, and again. Returns the facts, and how long it took."""
    db, box = os.path.join(directory, 'a.db'), copy(s.box, os.path.join(directory, 'a'))
    began = time.monotonic()
    load(db, box)
    took = time.monotonic() - began
    check_truth(t, s, db)
    check_cuts(t, s, db)
    check_sound(t, s.name, db)
    t.equal(in_new(box), 0, s.name + ': every mail is settled')
    first, ends = facts(db), endings(db)
    status, out, err = tap.ingest(db, box)
    t.equal((status, out, err, facts(db) == first, endings(db)), (0, b'', '', True, ends),
            s.name + ': a second run changes nothing')
    tap.ingest(db, '--cur', box, check=SETTLED)
    t.ok(facts(db) == first and sum(endings(db).values()) == s.mails,
         s.name + ': reading what is settled once more changes no fact')
    other = copy(s.box, os.path.join(directory, 'b'))
    load(db, other)
    twice = endings(db)
    t.ok(facts(db) == first and sum(twice.values()) == 2 * s.mails,
         s.name + ': the same mails from another mailbox are duplicates', twice)
    check_sound(t, s.name + ' twice', db)
    return first, took


def shuffled(t, s, directory, first):
    rng = random.Random(11)
    box = copy(s.box, os.path.join(directory, 'c'),
               lambda name: '%08x.%s' % (rng.getrandbits(32), name))
    db = os.path.join(directory, 'c.db')
    load(db, box)
    t.ok(facts(db) == first, s.name + ': the order of arrival changes no total')


def split(t, s, directory, first):
    box, db = copy(s.box, os.path.join(directory, 'd')), os.path.join(directory, 'd.db')
    load(db, '--limit', str(s.mails // 2), box)
    t.equal(in_new(box), s.mails - s.mails // 2, s.name + ': a limit leaves the rest')
    load(db, box)
    t.ok(facts(db) == first and sum(endings(db).values()) == s.mails,
         s.name + ': two runs come to the same as one')


def kept(t, s, directory, first):
    box, db = copy(s.box, os.path.join(directory, 'e')), os.path.join(directory, 'e.db')
    load(db, '--keep', box)
    before = sorted(os.listdir(os.path.join(box, 'new')))
    t.ok(facts(db) == first and len(before) == s.mails,
         s.name + ': a shared mailbox is read and left as it is')
    ends = endings(db)
    load(db, '--keep', box)
    t.ok(facts(db) == first and endings(db) == ends and
         sorted(os.listdir(os.path.join(box, 'new'))) == before,
         s.name + ': reading a shared mailbox again is a no-op')


def killed(t, s, directory, first, took):
    """Twenty times at any moment: before, in and after the commit, among the renames. A limit makes
    each run commit and settle part of the mail, so that the next one begins somewhere else."""
    rng, hits, runs = random.Random(13), 0, 0
    box, db = copy(s.box, os.path.join(directory, 'f')), os.path.join(directory, 'f.db')
    part = max(1, s.mails // (2 * KILLS))
    begun = time.monotonic()
    load(os.path.join(directory, 'empty.db'), tap.maildir(os.path.join(directory, 'empty')))
    most = 2 * (time.monotonic() - begun + took * part / s.mails)
    while hits < KILLS and in_new(box) > 0:
        p = subprocess.Popen([tap.INGEST, '--db', db, '--limit', str(part), box],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0, most))
        p.send_signal(signal.SIGKILL)
        hits += p.wait() == -signal.SIGKILL
        runs += 1
    tap.say('%s: %d of %d runs killed, %d of %d mails left for the last' % (
        s.name, hits, runs, in_new(box), s.mails))
    load(db, box)
    got = endings(db)
    t.ok(facts(db) == first, s.name + ': runs that were killed come to the same')
    t.equal((sum(got.values()), in_new(box)), (s.mails, 0),
            s.name + ': after them every mail has one receipt and is settled')
    check_sound(t, s.name + ' killed', db)


def main():
    directory, t = tap.scratch(), tap.Tap()
    sets = [sample(directory)]
    if os.path.exists(GENERATOR):
        sets.append(generated(directory))
    else:
        tap.say('no generator beside the source tree: the sample alone')
    for s in sets:
        mine = os.path.join(directory, s.name + '.runs')
        os.mkdir(mine)
        first, took = whole(t, s, mine)
        shuffled(t, s, mine, first)
        split(t, s, mine, first)
        kept(t, s, mine, first)
        killed(t, s, mine, first, took)
        tap.drop(mine)
    tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
