"""The running service against the file that describes it, and the file against its own rules.

Both ways: nothing is answered, taken or refused that the file does not say, and nothing stands in
the file that the service does not do.
"""
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'web'))
from contract import Contract  # noqa: E402
from openapi import meanings  # noqa: E402
from web import Web, publish, sample, tap  # noqa: E402

# Of the sample; its DNS is known, and not in order.
DOMAIN = 'example.com'
JSON, PROBLEM = 'application/json', 'application/problem+json'
FORMATS = {JSON: 'json', 'application/x-ndjson': 'ndjson', 'text/csv': 'csv', 'text/html': 'html',
           'text/plain': 'text'}
# Columns of the list of one's own domains and of the tags of a record, which only the command line
# shows.
COMMAND_LINE_ONLY = {'added', 'networks', 'services', 'rare_senders', 'mailing_lists', 'tag', 'text_es'}
# Values that no parameter with such a schema may have; the pattern of `sort` is no full rule.
WRONG = {'boolean': 'perhaps', 'integer': 'x1', 'array': 'a b'}


def read(*path):
    with open(os.path.join(tap.ROOT, *path), encoding='utf-8') as f:
        return f.read()


def first(items):
    return '\n'.join(str(one) for one in list(items)[:20])


def check_document(t, api):
    faults = list(api.faults())
    t.equal(faults, [], 'the file keeps the rules of OpenAPI 3.1')
    plain = json.loads(read('web', 'openapi.json'))
    without = Contract(json.loads(json.dumps(api.document)))
    for schema in without.document['components']['schemas'].values():
        strip(schema, plain['components']['schemas'])
    t.ok(sorted(plain['paths']) == sorted(api.document['paths'])
         and sorted(plain['components']['schemas']) == sorted(api.document['components']['schemas']),
         'what is served is the file of the sources')


def strip(schema, _):
    for one in schema.get('properties', {}).values():
        one.pop('description', None)


def rows_of(api):
    """Schemas of rows: those whose fields ruad(7) tells of, and no other place."""
    own = {'meta', 'problem', 'changed', 'decision', 'undo', 'domain_settings'}
    for name, schema in api.document['components']['schemas'].items():
        if name not in own:
            yield name, schema


def check_meanings(t, api):
    """Acceptance 7: every field is explained once, in ruad(7)."""
    texts = meanings(read('store', 'ruad.7'))
    fields = {}
    for name, schema in rows_of(api):
        for field, one in api.properties(schema).items():
            fields.setdefault(field, set()).add(one.get('description'))
    meta = set(api.properties({'$ref': '#/components/schemas/meta'}))
    t.equal(sorted(set(fields) - set(texts)), [], 'the manual explains every field that is sent')
    t.equal(sorted(set(texts) - set(fields) - meta - COMMAND_LINE_ONLY), [],
            'and no field that is not')
    t.equal([f for f, said in fields.items() if len(said) != 1 or None in said], [],
            'a field is described by those words, wherever it is')
    bare = ['%s.%s' % (name, field) for name, schema in api.document['components']['schemas'].items()
            for field, one in api.properties(schema).items() if not one.get('description')]
    t.equal(bare, [], 'no field of anything is without a description')
    return texts


def text_of(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    return str(value)


def address(path, names, query=()):
    for name, value in names.items():
        path = path.replace('{%s}' % name, urllib.parse.quote(str(value), safe=''))
    return path + ('?' + urllib.parse.urlencode(list(query)) if query else '')


def things(web, path):
    """Values for the {...} of a path: one that is there, and one that is not."""
    name = re.search(r'\{(\w+)\}', path)
    if not name:
        return {}, None
    if path.endswith('/check/{name}'):
        return {'name': 'freshness'}, {'name': 'weather'}
    if '/dns/' in path or '/readiness/' in path or '/whatif/' in path:
        return {'domain': DOMAIN}, {'domain': 'not-there.example'}
    parent = path[:name.start() - 1]
    rows = web.get(parent + '?scope=all&last=all').json['data']
    return {name.group(1): rows[0][name.group(1)]}, {name.group(1): '999999999' if name.group(1) == 'id'
                                                     else 'not-there.example'}


def check_problem(api, answer, status, parameter=None):
    body = answer.json
    faults = list(api.check({'$ref': '#/components/schemas/problem'}, body))
    faults += list(api.undescribed({'$ref': '#/components/schemas/problem'}, body))
    if answer.status != status or answer['content-type'] != PROBLEM or body['status'] != status:
        faults.append('%d %s' % (answer.status, answer['content-type']))
    if body['request_id'] != answer['x-request-id']:
        faults.append('X-Request-Id is %s' % answer['x-request-id'])
    if parameter is not None and body.get('parameter') != parameter:
        faults.append('names %s' % body.get('parameter'))
    return faults


def check_headers(api, said, answer, page):
    """Those of the file and no other that the file knows of."""
    known = {'ETag', 'Link', 'X-Request-Id', 'Retry-After'}
    for name in known:
        value, header = answer[name.lower()], said.get('headers', {}).get(name)
        if header is None and value is not None:
            yield 'header %s is sent and not described' % name
        if header is not None and value is None and (name != 'Link' or page):
            yield 'header %s is described and not sent' % name
        if header is not None and value is not None:
            schema = api.resolve(header)['schema']
            yield from api.check(schema, int(value) if schema['type'] == 'integer' else value, name)


def check_answers(t, api, web, path, operation, names, sent):
    said = api.response(operation, 200)
    listed = any(p['name'] == 'limit' for p in api.parameters(operation))
    wide = [(k, v) for k, v in (('scope', 'all'), ('last', 'all'))
            if any(p['name'] == k for p in api.parameters(operation))]
    faults = []
    for media, content in said['content'].items():
        query = list(wide)
        if any(p['name'] == 'format' for p in api.parameters(operation)):
            query.append(('format', FORMATS[media]))
        answer = web.get(address(path, names, query))
        if answer.status != 200 or (answer['content-type'] or '').split(';')[0] != media:
            faults.append('%s: %d %s' % (media, answer.status, answer['content-type']))
            continue
        faults += list(check_headers(api, said, answer, False))
        if media == JSON:
            body = answer.json
            faults += list(api.check(content['schema'], body))[:10]
            faults += ['undescribed ' + one for one in api.undescribed(content['schema'], body)][:10]
            if 'data' in body:
                note_fields(body, sent)
        head = web.ask('HEAD', address(path, names, query))
        if (head.status, head['content-type'], head.body) != (200, answer['content-type'], b''):
            faults.append('HEAD: %d' % head.status)
    if listed and not names:
        answer = web.get(address(path, names, wide + [('limit', '1')]))
        more = answer.status == 200 and answer.json['meta']['next_cursor'] is not None
        faults += list(check_headers(api, said, answer, more))
    known = '304' in operation['responses']
    for _ in range(2):
        # Ages are told by the minute: one may begin between the two.
        answer = web.get(address(path, names, wide))
        again = web.get(address(path, names, wide), If_None_Match=answer['etag'] or '*')
        if again.status == (304 if known else 200):
            break
    if again.status != (304 if known else 200):
        faults.append('asked again: %d' % again.status)
    elif known:
        faults += list(check_headers(api, api.response(operation, 304), again, False))
    t.ok(not faults, 'GET %s answers what it says' % path, first(faults))


def note_fields(body, sent):
    for name, part in body.items():
        if name == 'meta':
            continue
        for row in (part if isinstance(part, list) else [part]):
            if isinstance(row, dict):
                sent.update(row)


def check_parameters(t, api, web, path, operation, names):
    faults = []
    everything = {p['name']: p for p in map(api.resolve, api.document['components']['parameters'].values())
                  if p['in'] == 'query'}
    # A name may mean another choice here than elsewhere: that of this operation counts.
    own = {p['name']: p for p in api.parameters(operation)}
    everything.update(own)
    taken = set(own)
    for name, one in everything.items():
        examples = one.get('example')
        for example in examples if isinstance(examples, list) else [examples]:
            if example is None:
                continue
            answer = web.get(address(path, names, [(name, text_of(example))]))
            refused = answer.status == 400 and answer.json.get('parameter') == name
            if refused == (name in taken):
                faults.append('%s=%s: %d %s' % (name, example, answer.status, answer.text[:200]))
            if name not in taken:
                faults += check_problem(api, answer, 400, name)
    answer = web.get(address(path, names, [('nonsense', '1')]))
    faults += check_problem(api, answer, 400, 'nonsense')
    for one in api.parameters(operation):
        faults += wrong_values(api, web, path, names, one)
    t.ok(not faults, 'GET %s takes the parameters it says, and no other' % path, first(faults))


def wrong_values(api, web, path, names, one):
    schema = one['schema']
    wrong = [WRONG[schema['type']]] if schema['type'] in WRONG else []
    if 'enum' in schema:
        wrong.append('nothing')
    if 'pattern' in schema:
        wrong.append('(select 1)')
    if 'minimum' in schema:
        wrong.append(str(schema['minimum'] - 1))
    if 'maximum' in schema:
        wrong.append(str(schema['maximum'] + 1))
    for value in wrong:
        answer = web.get(address(path, names, [(one['name'], value)]))
        for fault in check_problem(api, answer, 400, one['name']):
            yield '%s=%s: %s' % (one['name'], value, fault)
    if schema['type'] != 'array' and 'example' in one:
        twice = [(one['name'], text_of(one['example']))] * 2
        for fault in check_problem(api, web.get(address(path, names, twice)), 400, one['name']):
            yield '%s twice: %s' % (one['name'], fault)


def check_methods(t, api, web, path, item, names):
    want = {m.upper() for m in item} | {'OPTIONS'} | ({'HEAD'} if 'get' in item else set())
    faults = []
    for method in ('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'BREW'):
        answer = web.ask(method, address(path, names))
        if method == 'OPTIONS':
            if answer.status != 204 or set(answer['allow'].split(', ')) != want:
                faults.append('OPTIONS: %d %s' % (answer.status, answer['allow']))
        elif method not in want:
            faults += check_problem(api, answer, 405)
            if set(answer['allow'].split(', ')) != want:
                faults.append('%s: %s' % (method, answer['allow']))
        elif method != 'GET' and (answer.status in (401, 403)) != ('security' in item[method.lower()]):
            faults.append('%s without a token: %d' % (method, answer.status))
    t.ok(not faults, '%s takes the methods it says' % path, first(faults))


def check_text(t, api, web, path, operation, sent):
    """A question with a text as its body."""
    said, faults = api.response(operation, 200), []
    text = ('550-5.7.26 Unauthenticated email from %s is not accepted due to domain\'s\n'
            '550 5.7.26 DMARC policy. - gsmtp' % DOMAIN).encode()
    for media, content in said['content'].items():
        answer = post(web, address(path, {}, [('format', FORMATS[media]), ('domain', DOMAIN)]), text)
        if answer.status != 200 or not answer['content-type'].startswith(media):
            faults.append('%s: %d %s' % (media, answer.status, answer['content-type']))
        faults += list(check_headers(api, said, answer, False))
        if media == JSON:
            faults += list(api.check(content['schema'], answer.json))[:10]
            faults += ['undescribed ' + one for one in api.undescribed(content['schema'], answer.json)][:10]
            note_fields(answer.json, sent)
    faults += check_problem(api, post(web, path + '?nonsense=1', text), 400, 'nonsense')
    faults += check_problem(api, post(web, path + '?domain=not-there.example', text), 404)
    faults += check_problem(api, post(web, path, b'x' * 65537), 413)
    t.ok(not faults, 'POST %s answers what it says' % path, first(faults))


def post(web, target, text):
    return web.ask('POST', target, {'Content-Type': 'text/plain', 'Content-Length': str(len(text))}, text)


def lists_with_fields(api, web):
    """Path, and the fields of its first row, of every list that has one."""
    for path, item in api.document['paths'].items():
        if ('{' in path or 'parameters' not in item.get('get', {})
                or not any(one['name'] == 'fields' for one in api.parameters(item['get']))):
            continue
        wide = [(one['name'], 'all') for one in api.parameters(item['get']) if one['name'] in ('scope', 'last')]
        rows = web.get(address(path, {}, wide + [('limit', '3')])).json['data']
        if rows:
            yield path, wide, rows


def check_fields(t, api, web):
    seen = 0
    for path, wide, rows in lists_with_fields(api, web):
        wish = list(reversed(list(rows[0])[:4]))
        some = web.get(address(path, {}, wide + [('limit', '3'), ('fields', ','.join(wish))]))
        csv = web.get(address(path, {}, wide + [('limit', '1'), ('format', 'csv'), ('fields', wish[0])]))
        t.ok([list(row.items()) for row in some.json['data']]
             == [[(name, row[name]) for name in wish] for row in rows]
             and csv.text.split('\r\n')[0] == wish[0], '%s can be asked for some fields' % path,
             (some.text[:300], csv.text[:100]))
        seen += 1
    t.ok(seen >= 12, 'many lists were looked at', seen)
    t.equal(list(web.get('/api/v1/summary?scope=all&last=all&group_by=class&fields=class').json['data'][0]),
            ['class'], 'what it is grouped by is a field')
    faults = check_problem(api, web.get('/api/v1/summary?scope=all&last=all&fields=class'), 400, 'fields')
    t.equal(faults, [], 'without the group it is none')


def every_report(web):
    """The notes and the unreadable records there are are in some."""
    sent = set()
    for row in web.get('/api/v1/reports?scope=all&last=all&limit=1000').json['data']:
        note_fields(web.get('/api/v1/reports/%d?limit=1' % row['id']).json, sent)
    return sent


def walk(t, api, web):
    sent = every_report(web)
    note_fields(web.get('/api/v1/dns/%s?history=true' % DOMAIN).json, sent)
    note_fields(web.get('/api/v1/summary?domain=%s&fields=published_policy,readiness' % DOMAIN).json, sent)
    for path, item in api.document['paths'].items():
        names, absent = things(web, path)
        check_methods(t, api, web, path, item, names)
        if 'text/plain' in item.get('post', {}).get('requestBody', {}).get('content', ()):
            check_text(t, api, web, path, item['post'], sent)
        if 'get' not in item:
            continue
        check_answers(t, api, web, path, item['get'], names, sent)
        check_parameters(t, api, web, path, item['get'], names)
        if absent is not None:
            faults = check_problem(api, web.get(address(path, absent)), 404)
            t.equal(faults, [], 'what is not at %s is not found' % path)
            t.ok('404' in item['get']['responses'], 'and that is said')
    return sent


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        db = sample(place)
        # A decision there is, so that decisions and events have rows.
        source = tap.rows(db, 'sources', '--last', 'all')[0]['id']
        tap.run(tap.QUERY, '--db', db, 'decide', str(source), 'yours', check=(0,))
        publish(db, DOMAIN, [(DOMAIN, 'v=spf1 a -all'), ('_dmarc.' + DOMAIN, 'v=DMARC1; p=none')], 9)
        publish(db, DOMAIN, [(DOMAIN, 'v=spf1 a ~all +all')])
        with Web('--db', db) as web:
            api = Contract(web.get('/api/v1/openapi.json').json)
            check_document(t, api)
            texts = check_meanings(t, api)
            check_fields(t, api, web)
            sent = walk(t, api, web)
            meta = set(api.properties({'$ref': '#/components/schemas/meta'}))
            t.equal(sorted(sent - set(texts)), [], 'nothing was sent that the manual does not explain')
            t.equal(sorted(set(texts) - sent - meta - COMMAND_LINE_ONLY), [],
                    'everything the manual explains was sent')
            t.equal(web.stop()[0], 0, 'it ends with status 0')
    finally:
        tap.drop(place)
    t.done()


main()
