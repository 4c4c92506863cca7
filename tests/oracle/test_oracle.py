"""The oracle against rows written by hand, whose answers can be seen by looking at them."""
import ipaddress
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import facts  # noqa: E402
import judge  # noqa: E402
import measures  # noqa: E402
import names  # noqa: E402

LIST = names.Suffixes('''// comment
com
uk
co.uk
*.kawasaki.jp
!city.kawasaki.jp
jp
github.io
espa\u00f1a.example
'''.split('\n'))
TABLE = names.Catalogue('''# comment
id\trole\tname\tbounce_domains\tdkim_domains\tselectors
carta\tesp\tCarta\tmcsv.net rsgsv.net\tcartaapp.com\tk1? k2 k#-*
boletin\tesp\tBoletin\tboletin.net\t\tk1?
salto\tforwarder\tSalto\tsalto.org\t\t
'''.split('\n')[:-1])


class Rows:
    """Reports and records, one report a record unless told otherwise."""

    def __init__(self):
        self.reports, self.records = [], []

    def report(self, day, domain='a.com', reporter='R', **more):
        self.reports.append(dict(dict(
            id=len(self.reports) + 1, day=facts.day_text(day), domain=domain, reporter=reporter,
            end='2026-01-02T00:00:00Z', twin=False, trust='unknown', conflict=False), **more))

    def record(self, source='192.0.2.1', count=10, dkim='fail', spf='fail', auth=None, day=20000,
               domain='a.com', header_from='a.com', envelope_from=None, disposition='none',
               reasons=None, reporter='R', **more):
        self.report(day, domain, reporter, **more)
        self.records.append(dict(
            report=len(self.reports), n=1, day=facts.day_text(day), domain=domain,
            reporter=reporter, source=source, count=count, dkim=dkim, spf=spf, auth=auth,
            header_from=header_from, envelope_from=envelope_from, disposition=disposition,
            reasons=reasons))

    def store(self, own=(), **words):
        f = facts.Facts(names, LIST, self.reports, self.records)
        return measures.Store(f, judge.judged(f, TABLE, judge.Words(**words)), TABLE, own)

    def said(self, **words):
        """'class rule' of every record, in order."""
        return ['%s %s' % (r.class_, r.rule) for r in self.store(**words).facts.records]

    def keys(self):
        return [r.group.key for r in self.store().facts.records]


def sig(selector, result='pass', domain='a.com'):
    return 'dkim=%s d=%s s=%s' % (result, domain, selector)


def spf(domain, result='pass', scope='mfrom'):
    return 'spf=%s d=%s scope=%s' % (result, domain, scope)


class Names(unittest.TestCase):
    def test_a_key_is_lower_case_without_dot_as_a_label(self):
        for text, want in ((' A.Com. ', 'a.com'), ('Bücher.example', 'xn--bcher-kva.example'),
                           ('', None), ('.', None), ('a b', None), (None, None),
                           ('x' * 254, None)):
            self.assertEqual(names.key(text), want)

    def test_organisations_follow_wildcards_exceptions_and_the_private_part(self):
        for name, want in (('a.b.com', 'b.com'), ('b.com', 'b.com'), ('com', 'com'),
                           ('x.b.co.uk', 'b.co.uk'), ('co.uk', 'co.uk'),
                           ('a.b.c.kawasaki.jp', 'b.c.kawasaki.jp'),
                           ('c.kawasaki.jp', 'c.kawasaki.jp'),
                           ('x.city.kawasaki.jp', 'city.kawasaki.jp'),
                           ('x.me.github.io', 'me.github.io'), ('a.b.nowhere', 'b.nowhere'),
                           ('a.b.xn--espaa-rta.example', 'b.xn--espaa-rta.example'),
                           ('192.0.2.1', '192.0.2.1')):
            self.assertEqual(LIST.organisation(name), want)

    def test_patterns_are_whole_and_weak_ones_are_told_apart(self):
        for selector, want in (('k2', 2), ('k1', 1), ('k7-', 2), ('k7-ab', 2), ('k77-a', 0),
                               ('xk2', 0)):
            self.assertEqual(TABLE['carta'].strength(selector), want, selector)


class Traits(unittest.TestCase):
    def trait(self, **row):
        rows = Rows()
        rows.record(**row)
        return rows.store().facts.records[0].trait

    def test_words_keep_absent_empty_and_foreign_apart(self):
        for token, want in ((None, 'absent'), ('', 'unknown'), (' PASS ', 'pass'),
                            ('hardfail', 'fail'), ('unknown', 'temperror'), ('x', 'unknown')):
            self.assertEqual(facts.word('result', token), want)

    def test_the_line_of_results_is_read_back(self):
        found = facts.auths(r'dkim=pass d="bücher.example" s=k; dkim=fail sent=hardfail s="";'
                            r' dkim=unknown sent="" d=""; dkim=absent s="a \"b\\; spf=pass";'
                            ' spf=none scope=unknown scope_sent=""; spf=temperror sent=unknown'
                            ' d=x.com')
        self.assertEqual([(a.kind, a.result, a.domain, a.selector, a.scope) for a in found], [
            ('dkim', 'pass', 'bücher.example', 'k', 'absent'),
            ('dkim', 'fail', None, '', 'absent'), ('dkim', 'unknown', '', None, 'absent'),
            ('dkim', 'absent', None, 'a "b\\; spf=pass', 'absent'),
            ('spf', 'none', None, None, 'unknown'), ('spf', 'temperror', 'x.com', None, 'absent')])

    def test_a_comment_hides_no_reason(self):
        self.assertEqual(
            facts.reasons(r'mailing_list comment="a; \"forwarded"; unknown sent=""; other; absent'),
            [('mailing_list', 'mailing_list', 'a; "forwarded'), ('unknown', '', None),
             ('other', 'other', None), ('absent', None, None)])

    def test_the_spf_result_that_tells_most(self):
        for auth, want in (
                ('spf=fail d=m.com scope=mfrom; spf=pass d=h.com scope=helo', 'h.com'),
                ('spf=pass d=h.com scope=helo; spf=pass d=m.com', 'm.com'),
                ('spf=fail d=h.com scope=helo; spf=none d=m.com scope=mfrom', 'm.com'),
                ('spf=fail d=h.com scope=helo; spf=none d=x.com scope=unknown scope_sent=x',
                 'h.com')):
            self.assertEqual(self.trait(auth=auth).spf_domain, want)

    def test_whose_the_envelope_is(self):
        for envelope, auth, want in (
                ('x.a.com', None, facts.OWN), ('b.com', spf('a.com'), facts.OTHER),
                ('', spf('a.com'), facts.OWN), (None, spf('b.com'), facts.OTHER),
                (None, spf('a.com', scope='helo'), facts.NONE), (None, None, facts.NONE)):
            self.assertEqual(self.trait(envelope_from=envelope, auth=auth).envelope, want)
        self.assertEqual(self.trait(envelope_from='a.com', header_from=None).envelope, facts.OTHER)

    def test_own_signatures_are_sorted_once_and_the_passing_one_wins(self):
        t = self.trait(auth='; '.join([sig('Z', 'fail'), sig('z'), sig('b', domain='x.a.com'),
                                       sig('q', domain='b.com'), sig('q', domain='c.com'),
                                       'dkim=pass d=a.com']))
        self.assertEqual(t.signatures, ((('a.com', ''), True), (('a.com', 'z'), True),
                                        (('x.a.com', 'b'), True)))
        self.assertEqual(t.other_dkim, 'b.com')
        many = self.trait(auth='; '.join(sig('s%02d' % n) for n in range(20, 0, -1)))
        self.assertEqual([m[1] for m, _ in many.signatures], ['s%02d' % n for n in range(1, 9)])


class Groups(unittest.TestCase):
    def test_a_strong_selector_names_a_service_where_spf_says_it_is_no_forwarder(self):
        rows = Rows()
        rows.record(dkim='pass', auth=sig('k2') + '; ' + spf('x.mcsv.net'))
        rows.record('192.0.3.1', dkim='pass', spf='pass', auth=sig('K2'))
        rows.record('192.0.4.1', dkim='pass', auth=sig('k2'))
        rows.record('192.0.5.1', dkim='fail', auth=sig('k2') + '; ' + spf('rsgsv.net'))
        rows.record('192.0.6.1', dkim='pass', auth=sig('k1') + '; ' + spf('boletin.net'))
        self.assertEqual(rows.keys(), ['service:carta', 'service:carta', 'net:192.0.4.0/24',
                                       'service:carta', 'service:boletin'])
        group = rows.store().domains['a.com'].groups['service:carta']
        self.assertEqual((group.evidence, group.detail), ('dkim', 'selector k2'))

    def test_the_signer_names_a_service_only_without_any_spf_verdict(self):
        rows = Rows()
        rows.record(auth=sig('x', domain='e.cartaapp.com'))
        rows.record('192.0.3.1', auth=sig('x', domain='cartaapp.com') + '; ' + spf('a.com', 'fail'))
        rows.record('192.0.4.1', auth=sig('x', domain='cartaapp.com') + '; ' + spf('a.com', 'none'))
        self.assertEqual(rows.keys(), ['service:carta', 'net:192.0.3.0/24', 'service:carta'])

    def test_an_envelope_of_others_names_the_group_then_the_network(self):
        rows = Rows()
        rows.record(auth=spf('m.b.co.uk'))
        rows.record('2001:db8::1:0:0:0:1', auth=spf('a.com'))
        rows.record('not an address')
        rows.record('192.0.9.1', auth=spf('x.a.com'), header_from=None)
        self.assertEqual(rows.keys(), ['envelope:b.co.uk', 'net:2001:db8:0:1::/64',
                                       'text:not an address', 'envelope:a.com'])

    def test_more_messages_win_then_the_smaller_name(self):
        rows = Rows()
        for count, domain in ((5, 'y.com'), (3, 'x.com'), (3, 'w.x.com')):
            rows.record(count=count, auth=spf(domain))
        self.assertEqual(set(rows.keys()), {'envelope:x.com'})
        rows.record(count=1, auth=spf('y.com'))
        self.assertEqual(set(rows.keys()), {'envelope:x.com'})
        rows.record(count=1, auth=spf('y.com'))
        self.assertEqual(set(rows.keys()), {'envelope:y.com'})


class Classes(unittest.TestCase):
    def home(self, rows):
        rows.record('192.0.2.1', 100, 'pass', 'pass', sig('own') + '; ' + spf('a.com'))

    def test_the_owner_overrules_everything_that_is_seen(self):
        rows = Rows()
        rows.record(spf='pass', reasons='forwarded')
        for words, want in (
                (dict(decisions={('a.com', 'net:192.0.2.0/24'): 'not_yours'}),
                 'not_yours decision'),
                (dict(networks={'a.com': ['192.0.2.0/31']}), 'yours own-network'),
                (dict(networks={'a.com': ['192.0.2.2/31']}), 'forwarded reason')):
            self.assertEqual(rows.said(**words), [want])
        rows = Rows()
        rows.record(auth=spf('mcsv.net'))
        self.assertEqual(rows.said(services={'a.com': ['carta']}), ['yours listed-service'])
        self.assertEqual(rows.said(), ['to_decide service'])

    def test_a_home_by_spf(self):
        rows = Rows()
        self.home(rows)
        rows.record('192.0.2.9', 5, 'pass', 'fail', sig('own'))
        rows.record('192.0.3.1', 5, 'pass', 'fail', sig('own'))
        rows.record('192.0.3.1', 5, 'pass', 'fail', sig('other'))
        rows.record('192.0.3.1', 5, 'pass', 'fail', sig('other') + '; ' + sig('own'))
        rows.record('192.0.3.1', 5, 'pass', 'fail', None)
        self.assertEqual(rows.said(), ['yours spf', 'yours dkim-home', 'forwarded dkim-elsewhere',
                                       'yours dkim-inferred', 'forwarded dkim-elsewhere',
                                       'yours dkim-inferred'])

    def test_a_home_by_the_catalogue_and_by_volume(self):
        rows = Rows()
        rows.record('192.0.2.1', 5, 'pass', 'fail', sig('k2') + '; ' + spf('mcsv.net'))
        rows.record('192.0.3.1', 50, 'pass', 'fail', sig('k2'))
        for day in (0, 2):
            rows.record('192.0.4.1', 6, 'pass', 'fail', sig('v'), day=20000 + day)
        rows.record('192.0.5.1', 12, 'pass', 'fail', sig('v'), day=20000)
        self.assertEqual(rows.said(), ['yours dkim-home', 'forwarded dkim-elsewhere'] +
                         ['yours dkim-home'] * 2 + ['forwarded dkim-elsewhere'])

    def test_a_weak_pattern_names_a_home_only_where_it_is_used(self):
        rows = Rows()
        rows.record('192.0.2.1', 5, 'pass', 'fail', sig('k2') + '; ' + spf('mcsv.net'))
        for day in (0, 2):
            rows.record('192.0.3.1', 5, 'pass', 'fail', sig('k1'), day=20000 + day)
        self.assertEqual(rows.said()[1:], ['yours dkim-home'] * 2)
        rows.record('192.0.2.1', 1, 'pass', 'fail', sig('k1'))
        self.assertEqual(rows.said()[1:3], ['forwarded dkim-elsewhere'] * 2)

    def test_a_home_by_volume_has_more_than_a_fifth_of_the_busiest(self):
        rows = Rows()
        for source, count in (('192.0.2.1', 50), ('192.0.3.1', 11), ('192.0.4.1', 10)):
            for day in (0, 2):
                rows.record(source, count, 'pass', 'fail', sig('v'), day=20000 + day)
        self.assertEqual(rows.said(), ['yours dkim-home'] * 4 + ['forwarded dkim-elsewhere'] * 2)

    def test_a_signature_without_selector_is_at_home_where_any_of_its_domain_is(self):
        rows = Rows()
        rows.record('192.0.2.1', 5, 'pass', 'pass', sig('own'))
        rows.record('192.0.2.1', 5, 'pass', 'fail', 'dkim=pass d=a.com')
        rows.record('192.0.3.1', 5, 'pass', 'fail', 'dkim=pass d=a.com')
        rows.record('192.0.3.1', 5, 'pass', 'fail', 'dkim=pass d=x.a.com')
        self.assertEqual(rows.said()[1:], ['yours dkim-home', 'forwarded dkim-elsewhere',
                                           'yours dkim-inferred'])

    def test_the_catalogue_names_a_home_of_what_never_passed(self):
        rows = Rows()
        rows.record('192.0.2.1', 5, 'pass', 'fail', sig('k2') + '; ' + spf('mcsv.net'))
        rows.record('192.0.2.1', 995, auth=sig('k3-', 'fail'))
        rows.record('192.0.3.1', 5, auth=sig('k3-'))
        self.assertEqual(rows.said()[1:], ['yours failing-home', 'forwarded changed-in-transit'])

    def test_a_parked_domain_has_no_steady_server(self):
        rows = Rows()
        for day in (0, 13):
            rows.record('192.0.5.1', 10, envelope_from='a.com', day=20000 + day)
        self.assertEqual(rows.said(), ['to_decide steady'] * 2)
        self.assertEqual(rows.said(parked=['a.com']), ['not_yours stranger'] * 2)

    def test_failing_rows_with_a_signature(self):
        rows = Rows()
        self.home(rows)
        rows.record('192.0.2.2', 5, auth=sig('own', 'fail'))
        rows.record('192.0.3.1', 20, auth=sig('own', 'fail'))
        rows.record('192.0.4.1', 22, auth=sig('own', 'fail'))
        rows.record('192.0.5.1', 1, auth=sig('lost', 'fail'))
        rows.record('192.0.6.1', 1, auth=sig('valid'))
        rows.record('192.0.7.1', 1, auth=sig('valid') + '; ' + spf('x.salto.org'))
        rows.record('192.0.8.1', 5, 'pass', 'fail', sig('unhomed'))
        rows.record('192.0.8.2', 95, auth=sig('lost', 'fail'))
        self.assertEqual(rows.said(), [
            'yours spf', 'yours failing-home', 'forwarded changed-in-transit',
            'to_decide signature', 'to_decide signature', 'yours failing-home', 'forwarded relay',
            'yours dkim-inferred', 'yours failing-share'])

    def test_a_row_without_messages_gives_no_share(self):
        rows = Rows()
        rows.record('192.0.5.1', 0, spf='pass')
        rows.record('192.0.5.1', 0)
        self.assertEqual(rows.said(), ['yours spf', 'to_decide near-own'])

    def test_failing_rows_without_a_signature(self):
        rows = Rows()
        rows.record('192.0.2.1', 1, spf='pass', auth=spf('a.com'))
        rows.record('192.0.2.2', 19)
        rows.record('192.0.3.1', 1, spf='pass', auth=spf('a.com'))
        rows.record('192.0.3.2', 20)
        rows.record('192.0.4.1', auth=spf('salto.org'))
        for day, count in ((0, 10), (13, 10)):
            rows.record('192.0.5.1', count, envelope_from='a.com', day=20000 + day)
            rows.record('192.0.6.1', count, envelope_from='a.com', day=20000 + day // 2)
        rows.record('192.0.5.1', 1)
        self.assertEqual(rows.said(), [
            'yours spf', 'yours failing-share', 'yours spf', 'to_decide near-own',
            'forwarded relay', 'to_decide steady', 'not_yours stranger', 'to_decide steady',
            'not_yours stranger', 'not_yours stranger'])


class Measures(unittest.TestCase):
    def test_the_counts_of_a_day(self):
        rows = Rows()
        rows.record('192.0.2.1', 60, 'pass', 'pass', sig('own') + '; ' + spf('a.com'))
        rows.record('192.0.2.1', 30, 'fail', 'pass', spf('a.com'))
        rows.record('192.0.2.1', 4, 'fail', 'fail', sig('own', 'fail'), disposition='reject')
        rows.record('192.0.2.1', 6, None, 'fail', sig('own', 'fail'), disposition='unknown')
        rows.record('198.51.100.7', 10, disposition='quarantine', reasons='local_policy comment=x')
        rows.record('198.51.100.7', 0, disposition='quarantine')
        row = rows.store().summary(measures.Filter(20000, 20000))[()]
        want = {'messages': 110, 'pass': 90, 'fail': 14, 'unknown': 6, 'pass_ratio': 90 / 110,
                'own_messages': 100, 'own_pass': 90, 'own_fail': 4, 'own_pass_ratio': .9,
                'own_pass_ratio_floor': .9, 'undecided_messages': 0, 'forwarded_messages': 0,
                'not_yours_messages': 10, 'spf_aligned': 90, 'dkim_aligned': 60, 'spf_only': 30,
                'spf_only_ratio': 30 / 90, 'spf_somewhere_ratio': 1.0, 'acted_on': 14,
                'acted_on_ratio': 1.0, 'overridden': 10, 'would_be_affected': 4,
                'disposition_none': 90, 'disposition_quarantine': 10, 'disposition_reject': 4,
                'disposition_pass': 0, 'disposition_other': 6, 'records': 6, 'sources': 2,
                'undecided_sources': 0, 'reports': 6, 'reporters': 1, 'domains': 1,
                'prev_messages': 0, 'prev_own_pass_ratio': None, 'own_pass_delta': None,
                'new_sources': 0}
        self.assertEqual({k: row[k] for k in want}, want)

    def test_where_nothing_is_to_divide_by_a_ratio_is_null(self):
        rows = Rows()
        rows.record(spf='pass')
        row = rows.store().summary(measures.Filter(1, 2))[()]
        self.assertTrue(all(row[name] is None for name in measures.RATIOS))

    def test_less_than_all_is_never_shown_as_all(self):
        for value, want in ((1.0, '1'), ((10 ** 12 - 1) / 10 ** 12, '0.999999999'),
                            (2 / 3, '0.666666667'), (0.0, '0'), (1.5e-7, '1.5e-07')):
            self.assertEqual(measures.ratio_text(value), want)

    def test_filters_choose_rows_and_leave_reports(self):
        rows = Rows()
        rows.record('192.0.2.1', 1, spf='pass', reporter='One', trust='verified')
        rows.record('2001:db8::1', 2, reporter='ONE', twin=True)
        rows.record('text', 4, domain='b.a.com', header_from='X.a.com.', trust='local')
        store = rows.store(own=['b.a.com'])

        def asked(**fields):
            row = store.summary(measures.Filter(20000, 20000, **fields))[()]
            return row['messages'], row['reports']
        for fields, want in (
                ({}, (4, 1)), (dict(scope='all'), (7, 3)), (dict(scope='unclaimed'), (3, 2)),
                (dict(domain=['a.com']), (3, 2)),
                (dict(domain=['a.com'], subdomains=True), (7, 3)),
                (dict(scope='all', reporter='one'), (3, 2)),
                (dict(scope='all', verified=True), (5, 2)),
                (dict(scope='all', without_twins=True), (5, 2)),
                (dict(scope='all', source=ipaddress.ip_network('2001:db8::/32')), (2, 3)),
                (dict(scope='all', header_from='x.a.com'), (4, 3)),
                (dict(scope='all', result='pass'), (1, 3)),
                (dict(scope='all', class_='not_yours'), (6, 3)),
                (dict(scope='all', group=('a.com', 'net:192.0.2.0/24')), (1, 2))):
            self.assertEqual(asked(**fields), want, fields)

    def test_a_group_is_new_after_silence_and_not_while_its_domain_is_learnt(self):
        rows = Rows()
        for source, days in (('192.0.2.1', (0,)), ('192.0.3.1', (13,)), ('192.0.4.1', (14,)),
                             ('192.0.5.1', (20, 111)), ('192.0.6.1', (20, 110))):
            for day in days:
                rows.record(source, spf='pass', day=20000 + day)
        store = rows.store()

        def new(first, last):
            rows = store.sources(measures.Filter(20000 + first, 20000 + last))
            return sorted(key for (_, key), row in rows.items() if row['new'])
        self.assertEqual(new(0, 19), ['net:192.0.4.0/24'])
        self.assertEqual(new(100, 120), ['net:192.0.5.0/24'])
        self.assertEqual(new(0, 120), ['net:192.0.4.0/24', 'net:192.0.5.0/24', 'net:192.0.6.0/24'])

    def test_data_reach_to_where_nine_tenths_of_the_usual_volume_have_reported(self):
        rows = Rows()
        for reporter, count, day in (('A', 90, 0), ('B', 10, 0), ('C', 5, 1), ('A', 1, 5),
                                     ('B', 1, 3)):
            rows.record(reporter=reporter, count=count, day=20000 + day)
        store = rows.store()
        for fields, want in (({}, 20003), (dict(reporter='A'), 20005), (dict(reporter='D'), None)):
            self.assertEqual(store.data_through(measures.Filter(1, 2, **fields)), want, fields)

    def test_each_reason_has_the_records_it_is_in(self):
        rows = Rows()
        rows.record(count=3, reasons='other; forwarded comment=x; other')
        rows.record(count=4, reasons='absent; unknown sent=foo', spf='pass')
        found = rows.store().overrides(measures.Filter(20000, 20000))
        self.assertEqual({k: tuple(row.values()) for k, row in found.items()}, {
            ('other', None): (3, 3, 1), ('forwarded', 'x'): (3, 3, 1), (None, None): (4, 0, 1),
            ('foo', None): (4, 0, 1)})

    def test_weeks_begin_on_monday_and_gaps_are_rows(self):
        rows = Rows()
        rows.record(day=facts.day_number('2026-11-22'), count=3)
        rows.record(day=facts.day_number('2026-11-23'), count=4)
        f = measures.Filter(facts.day_number('2026-11-20'), facts.day_number('2026-12-01'))
        found = rows.store().timeseries(f, week=True)
        self.assertEqual({day: row['messages'] for (day,), row in found.items()},
                         {'2026-11-16': 3, '2026-11-23': 4, '2026-11-30': 0})


if __name__ == '__main__':
    unittest.main()
