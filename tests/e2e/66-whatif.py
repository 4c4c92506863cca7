"""ruad-query whatif, against a second judge: Python, over what ruad-query records and report print.

Reports are made by chance, but always the same: any verdict with any results, policies with and without
each tag, words that are none. The second judge knows RFC 9989 and what the manual promises of unknowns,
and nothing of the program; its SPF knows ip4, ip6, include and all.
"""
import ipaddress
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import kit  # noqa: E402
from web import Web, publish, tap  # noqa: E402

DOMAIN = 'almendro.example'
MAIL, GHOST, NEWS = 'mail.' + DOMAIN, 'ghost.' + DOMAIN, 'news.' + DOMAIN
OTHER = 'service.example'
IPS = ['192.0.2.%d' % n for n in (1, 2, 77)] + ['198.51.100.9', '2001:db8::7', '2001:db8:1::7']
INCLUDED = '_spf.service.example'
# What ruad-dns learnt; NEWS it was not asked for.
FACTS = {DOMAIN: 'v=spf1 ip4:192.0.2.1 -all', MAIL: 'v=spf1 -all', GHOST: None,
         INCLUDED: 'v=spf1 ip4:198.51.100.0/24 -all', '_dmarc.' + DOMAIN: 'v=DMARC1; p=none'}
RANK = {'none': 0, 'quarantine': 1, 'reject': 2}
WISHES = [{}, {'p': 'quarantine'}, {'p': 'reject'}, {'p': 'none'}, {'adkim': 's'}, {'aspf': 's'}, {'adkim': 'r'},
          {'aspf': 'r'}, {'p': 'reject', 'adkim': 's', 'aspf': 's'}, {'sp': 'reject'}, {'np': 'reject'},
          {'p': 'reject', 'sp': 'none', 'np': 'quarantine'}, {'t': 'y'}, {'t': 'n', 'p': 'reject'},
          {'spf': 'v=spf1 -all'}, {'spf': 'v=spf1 +all'}, {'spf': 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/48 ~all'},
          {'spf': 'v=spf1 include:%s ?all' % INCLUDED}, {'spf': 'v=spf1 include:never.asked.example -all'},
          {'spf': 'v=spf1 ip4:192.0.2.1 include:never.asked.example -all', 'p': 'reject'},
          {'spf': 'v=spf1 ip4:999.0.0.1 -all'}, {'spf': 'v=spf1 exists:%{l}.x.example -all'},
          {'spf': 'v=spf1 ip4:192.0.2.1 -all', 'aspf': 's', 'p': 'quarantine', 'sp': 'reject', 'np': 'reject'}]
SUMS = ('messages', 'pass_before', 'pass_after', 'fail_before', 'fail_after', 'newly_failing', 'newly_passing',
        'acted_on', 'quarantine_before', 'reject_before', 'quarantine_after', 'reject_after', 'newly_acted_on',
        'no_longer_acted_on', 'excused', 'fate_unknown')


# ---- reports --------------------------------------------------------------------------------------

def some_auth(chance):
    names = (DOMAIN, DOMAIN, MAIL, OTHER)
    auth = [kit.dkim(chance.choice(names), 's%d' % n, chance.choice(('pass', 'pass', 'fail', 'permerror')))
            for n in range(chance.choice((0, 1, 1, 2)))]
    if chance.random() < 0.85:
        auth.append(kit.spf(chance.choice(names), chance.choice(('pass', 'pass', 'fail', 'softfail', 'none'))))
    if chance.random() < 0.15:
        auth.append(kit.spf(chance.choice((DOMAIN, 'host.' + OTHER)), 'pass', scope='helo'))
    return auth


def some_record(chance):
    words = ('pass', 'fail', 'fail', 'fail', 'pass', 'odd')
    reasons = chance.choice((None, None, None, [kit.reason('local_policy')], [kit.reason('sampled_out')]))
    return kit.record(chance.choice(IPS), chance.randint(1, 40), chance.choice(('none', 'none', 'quarantine')),
                      chance.choice(words), chance.choice(words), reasons=reasons,
                      header_from=chance.choice((DOMAIN, DOMAIN, MAIL, GHOST, NEWS)),
                      envelope_from=chance.choice((None, DOMAIN, MAIL, OTHER)), auth=some_auth(chance))


POLICIES = (dict(p='none', sp=None, adkim='r', aspf='r'), dict(p='reject', sp='quarantine', adkim='s', aspf='s'),
            dict(p='quarantine', sp=None, np='reject', adkim=None, aspf=None, pct=None),
            dict(p='reject', sp=None, np=None, adkim='r', aspf='s', pct=None, testing='y'),
            dict(p='odd', sp='none', adkim='x', aspf='x'), dict(p='none', sp='reject', adkim='r', aspf='r'))


def make(box):
    chance = random.Random(9989)
    for n, policy in enumerate(POLICIES * 2):
        begin = kit.BEGIN + n * kit.DAY
        xml = kit.feedback([some_record(chance) for _ in range(80)], domain=DOMAIN, report_id='r%d' % n, begin=begin,
                           end=begin + kit.DAY - 1, **policy)
        tap.write(os.path.join(box, '%d.xml' % n), kit.octets(xml))


# ---- the second judge -----------------------------------------------------------------------------

def organisation(name):
    return '.'.join(name.split('.')[-2:])


def spf(record, ip, depth=0):
    """pass, fail, unknown (of the DNS) or error."""
    for term in record.split()[1:]:
        sign, bare = (term[0], term[1:]) if term[0] in '+-~?' else ('+', term)
        name, _, value = bare.partition(':')
        if name == 'all':
            hit = True
        elif name in ('ip4', 'ip6'):
            net = ipaddress.ip_network(value)
            hit = ip.version == net.version and ip in net
        elif name == 'include':
            if value not in FACTS:
                return 'unknown'
            inner = spf(FACTS[value], ip, depth + 1)
            if inner in ('unknown', 'error'):
                return inner
            hit = inner == 'pass'
        if hit:
            return 'pass' if sign == '+' else 'fail'
    return 'fail'


def wished_spf(record, source):
    if '999' in record:
        return 'fail'
    if '%{' in record:
        return 'unknown'
    return spf(record, ipaddress.ip_address(source))


def results(row, kind):
    found = []
    for one in (row['auth'] or '').split('; '):
        said = re.match(r'(dkim|spf)=(\S+)', one)
        if said and said.group(1) == kind:
            fields = dict(re.findall(r' (\w+)=("[^"]*"|\S+)', one))
            found.append((said.group(2), fields.get('d'), fields.get('scope')))
    if kind == 'spf' and any(scope != 'helo' for _, _, scope in found):
        found = [one for one in found if one[2] != 'helo']
    return found


def align(row, kind, now, was, wish):
    """Alignment alone: was and wish are r, s or None for a word nobody knows."""
    if now not in ('pass', 'fail') or was == wish or wish is None:
        return now
    passing = [domain for result, domain, _ in results(row, kind) if result == 'pass']
    related = [domain for domain in passing if organisation(domain) == organisation(row['header_from'])]
    if wish == 's' and now == 'pass':
        return 'pass' if row['header_from'] in passing else 'fail' if related else 'unknown'
    if wish == 'r' and now == 'fail':
        if related:
            return 'pass'
        if not row['auth'] or (kind == 'spf' and not results(row, kind)):
            return 'unknown'
    return now


def new_spf(row, record, how):
    """None: the record has no part in it."""
    known = results(row, 'spf') or ([('none', row['envelope_from'], None)] if row['envelope_from'] else [])
    if not known:
        return 'unknown'
    if DOMAIN not in [domain for _, domain, _ in known]:
        return None
    ends = []
    for result, domain, _ in known:
        raw = wished_spf(record, row['source']) if domain == DOMAIN else 'pass' if result == 'pass' else 'fail'
        if organisation(domain) != organisation(row['header_from']) or raw == 'fail':
            raw = 'fail'
        elif domain != row['header_from'] and how != 'r':
            raw = 'fail' if how == 's' else 'unknown'
        ends.append(raw)
    return 'pass' if 'pass' in ends else 'unknown' if 'unknown' in ends else 'fail'


def word(value):
    """A published policy: its word, '' where there is none, None where nobody knows it."""
    return '' if value is None else value if value in RANK else None


def fate(row, policy, wish):
    how = {k: policy[k] or 'r' for k in ('adkim', 'aspf')}
    how = {k: v if v in 'rs' else None for k, v in how.items()}
    dkim = align(row, 'dkim', row['dkim'], how['adkim'], wish.get('adkim', how['adkim']))
    mine = new_spf(row, wish['spf'], wish.get('aspf', how['aspf'])) if 'spf' in wish else None
    if mine is None:
        mine = align(row, 'spf', row['spf'], how['aspf'], wish.get('aspf', how['aspf']))
    both = (dkim, mine)
    verdict = 'pass' if 'pass' in both else 'fail' if both == ('fail', 'fail') else 'unknown'
    p = wish.get('p', word(policy['p']) or None)
    sp = wish.get('sp', word(policy['sp']))
    sp = p if sp == '' else sp
    np = wish.get('np', word(policy['np']))
    np = sp if np == '' else np
    name = row['header_from']
    asked = p if name == DOMAIN else np if name == GHOST else sp if name == MAIL or sp == np else None
    if asked in ('quarantine', 'reject') and wish.get('t', policy['testing']) == 'y':
        asked = 'quarantine' if asked == 'reject' else 'none'
    if verdict == 'pass' or (verdict == 'unknown' and asked == 'none'):
        return verdict, 'none'
    return verdict, asked if verdict == 'fail' else None


def add(sum_, row, policy, wish):
    n = row['count']
    (was, acts), (will, act) = fate(row, policy, {}), fate(row, policy, wish)
    now = was == 'fail' and row['disposition'] in ('quarantine', 'reject')
    excused = any(not re.match(r'(sampled_out|policy_test_mode)\b', one)
                  for one in (row['reasons'] or '').split('; ') if one)
    newly = acts == 'none' and act in ('quarantine', 'reject')
    for name, true in (
            ('messages', True), ('pass_before', was == 'pass'), ('pass_after', will == 'pass'),
            ('fail_before', was == 'fail'), ('fail_after', will == 'fail'),
            ('newly_failing', (was, will) == ('pass', 'fail')), ('newly_passing', (was, will) == ('fail', 'pass')),
            ('acted_on', now), ('quarantine_before', acts == 'quarantine'), ('reject_before', acts == 'reject'),
            ('quarantine_after', act == 'quarantine'), ('reject_after', act == 'reject'), ('newly_acted_on', newly),
            ('no_longer_acted_on', acts in ('quarantine', 'reject') and act == 'none'),
            ('excused', newly and excused), ('fate_unknown', will == 'unknown' or act is None)):
        sum_[name] += n if true else 0


# ---- both -----------------------------------------------------------------------------------------

def whatif(db, wish, *more, fmt='json'):
    options = [word for name, value in wish.items() for word in ('--' + name, value)]
    _, out, _ = tap.run(tap.QUERY, '--db', db, 'whatif', DOMAIN, '--last', 'all', '--format', fmt, *options, *more,
                        check=(0,))
    return json.loads(out) if fmt == 'json' else out.decode()


def published(db, rows):
    found = {}
    for number in {row['report'] for row in rows}:
        _, out, _ = tap.run(tap.QUERY, '--db', db, 'report', str(number), '--format', 'json', check=(0,))
        found[number] = json.loads(out)['data']
    return found


def compare(t, db, rows, policies, seen):
    for wish in WISHES:
        groups = {}
        for row in rows:
            add(groups.setdefault(row['source_group'], dict.fromkeys(SUMS, 0)), row, policies[row['report']], wish)
        answer = whatif(db, wish)
        got = {one['id']: {name: one[name] for name in SUMS} for one in answer['sources']}
        total = {name: sum(one[name] for one in groups.values()) for name in SUMS}
        t.equal(got, groups, 'if %s: every source as the second judge says' % (wish or 'nothing'))
        t.equal({name: answer['data'][name] for name in SUMS}, total, 'and the totals')
        for name, value in total.items():
            if value > 0:
                seen.add(name)
    nothing = whatif(db, {})['data']
    summary = tap.rows(db, 'summary', '--domain', DOMAIN, '--last', 'all')[0]
    t.equal([nothing[n] for n in ('messages', 'pass_before', 'fail_before', 'acted_on', 'pass_after', 'fail_after')],
            [summary[n] for n in ('messages', 'pass', 'fail', 'acted_on', 'pass', 'fail')],
            'before, the numbers are those of the summary')


def unknowns(t, db):
    wish = {'spf': 'v=spf1 include:never.asked.example -all'}
    t.equal(whatif(db, wish)['data']['unknown_name'], 'never.asked.example',
            'the name that was not asked for is told')
    t.equal(whatif(db, {'np': 'reject'})['data']['unknown_name'], NEWS, 'also one that may not exist')


def both_ways(t, db):
    with Web('--db', db) as web:
        for wish in ({'p': 'reject', 'adkim': 's'}, {'spf': 'v=spf1 ip4:192.0.2.1 -all'}, {}):
            query = '&'.join('%s=%s' % (k, v.replace(' ', '%20').replace(':', '%3A')) for k, v in wish.items())
            over = web.get('/api/v1/whatif/%s?last=all&%s' % (DOMAIN, query) if query else
                           '/api/v1/whatif/%s?last=all' % DOMAIN).json
            here = whatif(db, wish)
            t.equal((over['data'], over['sources']), (here['data'], here['sources']), 'HTTP says the same of %s' % wish)
        for query, name in (('p=maybe', 'p'), ('adkim=x', 'adkim'), ('t=1', 't'), ('spf=all', 'spf'), ('pct=50', 'pct'),
                            ('spf=v=spf1%20' + 'a' * 4096, 'spf')):
            answer = web.get('/api/v1/whatif/%s?%s' % (DOMAIN, query))
            t.ok(answer.status == 400 and answer.json['parameter'] == name, '%s is refused' % query[:20],
                 answer.text[:200])


def refusals(t, db):
    for words, status, text in ((('--p', 'maybe'), 64, 'p is none'), (('--pct', '50'), 64, 'takes no'),
                                (('--spf', 'ip4:1.2.3.4'), 64, 'v=spf1'), (('--class', 'yours'), 64, 'takes no'),
                                (('--p', 'none', '--p', 'reject'), 64, 'only once'), (('--p',), 64, 'needs a value')):
        got, _, said = tap.run(tap.QUERY, '--db', db, 'whatif', DOMAIN, *words)
        t.ok(got == status and text in said, 'whatif %s is refused' % ' '.join(words), (got, said))
    got, _, said = tap.run(tap.QUERY, '--db', db, 'whatif', 'nobody.example', '--p', 'reject')
    t.ok(got == 66 and 'nobody.example' in said, 'so is a domain nobody knows', (got, said))
    english, spanish = (whatif(db, {'p': 'reject'}, '--lang', lang, fmt='html') for lang in ('en', 'es'))
    heads = [re.findall(r'<(?:th|h2|caption)[^>]*>([^<]+)<', page) for page in (english, spanish)]
    same = [en for en, es in zip(*heads) if en == es and en not in ('Id',)]
    t.ok(len(heads[0]) > 10 and len(heads[0]) == len(heads[1]) and not same, 'every title has its Spanish', same)


def main():
    t, place = tap.Tap(), tap.scratch()
    try:
        box, db = os.path.join(place, 'mails'), os.path.join(place, 'ruad.db')
        os.mkdir(box)
        make(box)
        tap.ingest(db, box, check=(0,))
        publish(db, DOMAIN, sorted(FACTS.items()))
        rows = tap.rows(db, 'records', '--domain', DOMAIN, '--last', 'all')
        seen = set()
        compare(t, db, rows, published(db, rows), seen)
        t.equal(sorted(seen), sorted(SUMS), 'each number was more than nothing somewhere')
        unknowns(t, db)
        both_ways(t, db)
        refusals(t, db)
    finally:
        tap.drop(place)
    t.done()


main()
