"""What Prometheus is told of more domains than it can hold: the series stay bounded, nothing is lost from
the sums.

Of 230 domains the 30 beyond the 200th by name are "other".
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import web as w  # noqa: E402  (and the path to tap)
import tap  # noqa: E402

DOMAINS, SHOWN, CAP = 230, 200, 15000
NOW = '1795240800'      # 2026-11-21T06:00:00Z, the morning after the generator's last day
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
t = tap.Tap()


def scrape(web):
    """{name: {frozenset of labels: value}}"""
    answer, out = web.get('/metrics'), {}
    for line in answer.text.splitlines():
        if line and not line.startswith('#'):
            series, value = line.rsplit(' ', 1)
            name, _, labels = series.partition('{')
            out.setdefault(name, {})[frozenset(LABEL.findall(labels))] = float(value)
    return out


def of_mail(metrics):
    return {name: series for name, series in metrics.items() if not name.startswith('ruad_http_')
            and name not in ('ruad_series_dropped_total', 'ruad_start_time_seconds')}


def at(series, **labels):
    return sum(v for k, v in series.items() if set(labels.items()) <= k)


def domains_of(series):
    return {v for labels in series for k, v in labels if k == 'domain'}


def sums(web, window, wanted, *columns):
    """The API's sums of the domains `wanted` says true of, by class."""
    rows = web.get('/api/v1/summary?last=%s&scope=all&group_by=domain,class&limit=1000' % window).json
    out = {}
    for row in rows['data']:
        if wanted(row['domain']):
            for column in columns:
                out[row['class'], column] = out.get((row['class'], column), 0) + row[column]
    return out


def main():
    os.environ['RUAD_CLOCK'] = NOW
    directory = tap.scratch()
    box, db = os.path.join(directory, 'mails'), os.path.join(directory, 'ruad.db')
    tap.run(sys.executable, os.path.join(tap.ROOT, 'tests', 'bench', 'many.py'), box, '--domains',
            str(DOMAINS), '--addresses', '9000', '--days', '3', '--reporters', '1', check=(0,))
    tap.ingest(db, box, check=(0,))
    try:
        with w.Web('--db', db) as web:
            look(web)
            again(web)
    finally:
        tap.drop(directory)
    t.done()


def look(web):
    metrics = scrape(web)
    count = sum(len(series) for series in metrics.values())
    t.ok(5000 < count <= CAP, 'no more than %d series' % CAP, count)
    names = sorted(row['domain'] for row in web.get('/api/v1/domains?scope=all&limit=1000').json['data'])
    t.equal(len(names), DOMAINS, 'there are more domains than are shown')
    messages = metrics['ruad_window_messages']
    t.equal(domains_of(messages), set(names[:SHOWN]) | {'other'},
            'the first %d by name are shown, the rest is one' % SHOWN)
    for name in ('ruad_undecided_sources', 'ruad_new_sources', 'ruad_last_report_timestamp_seconds'):
        t.equal(len(metrics[name]), SHOWN + 1, '%s has each of them once' % name)
    for window in ('1d', '7d', '30d'):
        for who, wanted in (('other', lambda d: d in names[SHOWN:]), (names[7], lambda d: d == names[7])):
            want = sums(web, window, wanted, 'pass', 'fail', 'unknown')
            got = {(c, v): at(messages, domain=who, window=window, **{'class': c, 'result': v})
                   for c, v in want}
            t.equal(got, want, '%s of %s is what the API says' % (who, window))
        total = web.get('/api/v1/summary?scope=all&last=%s' % window).json['data'][0]['messages']
        t.equal(at(messages, window=window), total, 'all of %s is all mail there is' % window)
        for disposition in ('quarantine', 'reject'):
            want = sum(sums(web, window, lambda d: True, 'disposition_' + disposition).values())
            t.equal(at(metrics['ruad_window_acted_on_messages'], window=window, disposition=disposition),
                    want, '%s of %s too' % (disposition, window))
    rows = web.get('/api/v1/domains?scope=all&last=7d&limit=1000').json['data']
    for column in ('undecided_sources', 'new_sources'):
        other = sum(row[column] for row in rows if row['domain'] in names[SHOWN:])
        t.equal((at(metrics['ruad_' + column]), at(metrics['ruad_' + column], domain='other')),
                (sum(row[column] for row in rows), other), '%s add up' % column)
    t.ok('other' not in domains_of(metrics['ruad_policy_info']), 'many domains have no one policy')


def again(web):
    before = of_mail(scrape(web))
    t.equal(of_mail(scrape(web)), before, 'a second scrape says the same')
    t.ok(sum(at(series, route='/metrics') for name, series in scrape(web).items()
             if name == 'ruad_http_requests_total') >= 3, 'but counts its requests')


main()
