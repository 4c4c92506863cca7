"""Domain names as they are compared, the public suffix list, and the catalogue of services.

The programs use libidn2 and libpsl; this is a reading of the same lists that shares no code with
them.
"""
import ipaddress
import os
import re
import unicodedata

SUFFIXES = '/usr/share/publicsuffix/public_suffix_list.dat'
HERE = os.path.dirname(os.path.abspath(__file__))
CATALOGUE = os.path.join(HERE, '..', '..', 'store', 'judge', 'services.tsv')
DOMAIN_MAX = 253


def ascii_lower(text):
    return ''.join(c.lower() if c < '\x80' else c for c in text)


def a_label(label):
    if label.isascii():
        return label
    label = unicodedata.normalize('NFC', unicodedata.normalize('NFC', label).lower())
    return 'xn--' + label.encode('punycode').decode('ascii')


def key(text):
    """The form a domain is compared in, None where it is no domain name."""
    if text is None:
        return None
    text = text.strip(' \t\r\n')
    if text.endswith('.'):
        text = text[:-1]
    if not text or any(c <= ' ' or c == '\x7f' for c in text):
        return None
    name = '.'.join(a_label(label) for label in ascii_lower(text).split('.'))
    return name if len(name.encode()) <= DOMAIN_MAX else None


def within(name, parent):
    return name == parent or name.endswith('.' + parent)


class Suffixes:
    """The whole list, its private part too, with its implicit rule: a top label is a suffix."""

    def __init__(self, lines):
        self.rules = {}
        self.known = {}
        for line in lines:
            rule = line.split(None, 1)[0] if line.strip() else ''
            if not rule or rule.startswith('//'):
                continue
            exception = rule.startswith('!')
            name = '.'.join(a_label(label) for label in rule.lstrip('!').lower().split('.'))
            self.rules[name] = exception

    def suffix_labels(self, labels):
        """How many of the labels, from the right, are the public suffix."""
        best = 1
        for n in range(1, len(labels) + 1):
            name = '.'.join(labels[-n:])
            exception = self.rules.get(name)
            if exception:
                return n - 1
            wild = '.'.join(['*'] + labels[-n:][1:])
            if exception is False or (n > 1 and wild in self.rules):
                best = n
        return best

    def organisation(self, name):
        """The name one label below the suffix; the name itself where there is none."""
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self.look(name)
        return found

    def look(self, name):
        try:
            ipaddress.ip_address(name)
            return name
        except ValueError:
            pass
        labels = name.split('.')
        n = self.suffix_labels(labels) + 1
        return '.'.join(labels[-n:]) if n <= len(labels) else name

    def one_organisation(self, a, b):
        return a is not None and b is not None and self.organisation(a) == self.organisation(b)


def suffixes(path=SUFFIXES):
    with open(path, encoding='utf-8') as lines:
        return Suffixes(lines)


def pattern(text):
    form = re.escape(text).replace(r'\*', '.*').replace(r'\#', '[0-9]')
    return re.compile(form, re.S)


class Service:
    def __init__(self, row):
        self.id, self.name, self.role = row['id'], row['name'], row['role']
        self.bounces = row['bounce_domains'].split()
        self.signs = row['dkim_domains'].split()
        selectors = row['selectors'].split()
        self.strong = [pattern(s) for s in selectors if not s.endswith('?')]
        self.weak = [pattern(s[:-1]) for s in selectors if s.endswith('?')]

    @property
    def relay(self):
        return self.role in ('forwarder', 'list')

    def strength(self, selector):
        """2: a strong pattern matches, 1: only a weak one, 0: none."""
        if any(p.fullmatch(selector) for p in self.strong):
            return 2
        return int(any(p.fullmatch(selector) for p in self.weak))

    def domain_of(self, name, suffix_list):
        """The listed domain that `name` lies under, the longest; None."""
        under = [d for d in suffix_list if within(name, d)]
        return max(under, key=len) if under else None

    def bounce(self, name):
        return self.domain_of(name, self.bounces) if name else None

    def signature(self, name):
        return self.domain_of(name, self.signs) if name else None


class Catalogue:
    def __init__(self, lines):
        self.services = {}
        self.memory = {}
        header = None
        for line in lines:
            if line.startswith('#'):
                continue
            cells = line.rstrip('\n').split('\t')
            if header is None:
                header = cells
            else:
                service = Service(dict(zip(header, cells)))
                self.services[service.id] = service

    def __getitem__(self, name):
        return self.services[name]

    def find(self, what, value):
        """Services that `what` ('bounce', 'signature', 'strength') says something of."""
        known = self.memory.get((what, value))
        if known is None:
            known = {}
            for service in self.services.values():
                said = getattr(service, what)(value)
                if said:
                    known[service.id] = said
            self.memory[what, value] = known
        return known


def catalogue(path=CATALOGUE):
    with open(path, encoding='utf-8') as lines:
        return Catalogue(lines)
