"""Every address of ruad-web: what it answers, in which type, and that it says what ruad-query says."""
import csv
import gzip
import io
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import Web, sample, tap  # noqa: E402

HTML, JSON = 'text/html; charset=utf-8', 'application/json'
PAGES = ['/', '/?last=7d&lang=es', '/d/example.com', '/d/ejemplo.es?last=90d&result=fail', '/reports',
         '/reports?partial=true&last=all', '/reports/1', '/receipts', '/receipts?ending=stored']
LISTS = ['domains', 'summary', 'timeseries', 'sources', 'addresses', 'rules', 'reporters',
         'overrides', 'changes', 'lint', 'reports', 'records', 'receipts', 'endings']
POLICY = ("default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
          "form-action 'self'; frame-ancestors 'none'")


def pages(t, web):
    for path in PAGES:
        a = web.get(path)
        t.ok(a.status == 200 and a['content-type'] == HTML, 'the page %s is there' % path,
             '%d %s %s' % (a.status, a['content-type'], a.body[:300]))
    t.equal(web.get('/', Accept_Language='es-ES,en;q=0.5')['content-language'], 'es',
            'a browser that wants Spanish gets Spanish')
    t.equal(web.get('/?lang=en', Accept_Language='es')['content-language'], 'en',
            'a language that was chosen goes before the browser')
    css = web.get(web.get('/').text.split('rel="stylesheet" href="')[1].split('"')[0])
    t.ok(css.status == 200 and 'immutable' in css['cache-control'],
         'the style sheet may be kept for good under its address')


def timeless(rows):
    """Without what the clock alone changes between two questions."""
    rows = rows if isinstance(rows, list) else [rows]
    return [{k: v for k, v in row.items() if k != 'age_seconds'} for row in rows]


def lists(t, web, db):
    for name in LISTS:
        path = '/api/v1/%s?last=all' % name if name not in ('receipts', 'endings') else '/api/v1/' + name
        a = web.get(path)
        same = ['--last', 'all'] if 'last' in path else []
        if name != 'endings':
            same += ['--limit', '100']
        want = tap.query(db, name, *same)
        t.ok(a.status == 200 and a['content-type'].startswith(JSON), name + ' is JSON',
             '%d %s' % (a.status, a['content-type']))
        rows = want['data'] if isinstance(want['data'], list) else [want['data']]
        t.equal(timeless(a.json['data']), timeless(rows), name + ' says what ruad-query says')
        for form, kind in (('csv', 'text/csv'), ('ndjson', 'application/x-ndjson'),
                           ('html', 'text/html')):
            b = web.get(path + ('&' if '?' in path else '?') + 'format=' + form)
            t.ok(b.status == 200 and b['content-type'].startswith(kind), '%s as %s' % (name, form),
                 '%d %s' % (b.status, b['content-type']))
    rows = list(csv.reader(io.StringIO(web.get('/api/v1/sources?last=all&format=csv').text)))
    t.ok(len(rows) > 10 and all(not cell.startswith(tuple('=+@')) for row in rows for cell in row),
         'no cell of a CSV is a formula')


def totals(t, web):
    """Conservation over HTTP: every way to cut the same window sums to the same."""
    want = web.get('/api/v1/summary?last=all').json['data'][0]
    for name in ('domains', 'timeseries', 'sources', 'addresses', 'rules', 'reporters', 'reports'):
        got, more = {'messages': 0, 'pass': 0, 'fail': 0, 'unknown': 0}, ''
        while more is not None:
            page = web.get('/api/v1/%s?last=all&limit=37%s' % (name, more)).json
            for row in page['data']:
                for key in got:
                    got[key] += row[key]
            cursor = page['meta']['next_cursor']
            more = None if cursor is None else '&cursor=' + cursor
        t.equal(got, {key: want[key] for key in got}, 'the pages of %s sum to the summary' % name)


def report(t, web, db):
    ids = [row['id'] for row in web.get('/api/v1/reports?last=all&limit=1000').json['data']]
    a = web.get('/api/v1/reports/%d' % ids[0])
    t.ok(a.status == 200 and a.json['data']['id'] == ids[0] and 'records' in a.json
         and 'notes' in a.json, 'a report is an object with notes and records', a.text[:300])
    xml = web.get('/api/v1/reports/%d/xml' % ids[0])
    _, out, _ = tap.run(tap.QUERY, '--db', db, 'original', str(ids[0]), check=(0,))
    t.equal(xml.body, out, 'the XML is that of ruad-query, byte for byte')
    t.equal((xml['content-type'], xml['content-disposition'], xml['x-content-type-options']),
            ('application/xml', 'attachment; filename="report-%d.xml"' % ids[0], 'nosniff'),
            'the XML is a file to keep, never a page')


def http(t, web):
    a = web.get('/api/v1/status')
    t.ok(a.status == 200 and a['cache-control'] == 'no-store' and a.json['data']['reports'] > 100,
         'the status is never kept', a.text)
    a = web.get('/healthz')
    t.equal((a.status, a.text), (200, 'ok\n'), 'the process is healthy')
    for path in ('/', '/api/v1/sources', '/healthz', '/nothing', '/api/v1/reports/1/xml',
                 '/api/v1/summary?x=1'):
        got, head = web.get(path), web.ask('HEAD', path)
        t.ok(head.body == b'' and head.status == got.status
             and head['content-type'] == got['content-type'], 'HEAD of %s is GET without body' % path,
             '%d %d %r' % (got.status, head.status, head.headers))
        t.ok(got['content-security-policy'] == POLICY
             and got['x-content-type-options'] == 'nosniff' and got['referrer-policy'] == 'no-referrer'
             and got['cross-origin-resource-policy'] == 'same-origin'
             and got['access-control-allow-origin'] is None and got['server'] is None,
             'the answer to %s is closed to other sites' % path, got.headers)
    first = web.get('/api/v1/sources?last=all')
    again = web.get('/api/v1/sources?last=all', If_None_Match=first['etag'])
    t.equal((again.status, again.body, again['etag']), (304, b'', first['etag']),
            'what a client has is not sent again')
    t.equal(web.get('/api/v1/sources?last=30d', If_None_Match=first['etag']).status, 200,
            'another question is answered')
    small = web.get('/d/example.com', Accept_Encoding='gzip')
    t.ok(small['content-encoding'] == 'gzip' and gzip.decompress(small.body).startswith(b'<!DOCTYPE'),
         'a page comes as gzip to whom takes it')
    t.equal(web.get('/d/example.com', Accept_Encoding='gzip;q=0')['content-encoding'], None,
            'and not to whom refuses it')


def claims(t, web, db):
    """As long as no domain is named, all count; afterwards the others are told apart."""
    note = 'ruad-query domain add'
    t.ok(note not in web.get('/d/example.com').text,
         'no domain is unclaimed before one is configured')
    tap.run(tap.QUERY, '--db', db, 'domain', 'add', 'example.org', check=(0,))
    t.ok(note in web.get('/d/example.com').text and note not in web.get('/d/example.org').text,
         'then the page of an unclaimed one says how to claim it')
    tap.run(tap.QUERY, '--db', db, 'domain', 'remove', 'example.org', check=(0,))


def problems(t, web):
    for path, status, parameter in (
            ('/api/v1/summary?lsat=7d', 400, 'lsat'), ('/api/v1/summary?last=soon', 400, 'last'),
            ('/api/v1/reports?limit=-1', 400, 'limit'), ('/api/v1/reports?sort=(select)', 400, 'sort'),
            ('/api/v1/sources?domain=a%20b', 400, 'domain'), ('/api/v1/reports/0', 404, None),
            ('/api/v1/reports/123456789', 404, None), ('/api/v1/nothing', 404, None)):
        a = web.get(path)
        body = a.json
        t.ok(a.status == status and a['content-type'] == 'application/problem+json'
             and body['status'] == status and body.get('parameter') == parameter
             and body['type'].startswith('urn:problem:') and body['title'] and body['detail']
             and body['request_id'] and body['instance'] == path.split('?')[0],
             '%s is a problem that says what is wrong' % path, json.dumps(body))
    a = web.get('/d/unknown.example')
    t.ok(a.status == 404 and a['content-type'] == HTML, 'an unknown domain is a page that says so')


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db = sample(place)
        with Web('--db', db) as web:
            pages(t, web)
            lists(t, web, db)
            totals(t, web)
            report(t, web, db)
            http(t, web)
            problems(t, web)
            claims(t, web, db)
            t.equal(web.stop()[0], 0, 'it ends with status 0')
    finally:
        tap.drop(place)
    t.done()


main()
