#!/usr/bin/env python3
"""A Maildir of many domains and many more addresses, as one who hosts mail for others has it.

    many.py DIR [--domains 200] [--addresses 100000] [--days 60] [--reporters 3] [--seed 1]
            [--until 2026-11-20] [--tag many] [--skip 0]

Each domain has a server of its own and a mail service that sign every day, some forwarders, and
strangers: they are nearly all of the addresses, half of them alone in their network, and each is
seen on one or two days. No address is another domain's. Same arguments, same mails; another --tag
makes other reports of the same, and --skip takes strangers from further on.
"""
import argparse
import calendar
import datetime
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import kit  # noqa: E402

DAY = 86400
OWN, SERVICE, FORWARDERS = 4, 6, 10     # addresses of a domain that are no strangers
ROW = ('<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>%s'
       '</disposition><dkim>%s</dkim><spf>%s</spf></policy_evaluated></row><identifiers>'
       '<header_from>%s</header_from></identifiers><auth_results>%s</auth_results></record>\n')
SIGNED = '<dkim><domain>%s</domain><selector>%s</selector><result>pass</result></dkim>'
BOUNCED = '<spf><domain>%s</domain><scope>mfrom</scope><result>%s</result></spf>'


def name(d):
    return 'd%03d.example' % d


def address(d, n):
    """The n-th of a domain: of any two strangers one is alone in its /24, others share one."""
    k = d * 65536 + n
    if n % 2:
        return '%d.%d.%d.%d' % (20 + (k >> 16) % 200, n >> 8, n & 255, 1 + d // 200)
    return '%d.%d.%d.%d' % (20 + (k >> 16) % 200, 128 + (n >> 13), n >> 7 & 63, (n >> 1 & 63) * 4 + d // 200)


class Domain:
    def __init__(self, rng, d, addresses, days, reporters, skip):
        self.rng, self.d, self.name = rng, d, name(d)
        self.seen = {}      # (day, reporter): strangers
        for n in range(skip + OWN + SERVICE + FORWARDERS, skip + addresses):
            for _ in range(1 + n % 2):
                at = rng.randrange(days), rng.randrange(reporters)
                self.seen.setdefault(at, set()).add(n)

    def row(self, n, count, disposition, dkim, spf, *auth):
        return ROW % (address(self.d, n), count, disposition, dkim, spf, self.name, ''.join(auth))

    def rows(self, day, reporter):
        rng, own = self.rng, self.name
        for n in range(OWN):
            yield self.row(n, rng.randrange(1, 400), 'none', 'pass', 'pass', SIGNED % (own, 's1'),
                           BOUNCED % (own, 'pass'))
            if rng.random() < .2:
                yield self.row(n, 1, 'quarantine', 'fail', 'fail', BOUNCED % (own, 'softfail'))
        for n in range(OWN, OWN + SERVICE):
            if rng.random() < .5:
                yield self.row(n, rng.randrange(1, 90), 'none', 'pass', 'fail',
                               SIGNED % (own, 'k1'), BOUNCED % ('b.mcsv.net', 'pass'))
        for n in range(OWN + SERVICE, OWN + SERVICE + FORWARDERS):
            if rng.random() < .1:
                yield self.row(n, rng.randrange(1, 9), 'none', 'pass', 'fail',
                               SIGNED % (own, 's1'), BOUNCED % ('fwd%d.example' % n, 'pass'))
        for n in sorted(self.seen.get((day, reporter), ())):
            yield self.row(n, rng.randrange(1, 5), rng.choice(('none', 'quarantine', 'reject')),
                           'fail', 'fail', BOUNCED % (own, 'fail') if n % 3 else '')


def write(box, serial, domain, day, reporter, begin, tag):
    org = 'reporter%d.example' % reporter
    report = '%s.%s.%d.%d' % (tag, domain.name, begin + day * DAY, reporter)
    xml = kit.feedback(list(domain.rows(day, reporter)), org_name=org, report_id=report,
                       begin=begin + day * DAY, end=begin + (day + 1) * DAY - 1,
                       domain=domain.name, p=('none', 'quarantine', 'reject')[domain.d % 3])
    path = os.path.join(box, 'new', '%d.M%s.x' % (begin + (day + 1) * DAY + serial % DAY, serial))
    with open(path, 'wb') as f:
        f.write(kit.mail(kit.entity(kit.gz(xml, 1)), message_id='<%s@%s>' % (report, org)))


def main():
    args = argparse.ArgumentParser()
    args.add_argument('dir')
    for option, default in (('domains', 200), ('addresses', 100000), ('days', 60),
                            ('reporters', 3), ('seed', 1), ('skip', 0)):
        args.add_argument('--' + option, type=int, default=default)
    args.add_argument('--until', default='2026-11-20')
    args.add_argument('--tag', default='many')
    args = args.parse_args()
    if args.domains > 800 or args.addresses > 60000 * args.domains:
        sys.exit('at most 800 domains, and 60000 addresses of each')
    until = datetime.date.fromisoformat(args.until)
    begin = calendar.timegm(until.timetuple()) - (args.days - 1) * DAY
    for sub in ('new', 'cur', 'tmp'):
        os.makedirs(os.path.join(args.dir, sub), exist_ok=True)
    rng, serial = random.Random(args.seed), 0
    for d in range(args.domains):
        more = d < args.addresses % args.domains
        domain = Domain(rng, d, args.addresses // args.domains + more, args.days, args.reporters,
                        args.skip)
        for day in range(args.days):
            for reporter in range(args.reporters):
                serial += 1
                write(args.dir, serial, domain, day, reporter, begin, args.tag)


if __name__ == '__main__':
    main()
