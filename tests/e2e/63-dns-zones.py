"""The zones of 60-dns-zone.py on a name server: asked for over the wire, remembered, and judged.

Each zone and each twin is a domain of its own. What is found must be what the file alone gave; and a
move gone wrong is mended by publishing what is said, at the next run.
"""
import importlib
import json
import os
import sqlite3
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import tap  # noqa: E402

zones = importlib.import_module('60-dns-zone')
live = importlib.import_module('61-dns-live')
D = zones.D
AGO = 40    # days since its key signed: long enough not to count as in use, too short to be unused

REPORT = ('<feedback><report_metadata><org_name>reporter.example</org_name><email>d@reporter.example'
          '</email><report_id>%s</report_id><date_range><begin>%d</begin><end>%d</end></date_range>'
          '</report_metadata><policy_published><domain>%s</domain><p>reject</p></policy_published>%s'
          '</feedback>')


def named(number):
    """As long as example.com, so that lengths in records stay what they were."""
    return 'z%02d.example' % number if number < 100 else 'y%02d.example' % (number - 100) \
        if number < 200 else 'x%02d.example' % (number - 200)


def moved(value, domain):
    if isinstance(value, (list, tuple)):
        return type(value)(moved(one, domain) for one in value)
    return value.replace(D, domain) if isinstance(value, str) else value


def served(records):
    """Without SOA: all of it lies in one zone."""
    return zones.zone_text(r for r in records if r[1] != 'SOA')


class Lab:
    def __init__(self, t):
        self.t, self.dir, self.port = t, tap.scratch(), live.free_port()
        self.db = os.path.join(self.dir, 'db')

    def report(self, domains):
        """Mail of each, signed once by s1 and s2."""
        reports = os.path.join(self.dir, 'reports')
        os.mkdir(reports)
        begin = (zones.TODAY - AGO) * 86400
        for domain in domains:
            text = zones.row('192.0.2.1', 1, True, True, '+' + domain, ['+s1@' + domain, '+s2@' + domain],
                             domain)
            tap.write(os.path.join(reports, domain + '.xml'), (REPORT % (
                domain, begin, begin + 86399, domain, text)).encode())
        tap.ingest(self.db, reports, env=zones.CLOCK, check=(0,))
        con = sqlite3.connect(self.db)      # "domain add" judges each time
        con.execute('UPDATE domain SET own = 1, claimed = 1')
        con.commit()
        con.close()

    def run(self, zone, *names):
        conf = tap.write(os.path.join(self.dir, 'conf'), b'[dns]\nservers = 127.0.0.1:%d\n' % self.port)
        with live.Nsd(os.path.join(self.dir, 'nsd'), self.port, zone):
            return tap.run(live.DNS, '--db', self.db, '--config', conf, *names, env=zones.CLOCK)

    def ask(self, domain):
        _, out, _ = tap.run(tap.QUERY, '--db', self.db, 'dns', domain, '--format', 'json',
                            env=zones.CLOCK, check=(0, 65))
        return json.loads(out)

    def ids(self, domain):
        return sorted({row['check_id'] for row in self.ask(domain)['data']})


def main():
    if live.NSD is None:
        tap.skip_all('no nsd')
    t = tap.Tap()
    lab = Lab(t)
    domains, text, seen = [], [], set()
    for i, case in enumerate(zones.CASES):
        pair = named(2 * i), named(2 * i + 1)
        domains.append(pair)
        for domain, records in zip(pair, case[1:3]):
            for record in served(moved(records, domain)).splitlines(True):
                if record not in seen:      # what is outside of the domains is shared
                    text.append(record)
                    seen.add(record)
    try:
        lab.report([d for pair in domains for d in pair] + [D])
        move = zones.ZONE + [
            (D, 'TXT', 'v=spf1 ip4:192.0.2.1 ~all'), (D, 'TXT', 'v=spf1 ip4:192.0.2.2 ~all'),
            (zones.DOUBLED + '.' + D, 'TXT', zones.KEY),
            ('_dmarc.' + D, 'TXT', 'v=DMARC1; p=reject; pct=50%; rua=dmarc@example.com')]
        status, _, err = lab.run(''.join(text) + served(move))
        t.equal((status, err), (0, ''), 'all of %d domains are asked for' % (2 * len(domains) + 1))
        for (bad, good), case in zip(domains, zones.CASES):
            t.equal(lab.ids(bad), sorted([case[0]] + list(case[3:])), case[0] + ' is found over the wire')
            t.ok(case[0] not in lab.ids(good), case[0] + ' is not found in the twin')
        doc = lab.ask(D)
        t.equal([r['check_id'] for r in doc['data']], ['S02', 'K15', 'D08', 'D12'],
                'the broken move is found out')
        lab.run(''.join(text) + served(zones.repaired(move, doc['fixes'])), D)
        t.equal(lab.ids(D), ['S11'], 'and is mended at the next run')
    finally:
        tap.drop(lab.dir)
    t.done()


if __name__ == '__main__':
    main()
