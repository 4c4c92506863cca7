"""Every file of the collection in ../shared/corpus says what its truth table says it says.

Files repeat identities (the same report under several names, other content under the same id), so
each file goes into the first database that does not hold its identity yet: nothing a file says can
hide behind another one. Then all of them go into one database.
"""
import collections
import csv
import os
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402

CORPUS = os.path.join(tap.SHARED, 'corpus')
LIKE_TRUTH = '''SELECT e.receipt, e.ending, p.id, r.org_name, p.report_id,
    coalesce(p.domain_sent, d.name) AS domain, p.begin, p.end, p.records_sent, p.messages, p.pass,
    o.sha256, o.bytes
    FROM entry e JOIN report p ON p.id = e.report JOIN domain d ON d.id = p.domain
    JOIN reporter r ON r.id = p.reporter LEFT JOIN original o ON o.id = p.original'''
DISPOSITIONS = '''SELECT d.disposition, sum(c.count) FROM record c JOIN detail d ON d.id = c.detail
    WHERE c.report = ? GROUP BY 1'''
NONE, QUARANTINE, REJECT = 2, 3, 4
NUMBERS = ('begin', 'end', 'records', 'count', 'pass', 'none', 'quarantine', 'reject', 'other',
           'ips')

# The table's ips are the distinct values of source_ip among all record elements. Ours are sources of
# facts, and a row with an empty source_ip is none: a placeholder, or unreadable for that reason. All
# of them in one report are one value more: the empty one.
EMPTY = '''SELECT p.placeholders > 0 OR EXISTS (SELECT 1 FROM unreadable u
    WHERE u.report = p.id AND u.reason = 'source_ip is empty') FROM report p WHERE p.id = ?'''


def table(name):
    with open(os.path.join(CORPUS, name), encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f, delimiter='\t', quoting=csv.QUOTE_NONE))


def identity(row):
    return (row['org_name'].strip().lower(), row['report_id'].strip(),
            row['domain'].strip().lower().rstrip('.'), row['begin'], row['end'])


def said(db, report):
    """A stored report in the words of the truth table."""
    sums = collections.Counter()
    for disposition, count in db.execute(DISPOSITIONS, (report['id'],)):
        name = {NONE: 'none', QUARANTINE: 'quarantine', REJECT: 'reject'}.get(disposition, 'other')
        sums[name] += count
    ips = db.execute('SELECT count(DISTINCT source) FROM record WHERE report = ?',
                     (report['id'],)).fetchone()[0]
    ips += db.execute(EMPTY, (report['id'],)).fetchone()[0]
    return dict(org_name=report['org_name'], report_id=report['report_id'],
                domain=report['domain'], begin=report['begin'], end=report['end'],
                records=report['records_sent'], count=report['messages'], ips=ips,
                none=sums['none'], quarantine=sums['quarantine'], reject=sums['reject'],
                other=sums['other'], **{'pass': report['pass']})


def differences(row, got):
    out = []
    for column in ('org_name', 'report_id', 'domain'):
        if got[column] != row[column].strip():
            out.append('%s %r, truth %r' % (column, got[column], row[column]))
    for column in NUMBERS:
        if got[column] != int(float(row[column] or 0)):
            out.append('%s %r, truth %r' % (column, got[column], row[column]))
    return out


def shelves(files, truth):
    """Files by database, so that no database gets an identity twice."""
    out = []
    for file in files:
        mine = [identity(row) for row in truth[file] if row['report_id']]
        for shelf in out:
            if not any(i in shelf['held'] for i in mine):
                break
        else:
            shelf = dict(held=set(), files=[])
            out.append(shelf)
        shelf['held'].update(mine)
        shelf['files'].append(file)
    return out


def load(directory, files):
    """One database of these files, each under its number; name -> receipt lines."""
    inbox = os.path.join(directory, 'in')
    os.makedirs(inbox)
    then = time.time() - 86400
    for n, file in enumerate(files):
        path = os.path.join(inbox, '%04d' % n)
        shutil.copyfile(os.path.join(CORPUS, 'files', file), path)
        os.utime(path, (then, then))
    path = os.path.join(directory, 'db')
    began = time.monotonic()
    status, _, err = tap.ingest(path, inbox)
    seconds = time.monotonic() - began
    if status not in (0, 65):
        raise RuntimeError('status %d: %s' % (status, err))
    db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)
    db.row_factory = sqlite3.Row
    lines = collections.defaultdict(list)
    for row in db.execute('SELECT r.name, r.id, r.ending AS mail, e.n, e.ending, e.kind, e.reason'
                          ' FROM receipt r LEFT JOIN entry e ON e.receipt = r.id ORDER BY 1, e.n'):
        lines[files[int(os.path.basename(row['name']))]].append(row)
    return db, lines, seconds


class Sums(dict):
    """What went wrong, by promise."""

    def note(self, promise, text=None):
        self.setdefault(promise, [0, []])
        self[promise][0] += 1
        if text:
            self[promise][1].append(text)


def check_file(sums, db, file, rows, lines):
    reports = [r for r in db.execute(LIKE_TRUTH + ' WHERE e.receipt = ? ORDER BY e.n',
                                     (lines[0]['id'],))] if lines else []
    sums.note('every file has one receipt',
              None if len({x['id'] for x in lines}) == 1 else '%s: %d' % (file, len(lines)))
    said_all = [said(db, r) for r in reports]
    for row in rows:
        why = [x['reason'] or x['kind'] for x in lines]
        if row['status'] in ('ok', 'recoverable'):
            promise = 'every %s report says what it says' % (
                'good' if row['status'] == 'ok' else 'recoverable')
            found = [s for s in said_all if s['report_id'] == row['report_id'].strip()]
            if not found:
                sums.note(promise, '%s: not stored: %r' % (file, why))
                continue
            diff = min((differences(row, s) for s in found), key=len)
            sums.note(promise, '%s: %s' % (file, '; '.join(diff)) if diff else None)
            digests = [r['sha256'].hex() for r in reports if r['sha256']]
            if row['status'] == 'ok' and row['xml_sha256']:
                sums.note('every original is kept byte for byte',
                          None if row['xml_sha256'] in digests else file)
        elif row['status'] == 'reject':
            good = not [s for s in said_all if not row['report_id'] or
                        s['report_id'] == row['report_id']] and \
                any(x['ending'] in (0, 5) and (x['reason'] or x['kind']) for x in lines)
            sums.note('every unreadable report is refused with a reason',
                      None if good else '%s: %r' % (file, why))


def kinds(sums, rows, lines, kind):
    for row in rows:
        if row['status'] != 'ok':
            continue
        named = [x['kind'] for x in lines[row['file']]]
        sums.note('every %s is named as one' % kind,
                  None if kind in named else '%s: %r' % (row['file'], named))


def main():
    if not os.path.isdir(os.path.join(CORPUS, 'files')):
        tap.skip_all('no corpus beside the source tree')
    truth = collections.defaultdict(list)
    for row in table('truth.tsv'):
        truth[row['file']].append(row)
    files = sorted(row['file'] for row in table('truth-files.tsv'))
    tls, failure = table('truth-tlsrpt.tsv'), table('truth-failure.tsv')
    directory, t, sums = tap.scratch(), tap.Tap(), Sums()
    every = collections.defaultdict(list)
    for n, shelf in enumerate(shelves(files, truth)):
        db, lines, _ = load(os.path.join(directory, 'shelf%d' % n), shelf['files'])
        for file in shelf['files']:
            check_file(sums, db, file, truth[file], lines[file])
            every[file] = lines[file]
        db.close()
    kinds(sums, tls, every, 'TLS report')
    kinds(sums, failure, every, 'failure report')
    for promise, (count, wrong) in sums.items():
        t.ok(not wrong, '%s (%d)' % (promise, count), '\n'.join(wrong))

    db, lines, seconds = load(os.path.join(directory, 'all'), files)
    tap.say('the whole collection, %d files, into one database: %.2f s' % (len(files), seconds))
    t.equal(len(lines), len(files), 'all files at once have a receipt each')
    ends = dict(db.execute('SELECT ending, count(*) FROM receipt GROUP BY 1').fetchall())
    alone = collections.Counter(lines[0]['mail'] for lines in every.values() if lines)
    tap.say('endings: %r' % ends)
    t.equal((ends.get(0, 0), ends.get(5, 0)), (alone[0], alone[5]),
            'what is refused or no report does not depend on its neighbours')
    t.equal(sum(ends.get(n, 0) for n in (1, 2, 3, 4)), sum(alone[n] for n in (1, 2, 3, 4)),
            'everything else is stored, a duplicate or a conflict')
    path = os.path.join(directory, 'all', 'db')
    status, out, err = tap.run(tap.QUERY, '--db', path, 'selftest')
    t.ok(status == 0, 'the conservation laws hold', out.decode() + err)
    t.equal(db.execute('PRAGMA integrity_check').fetchall()[0][0], 'ok', 'the file is sound')
    db.close()
    tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
