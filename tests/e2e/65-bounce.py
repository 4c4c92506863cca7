"""ruad-query bounce and POST /api/v1/bounce, over the sample whose sources are labelled.

What a text gives is the same on the command line and over HTTP; its counts are those of sources; nothing
of it is in the database, beside it, or in what the service says.
"""
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from web import Web, tap  # noqa: E402

LABELLED = os.path.join(tap.ROOT, 'tests', 'sample', 'labelled.py')
DOMAIN = 'almazara.example'
SECRET = 'Zanahoria-7731'   # stands in every text, and nowhere else
GMAIL = '''From: Mail Delivery System <mailer-daemon@relay.example>
Subject: Undelivered Mail Returned to Sender (%s)

> <ana@gmail.com>: host gmail-smtp-in.l.google.com[203.0.113.26] said:
>     550-5.7.26 Your email has been blocked because the sender is
>     550-5.7.26 unauthenticated. Authentication results: DKIM = did not pass
>     550-5.7.26  SPF [%s] with ip: [%%s] = did not pass
>     550 5.7.26  https://support.google.com/mail/answer/81126 - gsmtp
''' % (SECRET, DOMAIN)
FAILING = '198.18.1.10'     # the web server that SPF does not list
FORWARDER = '198.18.4.20'
TEXTS = {
    'gmail': GMAIL % FAILING,
    'forwarded': GMAIL % FORWARDER,
    'yahoo': '554 5.7.9 Message not accepted for policy reasons. %s <x@mail.%s>' % (SECRET, DOMAIN),
    'microsoft': '550 5.7.515 Access denied, sending domain [BODEGA.EXAMPLE] does not meet %s' % SECRET,
    'apple': "554 5.7.1 Your message was rejected due to nobody.example's DMARC policy. %s" % SECRET,
    'nothing': 'Dear all, %s' % SECRET,
    'odd': '\0\xff%s 421-4.7.27 SPF authentication did not pass; rate limited\r\n' % SECRET,
    'empty': '',
}


def octets(text):
    return text.encode('latin-1', 'replace')


def bounce(db, text, *options, fmt='json', check=(0,)):
    status, out, said = tap.run(tap.QUERY, '--db', db, 'bounce', '--format', fmt, *options, stdin=octets(text),
                                check=check)
    return (json.loads(out) if fmt == 'json' else out.decode()) if status == 0 else (status, said)


def post(web, text, query=''):
    body = octets(text)
    return web.ask('POST', '/api/v1/bounce' + query, {'Content-Length': str(len(body))}, body)


def without_time(answer):
    return {k: v for k, v in answer.items() if k != 'meta'}


def answers(t, db):
    data = {name: bounce(db, text)['data'] for name, text in TEXTS.items()}
    t.equal({name: (one['refusal'], one['provider'], one['enhanced_code'], one['domain'], one['confidence'])
             for name, one in data.items()},
            {'gmail': ('unauthenticated', 'gmail', '5.7.26', DOMAIN, 'certain'),
             'forwarded': ('unauthenticated', 'gmail', '5.7.26', DOMAIN, 'certain'),
             'yahoo': ('check-not-told', 'yahoo', '5.7.9', DOMAIN, 'certain'),
             'microsoft': ('requirements', 'microsoft', '5.7.515', 'bodega.example', 'certain'),
             'apple': ('dmarc-policy', 'apple', '5.7.1', None, 'likely'),
             'nothing': ('not-recognised', None, None, None, None),
             'odd': ('spf-failed', 'gmail', '4.7.27', None, 'certain'),
             'empty': ('not-recognised', None, None, None, None)}, 'each text is what it is')
    t.equal(data['apple']['mentioned_domain'], 'nobody.example', 'a domain of others is named, not taken')
    t.ok(all('cannot prove' in one['limits'] for one in data.values()), 'each says what no report can prove')
    t.ok(all(bounce(db, text)['steps'] for text in TEXTS.values()), 'and what to do')
    t.ok(data['odd']['temporary'] and 'tries again' in data['odd']['meaning'], 'a temporary one may still arrive')
    t.equal(bounce(db, TEXTS['nothing'], '--domain', DOMAIN)['data']['domain'], DOMAIN, 'a domain may be given')
    t.equal(bounce(os.path.join(os.path.dirname(db), 'no.db'), TEXTS['gmail'])['data']['refusal'], 'unauthenticated',
            'without a database the text is explained')


def sources(t, db):
    answer = bounce(db, TEXTS['gmail'])
    said = {row['id']: row for row in tap.rows(db, 'sources', '--domain', DOMAIN)}
    want = {key for key, row in said.items() if row['fail'] > 0 and row['class'] in ('yours', 'to_decide')}
    mine = next(row['source_group'] for row in tap.rows(db, 'addresses', '--domain', DOMAIN, '--source', FAILING))
    t.ok(len(want) > 1 and mine in want, 'there are failing sources to find', (want, mine))
    t.equal({row['id'] for row in answer['sources']}, want, 'the sources are those of one\'s own that fail')
    same = ('name', 'class', 'messages', 'pass', 'fail', 'spf_aligned', 'dkim_aligned')
    t.equal([[row[k] for k in same] for row in answer['sources']],
            [[said[row['id']][k] for k in same] for row in answer['sources']], 'with the counts of sources')
    first = answer['sources'][0]
    t.ok(first['id'] == mine and first['mentioned'] and answer['data']['source_group'] == mine
         and answer['data']['address'] == FAILING and first['cause'] == 'spf-missing-ip',
         'the one whose address the text names comes first, with its cause', (first, answer['data']))
    other = bounce(db, TEXTS['forwarded'])
    t.ok(other['sources'][0]['mentioned'] and other['sources'][0]['class'] == 'forwarded'
         and not any(row['mentioned'] for row in other['sources'][1:]),
         'also one that is not yours', other['sources'][:2])


def words_of(page):
    return [one for one in re.findall(r'>([^<>]+)<', page) if re.search('[a-z]{3}', one)]


def languages(t, db):
    for name, text in TEXTS.items():
        english, spanish = (bounce(db, text, '--lang', lang) for lang in ('en', 'es'))
        same = [k for k in ('title', 'meaning', 'limits') if english['data'][k] == spanish['data'][k]]
        same += [a['text'] for a, b in zip(english['steps'], spanish['steps']) if a['text'] == b['text']]
        same += [a['to_change'] for a, b in zip(english['sources'], spanish['sources'])
                 if a['to_change'] and a['to_change'] == b['to_change']]
        t.ok(not same and len(english['steps']) == len(spanish['steps']), '%s is told in Spanish' % name, same)
    # What stays the same in a page is a name, a code or a word of the vocabularies.
    english, spanish = (bounce(db, TEXTS['gmail'], '--lang', lang, fmt='html') for lang in ('en', 'es'))
    heads = [re.findall(r'<(?:th|h2|caption)[^>]*>([^<]+)<', page) for page in (english, spanish)]
    same = [en for en, es in zip(*heads) if en == es and en not in ('Id', 'Selector')]
    t.ok(len(heads[0]) > 20 and len(heads[0]) == len(heads[1]) and not same, 'so is every title', same)


def over_http(t, db):
    with Web('--db', db, '--verbose') as web:
        for name, text in TEXTS.items():
            for lang in ('en', 'es'):
                answer = post(web, text, '?lang=' + lang)
                t.ok(answer.status == 200 and without_time(answer.json) == without_time(bounce(db, text, '--lang', lang)),
                     'HTTP says the same of %s in %s' % (name, lang), answer.text[:300])
        given = post(web, TEXTS['nothing'], '?domain=' + DOMAIN).json
        t.equal(without_time(given), without_time(bounce(db, TEXTS['nothing'], '--domain', DOMAIN)), 'or of a domain given')
        answer = post(web, TEXTS['gmail'], '?domain=not%20one')
        t.ok(answer.status == 400 and answer.json['parameter'] == 'domain' and SECRET not in answer.text,
             'a domain that is none is refused', answer.text)
        t.equal(post(web, TEXTS['gmail'], '?domain=nobody.example').status, 404, 'one nobody knows is not found')
        t.equal(post(web, 'x' * 65536).status, 200, '64 KiB are read')
        answer = post(web, SECRET * 80000)
        t.ok(answer.status == 413 and SECRET not in answer.text, 'and no more', answer.text[:200])
        t.equal(web.get('/api/v1/bounce').status, 405, 'it is asked by POST')
        t.equal([web.ask('POST', '/api/v1/status', {'Content-Length': '3'}, b'abc').status], [405],
                'and nothing else takes a text')
        _, _, said = web.stop()
    return said


def nothing_stays(t, place, said, before):
    t.ok(SECRET not in said and 'Zanahoria' not in said, 'the service says nothing of a text', said[-500:])
    found = []
    for folder, _, names in os.walk(place):
        for name in names:
            with open(os.path.join(folder, name), 'rb') as f:
                found += [name] if SECRET.encode() in f.read() else []
    t.equal(found, [], 'no file holds any of it')
    t.equal(contents(place), before, 'the database is as it was')


def contents(place):
    with open(os.path.join(place, 'ruad.db'), 'rb') as f:
        return f.read()


def refusals(t, db):
    status, said = bounce(db, 'x' * (1 << 20), check=None)
    t.ok(status == 65 and '65536' in said, 'a megabyte is refused', (status, said))
    for words, want, text in ((('/nonexistent',), 66, '/nonexistent'), (('--class', 'yours'), 64, 'takes no'),
                              (('--lang', 'de'), 64, 'en or es'), (('a', 'b'), 64, 'too many'),
                              (('--domain', 'nobody.example'), 66, 'nobody.example'), (('--domain', 'a b'), 64, 'a b')):
        status, _, said = tap.run(tap.QUERY, '--db', db, 'bounce', *words, stdin=b'550 SPF check failed')
        t.ok(status == want and text in said, 'bounce %s is refused' % ' '.join(words), (status, said))


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        box, db = os.path.join(place, 'mails'), os.path.join(place, 'ruad.db')
        today = time.strftime('%Y-%m-%d', time.gmtime())
        tap.run(sys.executable, LABELLED, box, '--today', today, check=(0,))
        tap.ingest(db, box, check=(0,))
        before = contents(place)
        answers(t, db)
        sources(t, db)
        languages(t, db)
        said = over_http(t, db)
        nothing_stays(t, place, said, before)
        refusals(t, db)
    finally:
        tap.drop(place)
    t.done()


main()
