"""Source groups, homes of selectors, and the class of every row: the ordered rules, read plainly.

Everything is decided from all history of a policy domain, with sums of messages.
"""
import collections
import ipaddress

from facts import OWN, PASS

YOURS, FORWARDED, TO_DECIDE, NOT_YOURS = 'yours', 'forwarded', 'to_decide', 'not_yours'
CLASSES = (YOURS, FORWARDED, TO_DECIDE, NOT_YOURS)
EVIDENCE = ('dkim', 'spf', 'bounce', 'envelope', 'ptr', 'asn', 'net')
WAYS = {'mailing_list', 'trusted_forwarder', 'forwarded'}
LEARNING_DAYS, NEW_AFTER_DAYS = 14, 90


def network(record):
    """The /24 or /64 of an address; None of a text."""
    if record.address is None:
        return None
    bits = 24 if record.address.version == 4 else 64
    return ipaddress.ip_network((record.address, bits), strict=False)


class Group:
    def __init__(self, domain, key, name, service=None):
        self.domain, self.key, self.name, self.service = domain, key, name, service
        self.evidence = 'net'
        self.detail = ''
        self.messages = 0
        self.first = self.last = None
        self.days = set()
        self.addresses = {}  # address -> (evidence, {proof: messages}, messages)

    def note(self, day):
        self.days.add(day)
        self.first = day if self.first is None else min(self.first, day)
        self.last = day if self.last is None else max(self.last, day)


def best(candidates):
    """The candidate with the most messages, then the smaller name."""
    return min(candidates, key=lambda c: (-candidates[c], c.encode()))


class Words:
    """The owner's: decisions by (domain, key), networks and services by domain, parked domains."""

    def __init__(self, decisions=None, networks=None, services=None, parked=()):
        self.decisions = decisions or {}
        self.networks = {d: [ipaddress.ip_network(n) for n in nets]
                         for d, nets in (networks or {}).items()}
        self.services = services or {}
        self.parked = set(parked)


class Source:
    """One address, seen from one policy domain."""

    def __init__(self):
        self.traits = collections.Counter()
        self.days = collections.defaultdict(set)  # by trait
        self.net = self.address = None
        self.group = None

    def evidence(self, catalogue, suffixes):
        """(kind, key, {proof: messages}) by the strongest evidence there is."""
        bounce = collections.defaultdict(collections.Counter)
        for t, w in self.traits.items():
            if t.spf_result == PASS:
                for service, domain in catalogue.find('bounce', t.spf_domain).items():
                    bounce[service][suffixes.organisation(domain)] += w
        return (self.by_key(catalogue, bounce) or self.by_messages('bounce', bounce)
                or self.by_signer(catalogue, suffixes) or self.by_envelope(suffixes))

    def by_key(self, catalogue, bounce):
        passes_spf = any(t.spf == PASS for t in self.traits)
        found = collections.defaultdict(collections.Counter)
        messages = collections.Counter()
        for t, w in self.traits.items():
            if t.dkim != PASS:
                continue
            here = set()
            for _, selector in t.passing:
                for service, strength in catalogue.find('strength', selector).items():
                    if (strength == 2 or service in bounce) and (passes_spf or service in bounce):
                        found[service]['selector ' + selector] += w
                        here.add(service)
            for service in here:
                messages[service] += w
        if not found:
            return None
        service = best(messages)
        return 'dkim', service, found[service]

    @staticmethod
    def by_messages(kind, found):
        if not found:
            return None
        name = best({n: sum(proofs.values()) for n, proofs in found.items()})
        return kind, name, found[name]

    def by_signer(self, catalogue, suffixes):
        if any(t.spf_result in ('pass', 'fail', 'softfail') for t in self.traits):
            return None
        found = collections.defaultdict(collections.Counter)
        for t, w in self.traits.items():
            for service, domain in catalogue.find('signature', t.other_dkim).items():
                found[service]['d=' + suffixes.organisation(domain)] += w
        return self.by_messages('bounce', found)

    def by_envelope(self, suffixes):
        found = collections.defaultdict(collections.Counter)
        for t, w in self.traits.items():
            if t.spf_result == PASS and t.spf_domain is not None and not t.spf_own:
                found[suffixes.organisation(t.spf_domain)][t.spf_domain] += w
        return self.by_messages('envelope', found)


class Domain:
    """The judgement of one policy domain."""

    def __init__(self, name, records, catalogue, suffixes, words):
        self.name, self.records = name, records
        self.catalogue, self.suffixes, self.words = catalogue, suffixes, words
        self.groups, self.sources = {}, {}
        self.first_day = min(r.day for r in records)
        self.gather()
        self.find_homes()
        self.judge()

    # ---- groups

    def gather(self):
        for r in self.records:
            s = self.sources.get(r.source)
            if s is None:
                s = self.sources[r.source] = Source()
                s.net, s.address = network(r), r.address
            s.traits[r.trait] += r.count
            s.days[r.trait].add(r.day)
        for text, s in self.sources.items():
            s.group = self.group_of(text, s)
        for group in self.groups.values():
            self.prove(group)
        for r in self.records:
            r.group = self.sources[r.source].group
            r.group.note(r.day)
            r.group.messages += r.count
        self.near = {s.net for s in self.sources.values()
                     if s.net is not None and any(t.spf == PASS for t in s.traits)}

    def group_of(self, text, s):
        found = s.evidence(self.catalogue, self.suffixes)
        if found is None:
            name = str(s.net) if s.net is not None else text
            kind, proofs = 'net', {name: 0}
            key, service = ('net:' if s.net is not None else 'text:') + name, None
        elif found[0] == 'envelope':
            kind, name, proofs = found
            key, service = 'envelope:' + name, None
        else:
            kind, service, proofs = found
            key, name = 'service:' + service, self.catalogue[service].name
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(self.name, key, name, service)
        group.addresses[text] = (kind, proofs, sum(s.traits.values()))
        return group

    @staticmethod
    def prove(group):
        group.evidence = min((kind for kind, _, _ in group.addresses.values()), key=EVIDENCE.index)
        of_kind = [(-w, best(proofs)) for kind, proofs, w in group.addresses.values()
                   if kind == group.evidence]
        group.detail = min(of_kind, key=lambda d: (d[0], d[1].encode()))[1]

    # ---- homes

    def find_homes(self):
        passing = collections.defaultdict(list)  # mark -> rows
        self.signed = collections.defaultdict(collections.Counter)  # mark -> group -> messages
        for r in self.records:
            for mark, good in r.trait.signatures:
                self.signed[mark][r.group] += r.count
                if good and r.trait.dkim == PASS:
                    passing[mark].append(r)
        # The catalogue names a home even of a selector that never passed.
        self.homes = {mark: self.home(mark, passing[mark]) for mark in self.signed if mark[1]}
        for mark in [m for m in self.signed if not m[1]]:
            self.homes[mark] = self.by_spf(passing[mark]).union(
                *(groups for (d, s), groups in self.homes.items() if d == mark[0] and s))

    @staticmethod
    def by_spf(rows):
        return {r.group for r in rows if r.trait.spf == PASS}

    def home(self, mark, rows):
        """The groups a named selector is at home with; none: unknown."""
        groups = self.by_spf(rows)
        if groups:
            return groups
        messages, days = collections.Counter(), collections.defaultdict(set)
        for r in rows:
            messages[r.group] += r.count
            days[r.group].add(r.day)
        for service, strength in self.catalogue.find('strength', mark[1]).items():
            group = self.groups.get('service:' + service)
            if group is not None and (strength == 2 or group in messages):
                groups.add(group)
        if groups:
            return groups
        most = max(messages.values(), default=0)
        return {g for g in messages if 5 * messages[g] > most
                and max(days[g]) - min(days[g]) >= 2}

    def homes_of(self, marks, group):
        """(a home holds the group, a home is elsewhere, the marks of those)"""
        known = [m for m in marks if self.homes.get(m)]
        here = any(group in self.homes[m] for m in known)
        elsewhere = [m for m in known if group not in self.homes[m]]
        return here, elsewhere

    # ---- rules

    def judge(self):
        rows = collections.defaultdict(list)
        for r in self.records:
            rows[r.source, r.trait].append(r)
        own = collections.Counter()
        late = []
        for (text, trait), same in rows.items():
            source = self.sources[text]
            said = self.before_sums(source, trait)
            if said is None:
                late.append((source, trait, same))
                continue
            class_, rule = said
            if class_ == YOURS and trait.verdict == PASS:
                own[source.group] += sum(r.count for r in same)
            self.mark(same, class_, rule)
        for source, trait, same in late:
            group = source.group
            share = group.messages > 0 and 20 * own[group] >= group.messages
            self.mark(same, *self.after_sums(source, trait, share))

    @staticmethod
    def mark(rows, class_, rule):
        for r in rows:
            r.class_, r.rule = class_, rule

    def before_sums(self, source, trait):
        """Rules 0 to 3; None for a row that does not pass and none of them decides."""
        group, words = source.group, self.words
        decided = words.decisions.get((self.name, group.key))
        if decided is not None:
            return decided, 'decision'
        if source.address is not None and any(source.address in net
                                              for net in words.networks.get(self.name, ())):
            return YOURS, 'own-network'
        if group.service is not None and group.service in words.services.get(self.name, ()):
            return YOURS, 'listed-service'
        if trait.reasons & WAYS:
            return FORWARDED, 'reason'
        if trait.spf == PASS:
            return YOURS, 'spf'
        if trait.dkim == PASS:
            here, elsewhere = self.homes_of(trait.passing, group)
            if here:
                return YOURS, 'dkim-home'
            return (FORWARDED, 'dkim-elsewhere') if elsewhere else (YOURS, 'dkim-inferred')
        return None

    def after_sums(self, source, trait, share):
        """Rules 4 to 7, for rows that do not pass."""
        group = source.group
        relay = group.service is not None and self.catalogue[group.service].relay
        if trait.signatures:
            return self.signed_row(trait, group, share, relay)
        if share:
            return YOURS, 'failing-share'
        if relay:
            return FORWARDED, 'relay'
        if group.service is not None:
            return TO_DECIDE, 'service'
        if source.net is not None and source.net in self.near:
            return TO_DECIDE, 'near-own'
        if (trait.envelope == OWN and self.name not in self.words.parked
                and self.steady(source)):
            return TO_DECIDE, 'steady'
        return NOT_YOURS, 'stranger'

    def signed_row(self, trait, group, share, relay):
        marks = [mark for mark, _ in trait.signatures]
        here, elsewhere = self.homes_of(marks, group)
        if here:
            return YOURS, 'failing-home'
        if share:
            return YOURS, 'failing-share'
        if relay:
            return FORWARDED, 'relay'
        for mark in elsewhere:
            at_home = sum(self.signed[mark][home] for home in self.homes[mark])
            if 5 * self.signed[mark][group] <= at_home:
                return FORWARDED, 'changed-in-transit'
        if not elsewhere and trait.passing:
            return YOURS, 'failing-home'
        return TO_DECIDE, 'signature'

    @staticmethod
    def steady(source):
        mine = [t for t in source.traits if t.envelope == OWN and not t.signatures
                and t.verdict != PASS]
        days = set().union(*(source.days[t] for t in mine))
        return (max(days) - min(days) >= 13 and
                sum(source.traits[t] for t in mine) >= 20)


def judged(facts, catalogue, words):
    """Policy domains by name; every record of `facts` gets its group, class and rule."""
    by_domain = collections.defaultdict(list)
    for r in facts.records:
        by_domain[r.domain].append(r)
    return {name: Domain(name, rows, catalogue, facts.suffixes, words)
            for name, rows in by_domain.items()}
