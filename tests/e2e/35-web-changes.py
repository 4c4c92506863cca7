"""Changes over HTTP: who may, what a refusal says, and that the store says the same afterwards."""
import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import WEB, Web, sample, tap  # noqa: E402

TOKEN = 'a-token-of-the-tests-0123456789'
DOMAIN = '/api/v1/domains/example.org'


def change(web, method, target, body=None, **headers):
    sent = {'Authorization': 'Bearer ' + TOKEN}
    sent.update({k.replace('_', '-'): v for k, v in headers.items()})
    data = b''
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent.setdefault('Content-Type', 'application/json')
        sent.setdefault('Content-Length', str(len(data)))
    sent = {k: v for k, v in sent.items() if v is not None}
    return web.ask(method, target, sent, data)


def own(db):
    return [row['domain'] for row in tap.rows(db, 'domain', 'list')]


def refusals(t, web, db):
    before = own(db)
    for name, status, how in (
            ('no token', 401, {'Authorization': None}),
            ('a wrong token', 401, {'Authorization': 'Bearer ' + TOKEN[:-1]}),
            ('a page of another site', 403, {'Origin': 'http://evil.example'}),
            ('a page without a name', 403, {'Origin': 'null'}),
            ('a browser that says cross-site', 403, {'Sec_Fetch_Site': 'cross-site'}),
            ('a proxy that speaks for another', 403, {'X_Forwarded_For': '192.0.2.1'}),
            ('another proxy', 403, {'Forwarded': 'for=192.0.2.1'}),
            ('a form', 415, {'body': b'a=b', 'Content_Type': 'application/x-www-form-urlencoded'}),
            ('a long body', 413, {'body': b'{}', 'Content_Length': '20000'}),
            ('a body that is no JSON', 400, {'body': b'{'}),
            ('a list', 400, {'body': []}),
            ('a member nobody knows', 400, {'body': {'nonsense': 1}}),
            ('a body in pieces', 411, {'Transfer_Encoding': 'chunked'})):
        a = change(web, 'PUT', DOMAIN, **how)
        t.ok(a.status == status and a['content-type'] == 'application/problem+json'
             and a.json['status'] == status and a.json['request_id'] == a['x-request-id'],
             '%s is refused with %d' % (name, status), '%d %s' % (a.status, a.text))
    a = change(web, 'PUT', DOMAIN, Authorization=None)
    t.equal(a['www-authenticate'], 'Bearer realm="ruad"', 'who has no token is told how to bring one')
    t.ok(TOKEN not in a.text, 'and not which')
    a = change(web, 'PUT', '/api/v1/domains/a%20b')
    t.equal(a.status, 404, 'what is no domain name is nobody\'s')
    a = change(web, 'PUT', DOMAIN + '?parked=true')
    t.equal((a.status, a.json.get('parameter')), (400, 'parked'), 'a change takes no such parameter')
    t.equal(change(web, 'POST', '/api/v1/summary', {}).status, 405, 'a question is not changed')
    t.equal(change(web, 'GET', DOMAIN, {}).status, 400, 'nor has it a body')
    t.equal(own(db), before, 'none of these changed anything')


def domains(t, web, db):
    first = web.get('/api/v1/summary?last=all')
    a = change(web, 'PUT', DOMAIN)
    t.equal((a.status, a.json, a['cache-control']), (200, {'data': {'changed': True, 'events': []}}, 'no-store'),
            'a domain is made ours')
    t.equal(own(db), ['example.org'], 'for ruad-query as well')
    a = web.get('/api/v1/summary?last=all', If_None_Match=first['etag'])
    t.ok(a.status == 200 and a.json['data'][0]['domains'] == 1,
         'and for the next question, whatever the client has', a.text)
    a = change(web, 'PUT', DOMAIN, {})
    t.equal((a.status, a.json), (200, {'data': {'changed': False, 'events': []}}), 'twice is as good as once')
    t.equal(web.get(DOMAIN).json['data']['own'], True, 'it says so of itself')
    a = change(web, 'PUT', '/api/v1/domains/quiet.example')
    t.equal((a.status, web.get('/api/v1/domains/quiet.example').status), (200, 200),
            'a domain may be ours before there is a report')
    t.equal(change(web, 'DELETE', '/api/v1/domains/quiet.example').status, 200, 'and be given back')
    a = change(web, 'DELETE', DOMAIN)
    t.equal((a.status, own(db)), (200, []), 'a domain is given back')
    a = change(web, 'DELETE', DOMAIN)
    t.equal((a.status, a.json['type']), (404, 'urn:problem:not-found'), 'once')
    a = change(web, 'PUT', DOMAIN, Origin='http://localhost', Sec_Fetch_Site='same-origin')
    t.equal(a.status, 200, 'a page of our own may')
    t.equal(change(web, 'DELETE', DOMAIN).status, 200, 'and take it back')


def sums(db, group):
    """Messages of a source group by class."""
    return dict(look(db, 'SELECT class, sum(messages) FROM class_daily WHERE source_group = ? '
                         'GROUP BY class', group))


def look(db, sql, *values):
    con = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    rows = con.execute(sql, values).fetchall()
    con.close()
    return rows


def decisions(t, web, db):
    """One group: decided, undone, decided otherwise, taken back; each an event."""
    (group, key), = look(db, 'SELECT id, key FROM source_group WHERE id IN (SELECT source_group FROM '
                             'class_daily WHERE class = 3) LIMIT 1')
    whose = look(db, 'SELECT domain.name FROM source_group JOIN domain ON domain.id = '
                     'source_group.domain WHERE source_group.id = ?', group)[0][0]
    before = sums(db, group)
    a = change(web, 'POST', '/api/v1/decisions', {'group': group, 'class': 'forwarded'})
    events = a.json['data']['events']
    t.ok(a.status == 200 and a.json['data']['changed'] and len(events) == 1, 'a source is decided on', a.text)
    t.equal(sums(db, group), {1: sum(before.values())}, 'all its messages are of that class, of every day')
    t.equal(look(db, 'SELECT type, domain, object, after, who FROM event WHERE id = ?', events[0]),
            [('decision.set', whose, key, 'forwarded', 'token over HTTP')], 'the event tells who and what')
    a = change(web, 'POST', '/api/v1/decisions', {'group': group, 'class': 'forwarded'})
    t.equal(a.json['data'], {'changed': False, 'events': []}, 'twice is as good as once')
    later = change(web, 'POST', '/api/v1/decisions', {'group': group, 'class': 'yours'}).json['data']['events']
    t.equal(sums(db, group), {0: sum(before.values())}, 'the owner may change his mind')
    a = change(web, 'POST', '/api/v1/undo', {'event': events[0]})
    t.ok(a.status == 400 and str(later[0]) in a.json['detail'],
         'what was changed since is not undone, and what changed it is named', a.text)
    for event in later + events:
        a = change(web, 'POST', '/api/v1/undo', {'event': event})
        t.ok(a.status == 200 and a.json['data']['changed'], 'event %d is undone' % event, a.text)
    t.equal(sums(db, group), before, 'then all is as it was')
    for body, status, parameter in (
            ({'group': group}, 400, 'class'), ({'class': 'yours'}, 400, 'group'),
            ({'group': group, 'class': 'mine'}, 400, 'class'), ({'group': '1', 'class': 'yours'}, 400, 'group'),
            ({'group': group, 'class': 'yours', 'x': 1}, 400, 'x'),
            ({'group': 999999, 'class': 'yours'}, 404, None)):
        a = change(web, 'POST', '/api/v1/decisions', body)
        t.ok((a.status, a.json.get('parameter')) == (status, parameter), 'decisions: %s' % body, a.text)
    t.equal(change(web, 'POST', '/api/v1/undo', {'event': 999999}).status, 404, 'what never was is not undone')
    t.equal(change(web, 'POST', '/api/v1/undo', {}).json['parameter'], 'event', 'which must be said')
    t.equal(sums(db, group), before, 'none of these changed anything')


def domain_settings(t, web, db):
    def now():
        return look(db, 'SELECT parked, rua, (SELECT group_concat(net) FROM own_network WHERE domain = id), '
                        '(SELECT group_concat(service) FROM own_service WHERE domain = id) FROM domain '
                        'WHERE name = ?', 'example.com')[0]
    path, service = '/api/v1/domains/example.com', 'mailchimp'
    a = change(web, 'PUT', path, {'parked': True, 'rua': 'dmarc@example.com',
                                  'networks': ['192.0.2.0/24', '2001:db8::/32'], 'services': [service]})
    t.ok(a.status == 200 and len(a.json['data']['events']) == 5, 'a domain is made ours with all its settings', a.text)
    t.equal(now(), (1, 'dmarc@example.com', '192.0.2.0/24,2001:db8::/32', service), 'the store has them')
    a = change(web, 'PUT', path, {'parked': True, 'networks': ['192.0.2.0/24']})
    t.equal(a.json['data'], {'changed': False, 'events': []}, 'what is so already is no change')
    a = change(web, 'PUT', path, {'parked': False, 'rua': None, 'networks': ['-192.0.2.0/24'],
                                  'services': ['-' + service]})
    t.equal((a.status, now()), (200, (0, None, '2001:db8::/32', None)), 'with - in front it is taken out')
    def answers():
        return look(db, 'SELECT question, answer FROM own_answer ORDER BY question')
    a = change(web, 'PUT', path, {'rare_senders': True, 'mailing_lists': False})
    t.equal((a.status, answers()), (200, [('mailing_lists', 'no'), ('rare_senders', 'yes')]),
            'what no report can tell is answered')
    row = [row for row in tap.rows(db, 'domain', 'list') if row['domain'] == 'example.com'][0]
    t.equal((row['rare_senders'], row['mailing_lists']), (True, False), 'and told in the list of domains')
    a = change(web, 'PUT', path, {'rare_senders': None})
    t.equal((a.status, answers()), (200, [('mailing_lists', 'no')]), 'null takes an answer back')
    for body, parameter in (({'networks': ['192.0.2.1/24']}, 'networks'),
                            ({'parked': True, 'networks': ['192.0.2.0/24', '192.0.2.1/24']}, 'networks'), ({'networks': 'all'}, 'networks'),
                            ({'services': ['nobody']}, 'services'), ({'rua': 'not an address'}, 'rua'),
                            ({'parked': 'yes'}, 'parked'), ({'rare_senders': 'yes'}, 'rare_senders'), ({'networks': ['192.0.2.0/24'] * 65}, 'networks')):
        before, a = now(), change(web, 'PUT', path, body)
        t.ok((a.status, a.json.get('parameter')) == (400, parameter) and now() == before,
             'refused, and nothing changed: %s' % str(body)[:60], a.text)
    t.equal(change(web, 'DELETE', path).status, 200, 'a domain with settings is given back')


def busy(t, web, db):
    """While another process writes, a change is put off, and nothing waits."""
    holder = subprocess.Popen(
        [sys.executable, '-c', 'import fcntl, os, sys\n'
         'fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n'
         'fcntl.flock(fd, fcntl.LOCK_EX)\nprint("held", flush=True)\nsys.stdin.read()', db + '.lock'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    holder.stdout.readline()
    a = change(web, 'PUT', DOMAIN)
    t.ok(a.status == 503 and int(a['retry-after']) > 0 and a.json['type'] == 'urn:problem:busy'
         and db not in a.text, 'while ruad-ingest writes, a change is told to come back', a.text)
    t.equal(web.get('/api/v1/summary').status, 200, 'questions are answered meanwhile')
    holder.stdin.close()
    holder.wait()
    holder.stdout.close()
    t.equal(change(web, 'PUT', DOMAIN).status, 200, 'then it is taken')
    change(web, 'DELETE', DOMAIN)


def too_many(t, web):
    statuses = [change(web, 'DELETE', DOMAIN) for _ in range(70)]
    a = statuses[-1]
    t.ok(a.status == 429 and 0 < int(a['retry-after']) <= 60, 'a program gone wild is slowed down', a.text)
    t.equal(web.get('/api/v1/summary').status, 200, 'questions are not counted')


def settings(t, db, place):
    path = os.path.join(place, 'token')
    with Web('--db', db) as web:
        a = change(web, 'PUT', DOMAIN)
        t.ok(a.status == 403 and '--token-file' in a.json['detail'],
             'without a token file nothing can be changed, and it says how', a.text)
    for text, mode in ((TOKEN, 0o644), ('short', 0o600), ('', 0o600)):
        with open(path, 'w') as f:
            f.write(text)
        os.chmod(path, mode)
        status, _, said = tap.run(WEB, '--db', db, '--token-file', path, '--listen', '127.0.0.1:0')
        t.ok(status == 64 and path in said and TOKEN not in said,
             'a token of %d characters, mode %o, is refused at the start' % (len(text), mode), said)
    with open(path, 'w') as f:
        f.write(TOKEN + '\n')
    os.chmod(path, 0o600)
    conf = os.path.join(place, 'ruad.conf')
    with open(conf, 'w') as f:
        f.write('[web]\ntoken_file = %s\n' % path)
    with Web('--db', db, '--config', conf) as web:
        t.equal(change(web, 'DELETE', '/api/v1/domains/never.example').status, 404,
                'the settings may name the file')
    return path


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db = sample(place)
        path = settings(t, db, place)
        with Web('--db', os.path.join(place, 'none.db'), '--token-file', path) as web:
            a = change(web, 'PUT', DOMAIN)
            t.ok(a.status == 503 and not os.path.exists(os.path.join(place, 'none.db')),
                 'a change makes no database', a.text)
        with Web('--db', db, '--token-file', path) as web:
            refusals(t, web, db)
            domains(t, web, db)
        with Web('--db', db, '--token-file', path) as web:
            decisions(t, web, db)
        with Web('--db', db, '--token-file', path) as web:
            domain_settings(t, web, db)
            busy(t, web, db)
        with Web('--db', db, '--token-file', path, listen='unix:' + os.path.join(place, 'sock')) as web:
            t.equal(change(web, 'PUT', DOMAIN).status, 200, 'a unix socket is this machine, too')
            too_many(t, web)
            status, _, said = web.stop()
            t.ok(status == 0 and TOKEN not in said, 'the token is in no log', said)
    finally:
        tap.drop(place)
    t.done()


main()
