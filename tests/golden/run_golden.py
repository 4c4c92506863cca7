#!/usr/bin/env python3
"""Runs every fixture through ruad-ingest, each into a database of its own, and asks what became of it.

What the programs say is asked of ruad-query; what is kept beside the meaning (tokens, signatures,
reasons) is read from the tables. Words on the command line run only the cases whose names hold one.
"""
import concurrent.futures
import os
import sqlite3
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
import fixtures  # noqa: E402
import tap  # noqa: E402

# The numbers of store/report.h as they are in every database there is.
RESULT = ('absent', 'unknown', 'pass', 'fail')
DISPOSITION = ('absent', 'unknown', 'none', 'quarantine', 'reject', 'pass')
POLICY = ('absent', 'unknown', 'none', 'quarantine', 'reject')
ALIGNMENT = ('absent', 'unknown', 'r', 's')
TESTING = ('absent', 'unknown', 'y', 'n')
DISCOVERY = ('absent', 'unknown', 'psl', 'treewalk')
REASON = ('absent', 'unknown', 'local_policy', 'mailing_list', 'other', 'trusted_forwarder',
          'forwarded', 'sampled_out', 'policy_test_mode')
AUTH = ('absent', 'unknown', 'none', 'pass', 'fail', 'softfail', 'neutral', 'policy', 'temperror',
        'permerror')
SCOPE = ('absent', 'unknown', 'mfrom', 'helo')
POLICY_FIELDS = dict(p=POLICY, sp=POLICY, np=POLICY, adkim=ALIGNMENT, aspf=ALIGNMENT,
                     testing=TESTING, discovery_method=DISCOVERY)

AUTH_SQL = '''SELECT a.kind, n.text, s.text, a.scope, a.result, a.scope_token, a.result_token
    FROM record r JOIN auth a ON a.detail = r.detail LEFT JOIN name n ON n.id = a.domain
    LEFT JOIN name s ON s.id = a.selector WHERE r.report = %s AND r.n = 1 ORDER BY a.n'''
REASON_SQL = '''SELECT x.type, x.comment, x.type_token FROM record r
    JOIN reason x ON x.detail = r.detail WHERE r.report = %s AND r.n = 1 ORDER BY x.n'''


class Found(list):
    """What is not as it should be."""

    def differs(self, what, got, want):
        if got != want:
            self.append('%s: got %r, wanted %r' % (what, got, want))


class Store:
    def __init__(self, path):
        self.path = path
        self.db = sqlite3.connect('file:%s?mode=ro' % path, uri=True)

    def sql(self, text):
        return self.db.execute(text).fetchall()

    def one(self, text):
        got = self.sql(text)
        return got[0] if got else None


def load(directory, data, expect):
    """Writes the mails, reads them in; the receipts (one per mail) and the exit status."""
    mails = data if isinstance(data, list) else [data]
    paths = [tap.write(os.path.join(directory, '%02d' % n), mail) for n, mail in enumerate(mails)]
    db = os.path.join(directory, 'db')
    argv = []
    if 'authserv' in expect:
        conf = os.path.join(directory, 'conf')
        tap.write(conf, ('[ingest]\nauthserv_id = %s\n' % expect['authserv']).encode())
        argv = ['--config', conf]
    status, _, err = tap.ingest(db, *argv, *paths)
    return db, len(mails), status, err


def check_endings(found, store, count, status, err, expect):
    lines = tap.rows(store.path, 'receipts')
    mails = {}
    for line in lines:
        mails.setdefault(line['id'], line['ending'])
    got = [mails[k] for k in sorted(mails)]
    if len(got) != count:
        found.append('%d mails, %d receipts: %s' % (count, len(got), err))
        return lines
    want = expect['ending'] if isinstance(expect['ending'], list) else [expect['ending']]
    for n, (g, w) in enumerate(zip(got, want)):
        if g not in (w if isinstance(w, tuple) else (w,)):
            found.append('mail %d ended as %s, wanted %s: %s' % (
                n, g, w, [x['reason'] or x['kind'] for x in lines]))
    found.differs('exit status', status, 65 if 'refused' in got else 0)
    for line in lines:
        if line['entry_ending'] == 'refused' and not line['reason']:
            found.append('refused without a reason')
        if line['entry_ending'] == 'not a report' and not line['kind']:
            found.append('not a report, but of no kind')
        if any(ord(c) < 32 or ord(c) == 127 for c in (line['reason'] or '')):
            found.append('a reason that is not printable: %r' % line['reason'])
    for key, column in (('reason', 'reason'), ('kind', 'kind'), ('place', 'place')):
        texts = [x[column] or '' for x in lines]
        if key in expect and not any(expect[key] in t for t in texts):
            found.append('no %r in the %ss %r' % (expect[key], column, texts))
    return lines


def check_sums(found, store, expect):
    s = store.one('SELECT count(*), coalesce(sum(messages), 0), coalesce(sum("pass"), 0), '
                  'coalesce(sum(fail), 0), coalesce(sum("unknown"), 0), '
                  'coalesce(sum(twin), 0) FROM report')
    for n, key in enumerate(('reports', 'messages', 'passed', 'failed', 'unknown', 'twins')):
        if key in expect:
            found.differs(key, s[n], expect[key])
    if 'never_more' in expect and s[1] > expect['never_more']:
        found.append('%d messages out of nowhere' % (s[1] - expect['never_more']))
    summary = tap.rows(store.path, 'summary', '--last', 'all')
    summary = summary[0] if isinstance(summary, list) else summary
    found.differs('messages of ruad-query summary', summary['messages'], s[1])
    found.differs('pass of ruad-query summary', summary['pass'], s[2])


ASKED = {'report', 'day', 'notes', 'only', 'records', 'unreadable'}


def check_report(found, store, expect):
    report_id = store.one('SELECT min(id) FROM report')[0]
    check_tables(found, store, report_id, expect)
    if not ASKED & set(expect):
        return
    doc = tap.query(store.path, 'report', str(report_id))
    report = doc['data'][0] if isinstance(doc['data'], list) else doc['data']
    for column, want in expect.get('report', {}).items():
        found.differs(column, report[column], want)
    if 'day' in expect:
        found.differs('day', report['day'], expect['day'])
    codes = [note['code'] for note in doc['notes']]
    for want in expect.get('notes', []):
        if want not in codes:
            found.append('no note %s among %r' % (want, codes))
    if 'only' in expect:
        found.differs('notes', codes, expect['only'])
    for got, want in zip(doc['records'], expect.get('records', [])):
        for column, value in want.items():
            found.differs(column, got[column], value)
    if 'unreadable' in expect:
        reasons = [u['reason'] for u in doc['unreadable']]
        if len(reasons) != 1 or expect['unreadable'] not in reasons[0]:
            found.append('unreadable %r, wanted one with %r' % (reasons, expect['unreadable']))


def check_tables(found, store, report_id, expect):
    policy = store.db.execute('SELECT p.* FROM policy p JOIN report r ON r.policy = p.id '
                              'WHERE r.id = ?', (report_id,))
    names = [d[0] for d in policy.description]
    row = dict(zip(names, policy.fetchone()))
    for field, want in expect.get('policy', {}).items():
        words = POLICY_FIELDS.get(field)
        found.differs(field, words[row[field]] if words else row[field], want)
    auth = store.sql(AUTH_SQL % report_id)
    if 'auth' in expect:
        found.differs('auth', [(('dkim', 'spf')[a[0]], a[1], AUTH[a[4]]) for a in auth],
                      expect['auth'])
    if 'auth_count' in expect:
        found.differs('signatures', len(auth), expect['auth_count'])
    if 'scopes' in expect:
        found.differs('scopes', [SCOPE[a[3]] for a in auth if a[0] == 1], expect['scopes'])
    if 'selectors' in expect:
        found.differs('selectors', [a[2] for a in auth if a[0] == 0], expect['selectors'])
    if 'reasons' in expect:
        found.differs('reasons', [(REASON[r[0]], r[1]) for r in store.sql(REASON_SQL % report_id)],
                      expect['reasons'])


def run_case(directory, name, data, expect):
    found = Found()
    began = time.monotonic()
    if callable(data):
        data = data()
    made = time.monotonic() - began
    path = os.path.join(directory, name)
    os.mkdir(path)
    try:
        db, count, status, err = load(path, data, expect)
        store = Store(db)
        check_endings(found, store, count, status, err, expect)
        check_sums(found, store, expect)
        if store.one('SELECT count(*) FROM report')[0] > 0:
            check_report(found, store, expect)
        elif ASKED & set(expect):
            found.append('no report was stored')
        if 'seconds' in expect and time.monotonic() - began - made > expect['seconds']:
            found.append('took more than %d s' % expect['seconds'])
    except Exception as e:  # a broken answer is this case's failure, not the end of the others
        found.append('%s: %s' % (type(e).__name__, e))
    tap.drop(path)
    return found


def token_of(store, field, meaning):
    """(meaning, token) of the first record's or the policy's field."""
    report_id = store.one('SELECT min(id) FROM report')[0]
    if field in POLICY_FIELDS:
        got = store.one('SELECT %s, %s_token FROM policy' % (field, field))
        words = POLICY_FIELDS[field]
    elif field == 'reason':
        got = store.sql(REASON_SQL % report_id)[0]
        got, words = (got[0], got[2]), REASON
    elif field == 'scope':
        got = store.sql(AUTH_SQL % report_id)[0]
        got, words = (got[3], got[5]), SCOPE
    elif field.startswith('auth_'):
        got = store.sql(AUTH_SQL % report_id)[0]
        got, words = (got[4], got[6]), AUTH
    else:
        got = store.one('SELECT d.%s, d.%s_token FROM record r JOIN detail d ON d.id = r.detail'
                        % (field, field))
        words = DISPOSITION if field == 'disposition' else RESULT
    word = words[got[0]]
    # No token is kept where the word itself was sent.
    return word, got[1] if got[1] is not None or word == 'absent' else word


def run_word(directory, name, field, data, meaning, token):
    found = Found()
    path = os.path.join(directory, name)
    os.mkdir(path)
    try:
        db, _, status, err = load(path, data, {})
        found.differs('exit status', (status, err), (0, ''))
        store = Store(db)
        found.differs(field, token_of(store, field, meaning), (meaning, token))
        codes = {row[0] for row in store.sql('SELECT code FROM note')}
        foreign, alias = 15, 16  # REPORT_NOTE_FOREIGN_WORD, REPORT_NOTE_ALIAS
        found.differs('foreign-word note', foreign in codes,
                      meaning == 'unknown' and token != '')
        found.differs('alias note', alias in codes, '_alias_' in name and meaning != 'unknown')
        summary = store.one('SELECT "pass", fail, "unknown" FROM report')
        if field in ('dkim', 'spf'):
            # The other side fails: this one alone decides.
            at = {'pass': 0, 'fail': 1}.get(meaning, 2)
            found.differs('sums', summary, tuple(3 if n == at else 0 for n in range(3)))
        elif field == 'disposition':
            found.differs('sums', summary, (0, 3, 0))
    except Exception as e:
        found.append('%s: %s' % (type(e).__name__, e))
    tap.drop(path)
    return found


def main():
    only = sys.argv[1:]
    directory = tap.scratch()
    t = tap.Tap()
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, quirk, data, expect in fixtures.CASES:
            if not only or any(word in name for word in only):
                jobs.append((name, pool.submit(run_case, directory, name, data, expect)))
        for name, field, data, meaning, token in fixtures.matrix():
            if not only or any(word in name for word in only):
                jobs.append((name, pool.submit(run_word, directory, name, field, data, meaning,
                                               token)))
        for name, job in jobs:
            found = job.result()
            t.ok(not found, name, '\n'.join(found))
    tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
