"""The measures by brute force: which records a question chooses, and what they sum to.

A question is a Filter; Store.choose() gives its records, the other methods the rows of each kind of
answer, by what tells them apart. A row is a dict of the columns the answer should have; what is no
measure (titles, policies) is left out and not compared.
"""
import collections
import statistics

from facts import FAIL, NO_RESULT, PASS, day_text, reasons
from judge import (CLASSES, FORWARDED, LEARNING_DAYS, NEW_AFTER_DAYS, NOT_YOURS, TO_DECIDE, YOURS)

DISPOSITIONS = ('none', 'quarantine', 'reject', 'pass')
SECONDS = 86400
USUAL_DAYS = 30
BELIEVED = ('verified', 'local')


def ratio(a, b):
    return None if not b else float(a) / float(b)


def ratio_text(value):
    """As JSON writes it: nine digits, and what is less than all is never shown as all."""
    text = '%.9g' % value
    return '0.999999999' if text == '1' and value < 1 else text


def shown(row):
    """A row with its ratios as a reader of JSON gets them who keeps fractions as text."""
    out = dict(row)
    for name, value in row.items():
        if isinstance(value, float):
            text = ratio_text(value)
            out[name] = int(text) if text in ('0', '1', '-1') else text
    return out


# What each measure counts of a record with trait t and class c.
COUNTS = {
    'messages': lambda t, c: True,
    'pass': lambda t, c: t.verdict == PASS,
    'fail': lambda t, c: t.verdict == FAIL,
    'unknown': lambda t, c: t.verdict == 'unknown',
    'own_messages': lambda t, c: c == YOURS,
    'own_pass': lambda t, c: c == YOURS and t.verdict == PASS,
    'own_fail': lambda t, c: c == YOURS and t.verdict == FAIL,
    'undecided_messages': lambda t, c: c == TO_DECIDE,
    'forwarded_messages': lambda t, c: c == FORWARDED,
    'not_yours_messages': lambda t, c: c == NOT_YOURS,
    'spf_aligned': lambda t, c: t.spf == PASS,
    'dkim_aligned': lambda t, c: t.dkim == PASS,
    'spf_only': lambda t, c: c == YOURS and t.spf == PASS and t.dkim != PASS,
    'spf_somewhere': lambda t, c: t.spf_result == PASS,
    'spf_seen': lambda t, c: t.spf_result != NO_RESULT,
    'disposition_none': lambda t, c: t.disposition == 'none',
    'disposition_quarantine': lambda t, c: t.disposition == 'quarantine',
    'disposition_reject': lambda t, c: t.disposition == 'reject',
    'disposition_pass': lambda t, c: t.disposition == 'pass',
    'disposition_other': lambda t, c: t.disposition not in DISPOSITIONS,
    'acted_on': lambda t, c: t.verdict == FAIL and t.disposition in ('quarantine', 'reject'),
    'overridden': lambda t, c: t.verdict == FAIL and bool(t.reasons),
    'would_be_affected': lambda t, c: t.verdict == FAIL and c in (YOURS, FORWARDED),
}
RATIOS = {
    'pass_ratio': ('pass', 'messages'),
    'own_pass_ratio': ('own_pass', 'own_messages'),
    'own_pass_ratio_floor': ('own_pass', 'own_or_undecided'),
    'spf_aligned_ratio': ('spf_aligned', 'messages'),
    'dkim_aligned_ratio': ('dkim_aligned', 'messages'),
    'spf_only_ratio': ('spf_only', 'own_pass'),
    'spf_somewhere_ratio': ('spf_somewhere', 'spf_seen'),
    'acted_on_ratio': ('acted_on', 'fail'),
}
# The measures an organisation's row has.
OF_REPORTERS = ('messages', 'pass', 'fail', 'unknown', 'pass_ratio', 'spf_aligned',
                'spf_aligned_ratio', 'dkim_aligned', 'dkim_aligned_ratio',
                'disposition_quarantine', 'disposition_reject', 'records')
# Sums that ratios need and no answer shows.
HIDDEN = ('spf_somewhere', 'spf_seen', 'own_or_undecided')
MEASURES = tuple(n for n in (*COUNTS, *RATIOS, 'records') if n not in HIDDEN)


def parts_of(trait, class_, known={}):
    found = known.get((trait, class_))
    if found is None:
        found = known[trait, class_] = [i for i, want in enumerate(COUNTS.values())
                                        if want(trait, class_)]
    return found


def sums(records):
    """The measures of these records."""
    total = [0] * len(COUNTS)
    for r in records:
        for i in parts_of(r.trait, r.class_):
            total[i] += r.count
    row = dict(zip(COUNTS, total), records=len(records))
    row['own_or_undecided'] = row['own_messages'] + row['undecided_messages']
    for name, (a, b) in RATIOS.items():
        row[name] = ratio(row[a], row[b])
    for name in HIDDEN:
        del row[name]
    return row


class Filter:
    """One question's choice. Days are numbers, both in; None leaves a filter out."""
    FIELDS = ('domain', 'subdomains', 'scope', 'header_from', 'reporter', 'source', 'result',
              'disposition', 'class_', 'group', 'service', 'verified', 'without_twins')

    def __init__(self, first, last, **fields):
        self.first, self.last = first, last
        for name in self.FIELDS:
            setattr(self, name, fields.pop(name, None))
        assert not fields, fields
        # A filter that chooses records: then what has none is no row.
        self.of_records = any(getattr(self, name) is not None for name in (
            'header_from', 'source', 'result', 'disposition', 'class_', 'group', 'service'))
        self.chosen = self.through = None  # what was found once for all kinds

    def moved(self, first, last):
        return Filter(first, last, **{name: getattr(self, name) for name in self.FIELDS})


class Store:
    """Facts, judged, and what the owner said."""

    def __init__(self, facts, domains, catalogue, own=()):
        self.facts, self.domains, self.catalogue = facts, domains, catalogue
        self.own = set(own)
        self.names = facts.names
        self.days = sorted({r['day'] for r in facts.reports.values()})
        # When the newest report of a domain ends; of all, and of those that may be believed.
        self.last_report, self.last_verified = {}, {}
        for p in sorted(facts.reports.values(), key=lambda p: (p['day'], p['end'])):
            self.last_report[p['domain']] = p['end']
            if p['trust'] in BELIEVED:
                self.last_verified[p['domain']] = p['end']
        self.by_report = collections.defaultdict(list)
        for r in facts.records:
            self.by_report[r.report].append(r)

    # ---- choosing

    def claimed(self, domain):
        return any(self.names.within(domain, name) for name in self.own)

    def has_domain(self, f, domain):
        if f.domain:
            return any(domain == name or (f.subdomains and self.names.within(domain, name))
                       for name in f.domain)
        if f.group is not None:
            return domain == f.group[0]  # a group is of one domain
        if f.scope == 'all' or (f.scope is None and not self.own):
            return True
        return self.claimed(domain) != (f.scope == 'unclaimed')

    def has_report(self, f, report):
        return (self.has_domain(f, report['domain'])
                and (f.reporter is None or self.names.ascii_lower(report['reporter'])
                     == self.names.ascii_lower(f.reporter))
                and (not f.verified or report['trust'] in BELIEVED)
                and (not f.without_twins or not report['twin']))

    @staticmethod
    def has_record(f, r):
        return ((f.header_from is None or r.header_from == f.header_from)
                and (f.source is None or (r.address is not None and r.address in f.source))
                and (f.result is None or r.trait.verdict == f.result)
                and (f.disposition is None or r.trait.disposition == f.disposition)
                and (f.class_ is None or r.class_ == f.class_)
                and (f.group is None or (r.domain, r.group.key) == f.group)
                and (f.service is None or r.group.service == f.service))

    def choose(self, f):
        """The reports and the records in them; row filters choose only among the latter."""
        if f.chosen is None:
            reports = [p for p in self.facts.reports.values()
                       if f.first <= p['day'] <= f.last and self.has_report(f, p)]
            f.chosen = reports, [r for p in reports for r in self.by_report[p['id']]
                                 if self.has_record(f, r)]
        return f.chosen

    # ---- parts of answers

    def is_new(self, group, first, last):
        """Seen in the window, not in the 90 days before its first day there, and not in the first
        days of its domain, when everything is new."""
        inside = [d for d in group.days if first <= d <= last]
        if not inside:
            return False
        start = min(inside)
        if any(start - NEW_AFTER_DAYS <= d < start for d in group.days):
            return False
        return start - self.domains[group.domain].first_day >= LEARNING_DAYS

    def data_through(self, f):
        """The last day that the reporters of nine tenths of what usually comes have reported.
        Usual are the 30 days before the newest day of these domains, or that day itself where it
        is the first. A window does not move it; None where nothing came in those days."""
        if f.through is None:
            f.through = (self.find_data_through(f),)
        return f.through[0]

    def find_data_through(self, f):
        days = [p['day'] for p in self.facts.reports.values() if self.has_domain(f, p['domain'])]
        reports = [p for p in self.facts.reports.values() if self.has_report(f, p)]
        if not reports:
            return None
        newest, last = max(days), {}
        for p in reports:
            last[p['reporter']] = max(p['day'], last.get(p['reporter'], 0))
        usual = [p for p in reports if newest - USUAL_DAYS <= p['day'] < newest] or [
            p for p in reports if p['day'] == newest]
        volume = collections.Counter()
        for p in usual:
            volume[p['reporter']] += sum(r.count for r in self.by_report[p['id']])
        total = sum(volume.values())
        return max((d for d in last.values() if usual and
                    10 * sum(volume[name] for name in last if last[name] >= d) >= 9 * total),
                   default=None)

    def group_counts(self, f, records):
        groups = {r.group for r in records}
        return dict(sources=len(groups),
                    undecided_sources=len({r.group for r in records if r.class_ == TO_DECIDE}),
                    new_sources=sum(self.is_new(g, f.first, f.last) for g in groups))

    @staticmethod
    def report_counts(reports):
        if reports is None:
            return dict.fromkeys(('reports', 'reporters', 'domains'))
        return dict(reports=len(reports), reporters=len({p['reporter'] for p in reports}),
                    domains=len({p['domain'] for p in reports}))

    def dimension(self, name, r):
        if name == 'domain':
            return r.domain
        if name == 'source':
            return (r.domain, r.group.key)
        if name == 'service':
            return r.group.service
        if name == 'reporter':
            return r.reporter
        if name == 'class':
            return r.class_
        assert name == 'disposition', name
        return None if r.trait.disposition == 'absent' else r.trait.disposition

    # ---- answers

    def summary(self, f, by=()):
        """Rows by their group values; without grouping one row by ()."""
        days = f.last - f.first + 1
        before = f.moved(f.first - days, f.first - 1)

        def parts(chosen):
            rows = collections.defaultdict(list)
            for r in chosen[1]:
                rows[tuple(self.dimension(name, r) for name in by)].append(r)
            return rows
        now, then = parts(self.choose(f)), parts(self.choose(before))
        out = {}
        for mark in now if by else [()]:
            row = sums(now[mark])
            earlier = sums(then[mark])
            a, b = row['own_pass_ratio'], earlier['own_pass_ratio']
            row.update(self.group_counts(f, now[mark]),
                       **self.report_counts(self.reports_of(f, by, mark)))
            row.update(prev_messages=earlier['messages'], prev_own_pass_ratio=b,
                       own_pass_delta=None if a is None or b is None else a - b)
            row['from'], row['to'] = day_text(f.first), day_text(f.last)
            out[mark] = row
        return out

    def reports_of(self, f, by, mark):
        """The reports a row is of; None where a report is not of one such row alone."""
        if any(name not in ('domain', 'reporter') for name in by):
            return None
        return [p for p in self.choose(f)[0] if tuple(p[name] for name in by) == mark]

    @staticmethod
    def grouped(records, key):
        out = collections.defaultdict(list)
        for r in records:
            out[key(r)].append(r)
        return {k: sums(rows) for k, rows in out.items()}

    def timeseries(self, f, week=False, by=None):
        """Rows by (day, ...); without a dimension the gaps are there too."""
        def bucket(day):
            return day - (day + 3) % 7 if week else day
        records = self.choose(f)[1]
        if by:
            found = self.grouped(records, lambda r: (bucket(r.day), self.dimension(by, r)))
        else:
            found = self.grouped(records, lambda r: (bucket(r.day),))
            for day in range(f.first, f.last + 1):
                if (bucket(day),) not in found:
                    found[bucket(day),] = sums(())
        through = self.data_through(f)
        for (day, *_), row in found.items():
            end = min(day + 6, f.last) if week else day
            row['complete'] = through is not None and end <= through
        return {(day_text(day), *more): row for (day, *more), row in found.items()}

    def by(self, f, of_report, of_record):
        reports, records = collections.defaultdict(list), collections.defaultdict(list)
        for p in self.choose(f)[0]:
            reports[of_report(p)].append(p)
        for r in self.choose(f)[1]:
            records[of_record(r)].append(r)
        return reports, records

    def domains_(self, f):
        out = {}
        reports, rows = self.by(f, lambda p: p['domain'], lambda r: r.domain)
        for name in sorted(self.own | set(self.last_report)):
            if not self.has_domain(f, name) or (f.of_records and name not in rows):
                continue
            mine, records = reports[name], rows[name]
            row = sums(records)
            row.update(self.group_counts(f, records), **self.report_counts(mine))
            row.update(domain=name, own=name in self.own, claimed=self.claimed(name),
                       last_report=(self.last_verified if f.verified
                                    else self.last_report).get(name))
            del row['domains']
            out[name] = row
        return out

    def sources(self, f, first_seen_after=None):
        by_group = collections.defaultdict(list)
        for r in self.choose(f)[1]:
            by_group[r.group].append(r)
        out = {}
        for g, records in by_group.items():
            if first_seen_after is not None and g.first <= first_seen_after:
                continue
            row = sums(records)
            class_ = most(records, lambda r: r.class_, CLASSES.index)
            rules = [r for r in records if r.class_ == class_]
            row.update(
                domain=g.domain, key=g.key, name=g.name, service=g.service, evidence=g.evidence,
                evidence_detail=g.detail, rule=most(rules, lambda r: r.rule, rule_order),
                addresses=len(g.addresses), first_seen=day_text(g.first),
                last_seen=day_text(g.last), new=self.is_new(g, f.first, f.last),
                decided=self.domains[g.domain].words.decisions.get((g.domain, g.key)))
            row['class'] = class_
            out[g.domain, g.key] = row
        return out

    def addresses(self, f):
        out = collections.defaultdict(list)
        for r in self.choose(f)[1]:
            out[r.domain, r.source].append(r)
        rows = {}
        for (domain, source), records in out.items():
            row = sums(records)
            row.update(domain=domain, source=source, source_group=records[0].group.key,
                       source_name=records[0].group.name,
                       first_seen=day_text(min(r.day for r in records)),
                       last_seen=day_text(max(r.day for r in records)))
            row['class'] = most(records, lambda r: r.class_, CLASSES.index)
            rows[domain, source] = row
        return rows

    def rules(self, f):
        found = self.grouped(self.choose(f)[1], lambda r: (r.class_, r.rule))
        return {mark: {k: row[k] for k in ('messages', 'pass', 'fail', 'unknown', 'pass_ratio',
                                           'records')} for mark, row in found.items()}

    def overrides(self, f):
        """A row a reason; a record with several is in each of their rows, once."""
        found = collections.defaultdict(list)
        for r in self.choose(f)[1]:
            for reason in {told[1:] for told in reasons(r.reasons)}:
                found[reason].append(r)
        return {reason: {name: row[name] for name in ('messages', 'fail', 'records')}
                for reason, row in ((reason, sums(rows)) for reason, rows in found.items())}

    def reporters(self, f, now):
        out = {}
        reports, rows = self.by(f, lambda p: p['reporter'], lambda r: r.reporter)
        for name, mine in reports.items():
            if f.of_records and name not in rows:
                continue
            row = {k: v for k, v in sums(rows[name]).items() if k in OF_REPORTERS}
            row.update(reporter=name, reports=len(mine), domains=len({p['domain'] for p in mine}))
            days = sorted({p['day'] for p in mine})
            gaps = [(b - a) * SECONDS for a, b in zip(days, days[1:])]
            last = max(p['end'] for p in mine)
            gap = int(statistics.median(gaps)) if gaps else None
            row.update(last_end=last, age_seconds=now - last, median_gap_seconds=gap,
                       overdue=now - last > max(3 * SECONDS, 2 * (gap or 0)))
            out[name] = row
        return out


RULES = ('decision', 'own-network', 'listed-service', 'reason', 'spf', 'dkim-home',
         'dkim-elsewhere', 'dkim-inferred', 'failing-home', 'failing-share', 'relay',
         'changed-in-transit', 'signature', 'service', 'near-own', 'steady', 'stranger',
         'provisional', 'failing-spf')
rule_order = RULES.index


def most(records, what, order):
    """The value with the most messages; ties to the first in order."""
    messages = collections.Counter()
    for r in records:
        messages[what(r)] += r.count
    return min(messages, key=lambda v: (-messages[v], order(v)))
