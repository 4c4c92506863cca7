#!/usr/bin/env python3
"""The rules of store/judge/services.tsv.

Usage: services_check.py [FILE [MINIMUM]]. Prints each broken rule as FILE:LINE: what is wrong;
exit status 1 if there is one, 2 if the file cannot be read.
"""
import datetime
import os
import re
import sys

COLUMNS = ['id', 'name', 'role', 'bounce_domains', 'dkim_domains', 'selectors', 'ptr_suffixes',
           'spf_include', 'aligns_spf', 'setup_en', 'setup_es', 'source', 'checked', 'basis']
ROLES = {'mailbox', 'esp', 'transactional', 'app', 'hosting', 'gateway', 'forwarder', 'list'}
ALIGNS = {'yes', 'custom', 'no'}
# Short names in the basis cell and the columns they vouch for.
FACTS = {'bounce': 'bounce_domains', 'dkim': 'dkim_domains', 'sel': 'selectors',
         'ptr': 'ptr_suffixes', 'spf': 'spf_include', 'aligns': 'aligns_spf', 'setup': 'setup_en'}
KINDS = ['doc', 'seen', 'known']
DOMAIN_COLUMNS = ['bounce_domains', 'dkim_domains', 'ptr_suffixes', 'spf_include']
SIGNS = DOMAIN_COLUMNS + ['selectors']

LABEL = r'[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?'
DOMAIN = re.compile(r'(?=.{4,253}$)(%s\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])' % LABEL)
ID = re.compile(r'[a-z][a-z0-9]*(-[a-z0-9]+)*')
SELECTOR = re.compile(r'[a-z0-9*#]([a-z0-9*#._-]*[a-z0-9*#])?\??')
SOURCE = re.compile(r'https://[a-z0-9.-]+\.[a-z]{2,}/\S*')
# Anyone can rent these: they say where a machine stands, not whose mail it sends.
RENTED = {'amazonaws.com', 'googleusercontent.com', 'azure.com', 'cloudapp.net', 'linode.com',
          'linodeusercontent.com', 'vultrusercontent.com', 'your-server.de', 'contaboserver.net',
          'ovh.net', 'secureserver.net', 'unifiedlayer.com', 'digitalocean.com',
          'stratoserver.net', 'onlinehome-server.info', 'scw.cloud'}
# Selectors that several services and most mail servers use; alone they name nobody.
SHARED = {'s1', 's2', 'k1', 'default', 'mail', 'dkim', 'smtp', 'key1', 'key2', 'key3', 'm1', 'x',
          'mx', 'dk', 'api'}
SENTENCE_MAX = 200
# The reader is addressed as usted; these are the tu forms that slip in.
FAMILIAR = re.compile(r'\b(tu|tus|tú|abre|activa|publica|copia|añade|verifica|pulsa|elige)\b', re.I)


class Table:
    """Reads the file and gathers what is wrong with it."""

    def __init__(self, path):
        self.path = path
        self.faults = []
        self.rows = []

    def fault(self, line, text):
        self.faults.append('%s:%d: %s' % (self.path, line, text))

    def read(self):
        with open(self.path, encoding='utf-8', newline='') as lines:
            header = None
            for number, line in enumerate(lines, 1):
                if not line.endswith('\n') or line.endswith('\r\n'):
                    self.fault(number, 'the line does not end with a single newline')
                line = line.rstrip('\r\n')
                if line.startswith('#'):
                    continue
                cells = line.split('\t')
                if header is None:
                    header = cells
                    if header != COLUMNS:
                        self.fault(number, 'the columns are not %s' % ' '.join(COLUMNS))
                elif len(cells) != len(COLUMNS):
                    self.fault(number, '%d columns, not %d' % (len(cells), len(COLUMNS)))
                else:
                    self.rows.append((number, dict(zip(COLUMNS, cells))))

    def check_form(self, number, row):
        """Each cell by itself."""
        for column, cell in row.items():
            if cell != ' '.join(cell.split()):
                self.fault(number, '%s has stray white space' % column)
        if not ID.fullmatch(row['id']):
            self.fault(number, 'id "%s" is no slug' % row['id'])
        if not row['name']:
            self.fault(number, 'no name')
        if row['role'] not in ROLES:
            self.fault(number, 'role "%s" is none of %s' % (row['role'], ' '.join(sorted(ROLES))))
        if row['aligns_spf'] not in ALIGNS:
            self.fault(number, 'aligns_spf "%s" is not yes, custom or no' % row['aligns_spf'])
        if not SOURCE.fullmatch(row['source']):
            self.fault(number, 'source "%s" is no https address' % row['source'])
        self.check_date(number, row['checked'])
        self.check_sentence(number, 'setup_en', row['setup_en'])
        self.check_sentence(number, 'setup_es', row['setup_es'])
        if row['setup_en'] == row['setup_es']:
            self.fault(number, 'both languages say the same')
        familiar = FAMILIAR.search(row['setup_es'])
        if familiar:
            self.fault(number, 'setup_es says "%s": address the reader as usted' % familiar[0])
        if not any(row[column] for column in SIGNS):
            self.fault(number, 'nothing by which to recognise the service')

    def check_date(self, number, text):
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            self.fault(number, 'checked "%s" is no date' % text)
            return
        if day < datetime.date(2026, 11, 24):
            self.fault(number, 'checked "%s" is before the table was begun' % text)

    def check_sentence(self, number, column, text):
        if not text.endswith('.'):
            self.fault(number, '%s is missing or does not end with a full stop' % column)
        elif len(text) > SENTENCE_MAX:
            self.fault(number, '%s is longer than %d characters' % (column, SENTENCE_MAX))

    def check_signs(self, number, row):
        """Domains and selectors."""
        for column in DOMAIN_COLUMNS:
            seen = set()
            for domain in row[column].split():
                if not DOMAIN.fullmatch(domain):
                    self.fault(number, '%s "%s" is no domain' % (column, domain))
                if domain in seen:
                    self.fault(number, '%s lists "%s" twice' % (column, domain))
                seen.add(domain)
        for domain in row['ptr_suffixes'].split():
            if domain in RENTED:
                self.fault(number, 'ptr_suffixes "%s" is where machines are rented' % domain)
        for selector in row['selectors'].split():
            if not SELECTOR.fullmatch(selector) or selector.strip('*?') == '':
                self.fault(number, 'selector "%s" is no pattern' % selector)
            if selector in SHARED:
                self.fault(number, 'selector "%s" is shared by many: write "%s?"'
                           % (selector, selector))

    def check_basis(self, number, row):
        """Every filled fact has exactly one basis, every basis a filled fact."""
        vouched = {}
        kinds = []
        for part in row['basis'].split():
            kind, _, fields = part.partition(':')
            kinds.append(kind)
            for field in fields.split(','):
                if field not in FACTS:
                    self.fault(number, 'basis names the unknown field "%s"' % field)
                elif field in vouched:
                    self.fault(number, 'basis names "%s" twice' % field)
                vouched[field] = kind
        if kinds != [kind for kind in KINDS if kind in kinds]:
            self.fault(number, 'basis "%s" is not doc:, seen:, known: in this order' % row['basis'])
        for field, column in FACTS.items():
            if row[column] and field not in vouched:
                self.fault(number, '%s has no basis' % column)
            if not row[column] and field in vouched:
                self.fault(number, 'basis vouches for the empty %s' % column)

    def check_owners(self):
        """One id, one name, one owner for each domain and for each strong selector."""
        ids, names, domains, selectors = {}, {}, {}, {}
        for number, row in self.rows:
            self.claim(number, ids, row['id'], row['id'], 'id')
            self.claim(number, names, row['name'].lower(), row['id'], 'name')
            for column in DOMAIN_COLUMNS:
                for domain in row[column].split():
                    self.claim(number, domains, domain, row['id'], column)
            for selector in row['selectors'].split():
                if not selector.endswith('?'):
                    self.claim(number, selectors, selector, row['id'], 'selector')
        self.check_patterns(selectors)
        for domain, (number, owner) in domains.items():
            labels = domain.split('.')
            for cut in range(1, len(labels) - 1):
                parent = '.'.join(labels[cut:])
                if parent in domains and domains[parent][1] != owner:
                    self.fault(number, '"%s" of %s lies under "%s" of %s'
                               % (domain, owner, parent, domains[parent][1]))

    def check_patterns(self, selectors):
        """No strong pattern may match what another service's strong pattern matches at least."""
        for pattern, (number, owner) in selectors.items():
            form = re.compile(re.escape(pattern).replace(r'\*', '.*').replace(r'\#', '[0-9]'))
            for other, (_, holder) in selectors.items():
                if holder != owner and form.fullmatch(other.replace('#', '0').replace('*', '')):
                    self.fault(number, 'selector "%s" of %s also matches "%s" of %s'
                               % (pattern, owner, other, holder))

    def claim(self, number, claims, what, owner, kind):
        """An id or a name may stand once; a domain or selector may repeat within its service."""
        first = claims.setdefault(what, (number, owner))
        if first[1] != owner or (kind in ('id', 'name') and first[0] != number):
            self.fault(number, '%s "%s" already stands in line %d' % (kind, what, first[0]))

    def check(self, minimum):
        self.read()
        for number, row in self.rows:
            self.check_form(number, row)
            self.check_signs(number, row)
            self.check_basis(number, row)
        self.check_owners()
        if len(self.rows) < minimum:
            self.fault(0, '%d services, fewer than %d' % (len(self.rows), minimum))


def report(table):
    """Counts by basis: how much of the table has been read, seen or only known."""
    cells = dict.fromkeys(KINDS, 0)
    best = dict.fromkeys(KINDS, 0)
    for _, row in table.rows:
        parts = [part.partition(':') for part in row['basis'].split()]
        for kind, _, fields in parts:
            cells[kind] += len(fields.split(','))
        best[parts[0][0]] += 1
    print('%d services; facts: %s; best basis of a service: %s' % (
        len(table.rows), ', '.join('%d %s' % (cells[kind], kind) for kind in KINDS),
        ', '.join('%d %s' % (best[kind], kind) for kind in KINDS)))


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    path = arguments[0] if arguments else os.path.join(here, '../../store/judge/services.tsv')
    minimum = int(arguments[1]) if len(arguments) > 1 else 150
    table = Table(os.path.relpath(path))
    try:
        table.check(minimum)
    except (OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    for fault in table.faults:
        print(fault)
    if table.faults:
        return 1
    report(table)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
