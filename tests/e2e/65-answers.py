"""Records, causes and readiness over HTTP: the rows of the command line, and what they are refused for."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import tap  # noqa: E402
from web import Web, publish, sample  # noqa: E402

DOMAIN = 'example.com'
BEFORE = [(DOMAIN, 'v=spf1 ip4:192.0.2.1 -all'), ('_dmarc.' + DOMAIN, 'v=DMARC1; p=none')]
NOW = [(DOMAIN, 'v=spf1 ip4:192.0.2.1 +all'), ('_dmarc.' + DOMAIN, 'v=DMARC1; p=none; pct=50%')]
# What tells when an answer was made.
CLOCKS = ('generated_at', 'data_version')


def told(db, *words):
    """The document of the command line; the record checker's ends with 65 where it finds errors."""
    _, out, _ = tap.run(tap.QUERY, '--db', db, *words, '--format', 'json', check=(0, 65))
    return json.loads(out)


def without_clocks(document):
    meta = document.get('meta')
    if meta:
        for name in CLOCKS:
            meta.pop(name, None)
    return document


def same_rows(t, db, web):
    for path, words in (
            ('causes?domain=%s&last=all&limit=1000' % DOMAIN, ('causes', DOMAIN, '--last', 'all')),
            ('causes?domain=%s&last=all&limit=2&lang=es' % DOMAIN,
             ('causes', DOMAIN, '--last', 'all', '--limit', '2', '--lang', 'es')),
            ('readiness/' + DOMAIN, ('ready', DOMAIN)),
            ('readiness/%s?lang=es' % DOMAIN, ('ready', DOMAIN, '--lang', 'es'))):
        answer = web.get('/api/v1/' + path)
        t.equal(without_clocks(answer.json), without_clocks(told(db, *words)),
                '%s is what the command line says' % path)
    for path, words in (('dns/' + DOMAIN, ()), ('dns/%s?suggest=true' % DOMAIN, ('--suggest',))):
        answer = web.get('/api/v1/' + path).json
        del answer['meta']
        t.equal(answer, told(db, 'dns', DOMAIN, *words), '%s is what the command line says' % path)
    t.equal(web.get('/api/v1/dns/%s?history=true' % DOMAIN).json['history'],
            told(db, 'dns', DOMAIN, '--history')['data'], 'and so is its history')


def records(t, web):
    doc = web.get('/api/v1/dns/' + DOMAIN).json
    found = {row['check_id'] for row in doc['data']}
    t.ok({'S09', 'D09'} & found, 'what is wrong with the records is found', sorted(found))
    t.ok(all(row['message'] and row['message_es'] and row['message'] != row['message_es'] for row in doc['data']),
         'and said in English and Spanish')
    t.ok(any(row['panel_name'] == '_dmarc' and row['record_text'].startswith('v=DMARC1') for row in doc['fixes']),
         'what to publish is named as panels name it', doc['fixes'])
    t.ok(doc['checked']['asked'] and doc['published'] and doc['lookups'],
         'with when it was asked, what is published and what SPF looks up', doc['checked'])


def nothing_known(t, web):
    """Never asked: that is said, and nothing is made up."""
    domain = [row['domain'] for row in web.get('/api/v1/domains?scope=all&last=all').json['data']
              if row['domain'] != DOMAIN][0]
    doc = web.get('/api/v1/dns/%s?suggest=true&history=true' % domain).json
    t.equal([doc[name] for name in ('data', 'fixes', 'published', 'suggestions', 'history')], [[]] * 5,
            'of a domain nobody asked for nothing is found')
    t.equal((doc['checked']['asked'], doc['checked']['error_count'], doc['checked']['lookups_complete']),
            (None, 0, False), 'and it says that it was never asked')


def ranked(t, web):
    """Several domains are one list."""
    rows = web.get('/api/v1/causes?scope=all&last=all&limit=1000').json['data']
    order = [(not row['actionable'], -row['messages']) for row in rows]
    t.ok(order == sorted(order) and len({row['domain'] for row in rows}) > 1,
         'causes of all domains are ranked as one list', order[:20])
    some = sorted({row['domain'] for row in rows})[:2]
    both = web.get('/api/v1/causes?last=all&limit=1000&' + '&'.join('domain=' + d for d in some)).json['data']
    t.equal(both, [row for row in rows if row['domain'] in some], 'those of two are of these')
    messages = {row['domain']: row['messages'] for row in
                web.get('/api/v1/domains?scope=all&last=all&limit=1000').json['data'] if row['messages']}
    sums = {}
    for row in rows:
        sums[row['domain']] = sums.get(row['domain'], 0) + row['messages']
    t.equal(sums, messages, 'and every message has one cause')


def formats(t, web):
    for path in ('dns/' + DOMAIN, 'readiness/' + DOMAIN, 'causes?last=all&domain=' + DOMAIN):
        target = '/api/v1/' + path + ('&' if '?' in path else '?')
        doc = web.get(target[:-1]).json['data']
        first = doc[0] if isinstance(doc, list) else doc
        csv = web.get(target + 'format=csv')
        ndjson = web.get(target + 'format=ndjson')
        page = web.get(target + 'format=html&lang=es')
        t.ok(csv.status == 200 and csv.text.split('\r\n')[0].lstrip('\ufeff') == ','.join(first)
             and len(ndjson.text.splitlines()) == (len(doc) if isinstance(doc, list) else 1)
             and '<table' in page.text, '%s is there as CSV, ndjson and HTML' % path,
             (csv.text[:200], ndjson.text[:200], page.text[:200]))


def known_already(t, db, web):
    for path in ('dns/' + DOMAIN, 'readiness/' + DOMAIN, 'causes?domain=' + DOMAIN):
        tag = web.get('/api/v1/' + path)['etag']
        again = web.get('/api/v1/' + path, If_None_Match=tag)
        t.ok(again.status == 304 and again.body == b'', 'asked again, %s has not changed' % path, again.status)
    tag = web.get('/api/v1/readiness/' + DOMAIN)['etag']
    tap.run(tap.QUERY, '--db', db, 'domain', 'set', DOMAIN, 'rare_senders=yes', check=(0,))
    t.equal(web.get('/api/v1/readiness/' + DOMAIN, If_None_Match=tag).status, 200,
            'until the owner says something else')
    tag = web.get('/api/v1/dns/' + DOMAIN)['etag']
    publish(db, DOMAIN, NOW[:1])
    t.equal(web.get('/api/v1/dns/' + DOMAIN, If_None_Match=tag).status, 200, 'or the DNS does')


def refused(t, web):
    for path, status, parameter in (
            ('dns/nobody.example', 404, None), ('readiness/nobody.example', 404, None),
            ('causes?domain=nobody.example', 404, 'domain'), ('dns/a..b', 404, None),
            ('readiness/' + 'x' * 300, 404, None), ('causes?domain=' + 'x' * 300, 400, 'domain'),
            ('dns/%s?suggest=1' % DOMAIN, 400, 'suggest'), ('dns/%s?history=' % DOMAIN, 400, 'history'),
            ('dns/%s?last=7d' % DOMAIN, 400, 'last'), ('dns/%s?format=xml' % DOMAIN, 400, 'format'),
            ('causes?class=yours', 400, 'class'), ('causes?limit=0', 400, 'limit'),
            ('causes?limit=1001', 400, 'limit'), ('causes?sort=messages', 400, 'sort'),
            ('readiness/%s?last=7d' % DOMAIN, 400, 'last'), ('readiness/%s?lang=fr' % DOMAIN, 400, 'lang')):
        answer = web.get('/api/v1/' + path)
        t.equal((answer.status, answer['content-type'], answer.json.get('parameter')),
                (status, 'application/problem+json', parameter), 'GET %s is refused' % path[:60])


def beside(t, db, web):
    """What judges say, beside the sums: told where it is asked for, and the same everywhere."""
    ask = 'last=all&domain=' + DOMAIN
    first = {}
    for row in web.get('/api/v1/causes?limit=1000&' + ask).json['data']:
        first.setdefault(row['source_group'], (row['cause'], row['confidence']))
    rows = web.get('/api/v1/sources?limit=1000&fields=id,cause,confidence&' + ask).json['data']
    t.equal({row['id']: (row['cause'], row['confidence']) for row in rows}, first,
            'the cause of a source is the first of its own')
    t.equal(rows, tap.rows(db, 'sources', '--domain', DOMAIN, '--last', 'all', '--fields', 'id,cause,confidence'),
            'on the command line, too')
    t.ok('cause' not in web.get('/api/v1/sources?' + ask).json['data'][0], 'it is told where it is asked for')
    one = rows[0]['id']
    t.equal(web.get('/api/v1/sources/%d?last=all' % one).json['data']['cause'], first[one][0],
            'and of one source always')
    order = [row['cause'] for row in web.get('/api/v1/sources?sort=cause&fields=cause&limit=1000&' + ask).json['data']]
    t.ok(len(set(order)) > 1 and all(order[i] == order[i - 1] or order[i] not in order[:i]
                                     for i in range(1, len(order))), 'sources are sorted by it', order)
    sums = {}
    for row in web.get('/api/v1/sources?limit=1000&fields=messages,cause&' + ask).json['data']:
        sums[row['cause']] = sums.get(row['cause'], 0) + row['messages']
    by = web.get('/api/v1/summary?group_by=cause&' + ask).json['data']
    t.equal({row['cause']: row['messages'] for row in by}, sums, 'a summary by cause sums up those sources')
    days = {}
    for row in web.get('/api/v1/timeseries?group_by=day,cause&limit=1000&' + ask).json['data']:
        days[row['cause']] = days.get(row['cause'], 0) + row['messages']
    t.equal(days, sums, 'and so does a timeseries')
    ready = web.get('/api/v1/readiness/' + DOMAIN).json['data']
    row = web.get('/api/v1/summary?fields=policy,published_policy,readiness&domain=' + DOMAIN).json['data'][0]
    seen = [row['policy'] for row in tap.rows(db, 'domains', '--scope', 'all', '--last', 'all')
            if row['domain'] == DOMAIN][0]
    t.equal((row['readiness'], row['published_policy'], row['policy']), (ready['verdict'], 'none', seen),
            'a summary tells the policy as it is seen and published, and the verdict')
    rows = web.get('/api/v1/summary?group_by=domain&scope=all&last=all&fields=domain,policy,readiness').json['data']
    t.ok(all(row['readiness'] for row in rows) and {row['domain']: row['policy'] for row in rows}[DOMAIN] == seen,
         'for each domain, where they are the groups', rows)
    row = web.get('/api/v1/summary?scope=all&fields=policy,published_policy,readiness').json['data'][0]
    t.equal(set(row.values()), {None}, 'and for several as one not at all')


STATES = ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')


def checked(t, db, web, state, text, name, mode, *options):
    """One plugin, two ways: its exit status, its line, and the same over HTTP."""
    status, out, err = tap.run(tap.QUERY, '--db', db, 'check', '--mode', mode, *options)
    line, query = out.decode(), []
    for option, value in zip(options[::2], options[1::2]):
        query.append({'-w': 'warn', '-c': 'crit'}.get(option, option.lstrip('-')) + '=' + value)
    answer = web.get('/api/v1/check/%s?%s' % (mode, '&'.join(query))).json
    t.ok((status, err) == (state, '') and line.count('\n') == 1 and line.startswith('DMARC %s - ' % STATES[state])
         and text in line, name, (status, line, err))
    t.equal((answer['state'], '%s | %s\n' % (answer['output'], answer['perfdata'])), (state, line),
            'and HTTP says the same')


def dns_checked(t, db, web):
    one = ('--domain', DOMAIN)
    checked(t, db, web, 2, DOMAIN + ' records: ', 'an error in the DNS is critical', 'dns', *one)
    checked(t, db, web, 1, 'errors=', 'fewer than the range allows is a warning', 'dns', *one, '-c', '100')
    checked(t, db, web, 0, 'findings=', 'or fine', 'dns', *one, '-c', '100', '-w', '100')
    never = [row['domain'] for row in web.get('/api/v1/domains?scope=all&last=all').json['data']
             if row['domain'] != DOMAIN][0]
    checked(t, db, web, 3, 'the DNS answered nothing', 'of a domain nobody asked for nothing is known', 'dns',
            '--domain', never)
    checked(t, db, web, 3, '', 'nor where no domain is the owner\'s', 'dns')
    tap.run(tap.QUERY, '--db', db, 'domain', 'add', DOMAIN, check=(0,))
    tap.run(tap.QUERY, '--db', db, 'domain', 'add', never, check=(0,))
    checked(t, db, web, 2, 'unknown=1', 'an error is one beside a domain of which nothing is known', 'dns')
    checked(t, db, web, 3, 'unknown=1', 'without one it is not well', 'dns', '-w', '100', '-c', '100')
    publish(db, DOMAIN, NOW, 4)
    checked(t, db, web, 3, 'the DNS answered nothing for 3 days', 'old answers are none', 'dns', *one)
    publish(db, DOMAIN, NOW)
    for bad in (('--last', '7d'), ('-w', 'x'), ('--domain', 'nobody.example')):
        status, out, _ = tap.run(tap.QUERY, '--db', db, 'check', '--mode', 'dns', *bad)
        t.ok(status == 3 and out.startswith(b'DMARC UNKNOWN - '), '%s %s is refused' % bad, out)


def ready_checked(t, db, web):
    verdict = web.get('/api/v1/readiness/' + DOMAIN).json['data']['verdict']
    state = {'regressed': 2, 'blocked': 1, 'unmeasured': 3}.get(verdict, 0)
    checked(t, db, web, state, '%s %s: ' % (DOMAIN, verdict), 'the state is that of the verdict', 'ready',
            '--domain', DOMAIN)
    status, out, _ = tap.run(tap.QUERY, '--db', db, 'check', '--mode', 'ready', '--domain', 'nobody.example')
    t.ok(status == 3 and b'nobody.example' in out, 'of a domain nobody knows it is unknown', out)


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db = sample(place)
        publish(db, DOMAIN, BEFORE, 9)
        publish(db, DOMAIN, NOW)
        with Web('--db', db) as web:
            same_rows(t, db, web)
            records(t, web)
            nothing_known(t, web)
            ranked(t, web)
            formats(t, web)
            refused(t, web)
            beside(t, db, web)
            dns_checked(t, db, web)
            ready_checked(t, db, web)
            known_already(t, db, web)
            t.equal(web.stop()[0], 0, 'it ends with status 0')
    finally:
        tap.drop(place)
    t.done()


main()
