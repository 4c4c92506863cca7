"""SPF records and DKIM keys say to us what they say to others.

500 generated domains in a world without a network, three messages each: our verdicts against those
of python3-spf, which is given the same world in place of its resolver, and against libspf2's
spfquery where a server can be put in a name space of its own (nsd, unshare). The sizes of generated
keys against openssl. What is not installed is skipped. RUAD_SEED gives another world.
"""
import base64
import ipaddress
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..')]
import tap  # noqa: E402

DRIVER = os.environ.get('RUAD_DNS_AGREE') or os.path.join(tap.ROOT, 'build/tests/e2e/dns_agree')
DOMAINS = 500
ASKED = 3
SIZES = (512, 768, 1023, 1024, 1025, 1536, 2047, 2048, 3072, 4096)
GOOD, NOT_A_KEY = 0, 4

POOL4 = ['192.0.2.%d' % n for n in range(1, 17)] + ['198.51.100.%d' % n for n in range(1, 5)]
POOL6 = ['2001:db8::%x' % n for n in range(1, 9)] + ['2001:db8:1::%x' % n for n in range(1, 5)]


class World:
    """Names and their records, {name: [(type, value)]}; values as a zone file has them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = {}
        self.hosts()
        self.shared = ['i%d.test' % n for n in range(30)]
        for n, name in enumerate(self.shared[:-2]):
            # Includes lead to later names, so that most chains end; the last two are a circle.
            # One that leads to itself is an error to python3-spf before it is followed.
            self.add(name, 'TXT', self.record(self.shared[n + 1:], False))
        self.add(self.shared[-2], 'TXT', 'v=spf1 ip4:192.0.2.3 include:%s -all' % self.shared[-1])
        self.add(self.shared[-1], 'TXT', 'v=spf1 ip4:192.0.2.4 include:%s -all' % self.shared[-2])
        self.domains = ['d%d.test' % n for n in range(DOMAINS)]
        for name in self.domains:
            self.domain(name)

    def add(self, name, kind, value):
        self.names.setdefault(name, []).append((kind, value))

    def hosts(self):
        for n in range(24):
            host = 'h%d.test' % n
            # Every host has both families: whether an address of an mx host that is not there
            # counts as void is read differently (RFC 7208 4.6.4 speaks of terms).
            for address in self.random.sample(POOL4, self.random.randint(1, 3)):
                self.add(host, 'A', address)
            for address in self.random.sample(POOL6, self.random.randint(1, 2)):
                self.add(host, 'AAAA', address)
        for n in range(8):
            for k in range(self.random.randint(1, 4)):
                self.add('m%d.test' % n, 'MX', (10 * k, 'h%d.test' % self.random.randrange(24)))
        for k in range(11):
            self.add('many.test', 'MX', (k, 'h%d.test' % k))
        for address in POOL4 + POOL6:
            # Some names lead back to their address, some do not.
            for _ in range(self.random.randint(1, 3)):
                self.add(ipaddress.ip_address(address).reverse_pointer, 'PTR',
                         'h%d.test' % self.random.randrange(24))
        self.add('alias.test', 'CNAME', 'h0.test')
        self.add('four.test', 'A', POOL4[0])
        self.add('text.test', 'TXT', 'hello')

    def domain(self, name):
        roll = self.random.random()
        if roll < 0.04:
            return
        self.add(name, 'TXT', self.record(self.shared, True))
        if roll < 0.08:
            self.add(name, 'TXT', self.record(self.shared, True))
        elif roll < 0.2:
            self.add(name, 'TXT', 'something else')
        if roll > 0.6:
            self.add(name, 'A', self.random.choice(POOL4))
            self.add(name, 'AAAA', self.random.choice(POOL6))
            self.add(name, 'MX', (1, 'h%d.test' % self.random.randrange(24)))
        if roll > 0.8:
            # What exists: looks for.
            self.add('%s._e.%s' % (self.random.choice(POOL4), name), 'A', '127.0.0.2')
            self.add('%s._r.%s' % ('.'.join(reversed(self.random.choice(POOL4).split('.'))), name),
                     'A', '127.0.0.2')
            self.add('user._l.%s' % name, 'A', '127.0.0.2')

    def term(self, includes, first):
        pick, bits = self.random.choice, self.random.randint
        host = 'h%d.test' % bits(0, 23)
        kinds = (
            (24, lambda: 'ip4:' + pick(POOL4)),
            (10, lambda: 'ip4:%s/%d' % (pick(POOL4), bits(22, 32))),
            (14, lambda: 'ip6:' + pick(POOL6)),
            (6, lambda: 'IP6:%s/%d' % (pick(POOL6), bits(30, 128))),
            (8, lambda: 'a:' + host),
            (4, lambda: 'a:%s/%d//%d' % (host, bits(24, 32), bits(60, 128))),
            (4, lambda: 'a'),
            (4, lambda: 'mx'),
            (6, lambda: 'mx:m%d.test%s' % (bits(0, 7), pick(('', '/28', '//120')))),
            (12 if includes else 0, lambda: 'include:' + pick(includes)),
            (2, lambda: 'a:alias.test'),
            (2, lambda: 'a:four.test'),
            (2, lambda: 'a:gone%d.test' % bits(0, 3)),
            (1, lambda: 'mx:many.test'),
            (1, lambda: 'include:' + pick(('gone.test', 'text.test'))),
            (2, lambda: 'exists:%{i}._e.%{d}'),
            (2, lambda: 'exists:%{ir}._r.%{d}'),
            (2, lambda: 'exists:%{l}._l.%{o}'),
            (1, lambda: 'exists:h1.%{d1}'),
            (2, lambda: 'x-unknown=%{d}'),
            (3 if first else 0, lambda: 'ptr' + pick(('', ':' + host, ':h%d.test' % bits(0, 23)))),
            (3, self.fault),
        )
        total, at = sum(weight for weight, _ in kinds), 0
        roll = self.random.randrange(total)
        for weight, make in kinds:
            at += weight
            if roll < at:
                return make()
        return ''

    def fault(self):
        return self.random.choice((
            'ip4:192.0.2', 'ip4:192.0.2.1/33', 'ip6:192.0.2.1', 'ipv4:192.0.2.1', 'a:h1',
            'a:h1.test/024', 'a:h1.test//129', 'include', 'include:', 'exists:%{x}.test', 'a:%',
            'mx:', 'redirect:h1.test', 'all:', 'ip4', '-x', 'a/', 'exp='))

    def record(self, includes, first):
        """python3-spf counts a redirect= among the ten look-ups even where it is not followed: then
        no include may be before it, and in records that are included nothing at all."""
        redirect = self.random.random() < (0.25 if first else 0.1)
        terms = []
        for _ in range(self.random.randint(0, 7) if first or not redirect else 0):
            terms.append(self.random.choice(('', '', '', '', '+', '-', '~', '?')) +
                         self.term([] if redirect else includes, first))
            # Modifiers take no qualifier; unknown ones may stand twice (6), but not to python3-spf.
            if '=' in terms[-1]:
                terms[-1] = terms[-1].lstrip('+-~?')
                if terms[-1] in terms[:-1]:
                    terms.pop()
        if redirect:
            where = self.random.choice((0, len(terms), len(terms), len(terms)))
            terms.insert(where, 'redirect=' + self.random.choice(includes))
        elif self.random.random() < 0.85:
            terms.append(self.random.choice(('-all', '~all', '?all', 'all', '-ALL')))
        return self.random.choice(('v=spf1', 'v=spf1', 'V=SPF1')) + ''.join(
            self.random.choice((' ', ' ', '  ')) + term for term in terms)

    def zone(self, below=''):
        lines = []
        for name, records in self.names.items():
            if not name.endswith(below):
                continue
            for kind, value in records:
                if kind == 'TXT':
                    value = ' '.join('"%s"' % value[i:i + 255] for i in range(0, len(value), 255))
                elif kind == 'MX':
                    value = '%d %s.' % value
                elif kind in ('CNAME', 'PTR'):
                    value += '.'
                lines.append('%s. 60 IN %s %s\n' % (name, kind, value))
        return ''.join(lines)

    def questions(self):
        for name in self.domains:
            for _ in range(ASKED):
                address = self.random.choice(POOL4 + POOL6 + ['203.0.113.1', '2001:db8:2::1'])
                yield name, address, 'user@' + name, 'helo.test'


def ask_us(zone, lines):
    out = subprocess.run([DRIVER, zone], input='\n'.join(lines) + '\n', stdout=subprocess.PIPE,
                         check=True, universal_newlines=True).stdout
    return out.splitlines()


def verdicts_of_pyspf(world, questions):
    import spf

    def look_up(name, kind, *_):
        found = []
        for k, value in world.names.get(name.lower().rstrip('.'), []):
            if k == kind or k == 'CNAME':
                found.append(((name, k), [value.encode()] if k == 'TXT' else value))
        return found

    spf.DNSLookup = look_up
    return [spf.check2(i=address, s=sender, h=helo)[0]
            for _, address, sender, helo in questions]


NSD = """server:
  ip-address: 127.0.0.1
  zonesdir: "{0}"
  database: ""
  pidfile: "{0}/nsd.pid"
  xfrdfile: "{0}/xfrd.state"
  zonelistfile: "{0}/zone.list"
  cookie-secret-file: "{0}/cookie"
  logfile: "{0}/nsd.log"
  username: ""
  chroot: ""
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: "test"
  zonefile: "test.zone"
"""

# Inside: loopback alone, its own resolver, a server that knows "test".
INSIDE = """
ip link set lo up && mount --bind "$1/resolv.conf" /etc/resolv.conf && nsd -c "$1/nsd.conf" || exit 77
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -s "$1/nsd.pid" ] && break
    sleep 0.1
done
sleep 0.3
while IFS='\t' read -r address sender helo; do
    spfquery -ip="$address" -sender="$sender" -helo="$helo" 2>/dev/null | sed '/^StartError/,/^EndError/d; q'
done <"$1/questions"
kill "$(cat "$1/nsd.pid")"
"""


def verdicts_of_libspf2(world, questions, directory):
    """None: it cannot be done here."""
    if not all(shutil.which(tool, path=os.environ['PATH'] + ':/usr/sbin:/sbin')
               for tool in ('nsd', 'spfquery', 'unshare', 'ip')):
        return None
    with open(os.path.join(directory, 'nsd.conf'), 'w') as out:
        out.write(NSD.format(directory))
    with open(os.path.join(directory, 'resolv.conf'), 'w') as out:
        out.write('nameserver 127.0.0.1\n')
    with open(os.path.join(directory, 'test.zone'), 'w') as out:
        out.write('test. 60 IN SOA ns.test. h.test. 1 60 60 60 60\ntest. 60 IN NS ns.test.\n'
                  'ns.test. 60 IN A 127.0.0.1\n' + world.zone('.test'))
    with open(os.path.join(directory, 'questions'), 'w') as out:
        for _, address, sender, helo in questions:
            out.write('%s\t%s\t%s\n' % (address, sender, helo))
    env = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')
    got = subprocess.run(['unshare', '--user', '--map-root-user', '--mount', '--net', '--pid',
                          '--fork', '--kill-child', 'sh', '-c',
                          INSIDE, 'sh', directory], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, env=env, universal_newlines=True)
    lines = ['permerror' if line == '(invalid)' else line for line in got.stdout.split()]
    return lines if got.returncode == 0 and len(lines) == len(questions) else None


def compare(t, who, world, questions, ours, theirs):
    wrong = []
    for (name, address, _, _), we, they in zip(questions, ours, theirs):
        if we.split()[0] != they:
            wrong.append((name, address, we, they))
    for name, address, we, they in wrong[:20]:
        tap.say('%s %s: we %s, %s %s: %s' % (
            name, address, we, who, they,
            ' | '.join(v for k, v in world.names.get(name, []) if k == 'TXT')))
    t.ok(not wrong, '%d verdicts are those of %s' % (len(questions), who),
         '%d are not' % len(wrong))


def libspf2_can(world, name):
    """A redirect= is last, and no name is asked for that its server does not know."""
    texts = [value for kind, value in world.names.get(name, []) if kind == 'TXT']
    return not any('redirect=' in text and 'redirect=' not in text.split()[-1] or 'ptr' in text
                   for text in texts)


def spf_agrees(t, directory):
    seed = int(os.environ.get('RUAD_SEED') or 7208)
    world = World(seed)
    questions = list(world.questions())
    zone = os.path.join(directory, 'world.zone')
    with open(zone, 'w') as out:
        out.write(world.zone())
    ours = ask_us(zone, ['\t'.join(('spf',) + q) for q in questions])
    counts = {}
    for line in ours:
        counts[line] = counts.get(line, 0) + 1
    tap.say('seed %d: %s' % (seed, ', '.join('%d %s' % (n, k) for k, n in sorted(counts.items()))))
    t.ok(len(ours) == len(questions) and len({line.split()[0] for line in ours}) >= 6,
         'the records lead to every verdict but temperror')
    try:
        compare(t, 'python3-spf', world, questions, ours, verdicts_of_pyspf(world, questions))
    except ImportError:
        t.skip('python3-spf says the same', 'not installed')
    # libspf2 is from before RFC 7208: it knows neither void look-ups nor the limit of mail hosts, is
    # lenient with some faults, and stops at a redirect= wherever it stands. One message a record.
    some = [i for i in range(0, len(questions), ASKED)
            if ours[i].endswith(' 0') and libspf2_can(world, questions[i][0])]
    questions, ours = [questions[i] for i in some], [ours[i] for i in some]
    theirs = verdicts_of_libspf2(world, questions, directory)
    if theirs is None:
        t.skip('libspf2 says the same', 'no spfquery, nsd or name space')
    else:
        compare(t, 'libspf2', world, questions, ours, theirs)


def openssl(*args, **kw):
    return subprocess.run(('openssl',) + args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True, **kw).stdout


def keys_agree(t, directory):
    if not shutil.which('openssl'):
        t.skip('keys have the size openssl says', 'no openssl')
        return
    lines, want = [], []
    for size in SIZES:
        try:
            secret = openssl('genrsa', str(size))
        except subprocess.CalledProcessError:
            continue
        public = openssl('rsa', '-pubout', '-outform', 'DER', input=secret)
        said = openssl('rsa', '-pubin', '-inform', 'DER', '-noout', '-text', input=public)
        bits = int(said.split(b'(')[1].split()[0])
        bare = openssl('rsa', '-RSAPublicKey_out', '-outform', 'DER', input=secret)
        for der in (public, bare):
            lines.append('key\tv=DKIM1; k=rsa; p=' + base64.b64encode(der).decode())
            want.append('rsa %d %d' % (GOOD, bits))
            lines.append('key\tv=DKIM1; k=rsa; p=' + base64.b64encode(der[:-3]).decode())
            want.append('rsa %d 0' % NOT_A_KEY)
    der = openssl('pkey', '-pubout', '-outform', 'DER', input=openssl(
        'genpkey', '-algorithm', 'ed25519'))
    lines.append('key\tv=DKIM1; k=ed25519; p=' + base64.b64encode(der[-32:]).decode())
    want.append('ed25519 %d 256' % GOOD)
    empty = os.path.join(directory, 'empty.zone')
    open(empty, 'w').close()
    got = ask_us(empty, lines)
    wrong = [(g, w) for g, w in zip(got, want) if g != w]
    t.ok(len(got) == len(want) and not wrong and len(want) > 20,
         '%d keys have the size openssl says' % len(want), repr(wrong[:3]))


def main():
    directory, t = tap.scratch(), tap.Tap()
    try:
        spf_agrees(t, directory)
        keys_agree(t, directory)
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
