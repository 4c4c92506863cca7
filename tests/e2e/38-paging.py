"""Pages over HTTP while ruad-ingest stores new mail: every row that was there at the start comes once.

RUAD_ROWS (100000; 20000 under a sanitizer) addresses, one row each, in the order of their domain and address; as many
records, in their own order. The new mail brings new addresses and new records of old ones, before,
between and after what was read already, and is committed between the pages.
"""
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import web as w  # noqa: E402  (and the path to tap)
import tap  # noqa: E402

SLOW = os.environ.get('RUAD_SANITIZE', 'none') != 'none'
ROWS = int(os.environ.get('RUAD_ROWS', '20000' if SLOW else '100000'))
NOW = '1795240800'      # 2026-11-21T06:00:00Z, the morning after the generator's last day
DOMAINS = 50
t = tap.Tap()


def generate(box, addresses, *more):
    tap.run(sys.executable, os.path.join(tap.ROOT, 'tests', 'bench', 'many.py'), box, '--domains',
            str(DOMAINS), '--addresses', str(addresses), '--days', '4', '--reporters', '1', *more,
            check=(0,))


class Writer:
    """ruad-ingest, run after run as long as there is a mailbox left, each started by a page."""

    def __init__(self, db, boxes):
        self.db, self.boxes, self.process, self.failed = db, boxes, None, []

    def go_on(self):
        if self.process is not None and self.process.poll() is None:
            return
        self.settle()
        if self.boxes:
            self.process = subprocess.Popen([tap.INGEST, '--db', self.db, self.boxes.pop(0)])

    def settle(self):
        if self.process is not None and self.process.wait(timeout=300) != 0:
            self.failed.append(self.process.returncode)
        self.process = None


def pages(web, path, query, between):
    """(rows, the versions of the facts that the pages stood on)."""
    rows, versions, cursor = [], [], None
    while True:
        target = path + '?' + urllib.parse.urlencode(
            dict(query, **({'cursor': cursor} if cursor else {})))
        answer = web.get(target)
        if answer.status != 200:
            raise RuntimeError('%s: %d %s' % (target, answer.status, answer.text))
        page = answer.json
        rows += page['data']
        versions.append(page['meta']['data_version'])
        cursor = page['meta']['next_cursor']
        t_link = answer['link'] or ''
        if bool(cursor) != ('rel="next"' in t_link):
            raise RuntimeError('the link and the cursor tell different things: %r' % t_link)
        if not cursor:
            return rows, versions
        between(len(versions))


def key(row, names):
    return tuple(row[name] for name in names)


def walk(web, db, boxes, kind, query, names):
    path = '/api/v1/' + kind
    before = [key(row, names) for row in tap.rows(db, kind, '--scope', 'all')]
    writer = Writer(db, boxes)

    def between(n):
        writer.go_on()
        if n % 8 == 1:
            writer.settle()     # at least here something was committed since the last page
    after, versions = pages(web, path, query, between)
    writer.settle()
    after = [key(row, names) for row in after]
    left = len(boxes)
    t.ok(not writer.failed and left == 0, '%s: all new mail was stored meanwhile' % path,
         (writer.failed, left))
    t.ok(len(set(versions)) > 3, '%s: the facts changed from page to page' % path, versions)
    t.equal(len(after), len(set(after)), '%s: no row comes twice' % path)
    missing = set(before) - set(after)
    t.ok(not missing, '%s: every row that was there comes' % path, sorted(missing)[:5])
    t.ok(set(after) - set(before), '%s: some of the new ones too' % path)
    return len(before)


def main():
    os.environ['RUAD_CLOCK'] = NOW
    directory = tap.scratch()
    db, box = os.path.join(directory, 'ruad.db'), os.path.join(directory, 'mails')
    new = []
    for i in range(8):
        new.append(os.path.join(directory, 'new%d' % i))
        # Each domain's servers again, and ten strangers that sort behind its own.
        generate(new[i], 26 * DOMAINS, '--seed', str(i + 2), '--tag', 'new%d' % i, '--skip',
                 str(ROWS // DOMAINS + 20 + 10 * i))
    generate(box, ROWS + 20 * DOMAINS)     # some forwarders of these are never seen
    tap.ingest(db, box, check=(0,))
    try:
        with w.Web('--db', db) as web:
            common = {'scope': 'all', 'limit': '1000'}
            seen = walk(web, db, new[:4], 'addresses', dict(common, sort='domain'),
                        ('domain', 'source'))
            t.ok(seen >= ROWS, 'there were %d addresses at least' % ROWS, seen)
            seen = walk(web, db, new[4:], 'records', common, ('report', 'n'))
            t.ok(seen >= ROWS, 'and as many records', seen)
    finally:
        tap.drop(directory)
    t.done()


main()
