"""Report mails made from parts: XML, container, MIME.

The sample Maildir, the fixtures and the end-to-end tests build their mails with these. Values go
into the XML as they are, so a fixture can say exactly what it wants to be wrong; text() escapes.
None leaves an element out, '' makes it empty: to the programs these are two things.
"""
import base64
import gzip
import io
import quopri
import struct
import zipfile
import zlib

DAY = 86400
BEGIN = 1704067200  # 2024-01-01T00:00:00Z, where fixtures live
END = BEGIN + DAY - 1
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
RFC7489 = ' xmlns="http://dmarc.org/dmarc-xml/0.1"'
RFC9990 = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'


# ---- XML ----------------------------------------------------------------------------------------

def text(value):
    return str(value).replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def element(name, value):
    """One element: None is absent, a list repeats it, a dict or a tuple of pairs nests."""
    if value is None:
        return ''
    if isinstance(value, list):
        return ''.join(element(name, each) for each in value)
    if isinstance(value, dict):
        value = '\n' + ''.join(element(k, v) for k, v in value.items())
    return '<%s>%s</%s>\n' % (name, value, name)


def dkim(domain='example.com', selector='s1', result='pass', human_result=None):
    return ('dkim', dict(domain=domain, selector=selector, result=result,
                         human_result=human_result))


def spf(domain='example.com', result='pass', scope='mfrom', human_result=None):
    return ('spf', dict(domain=domain, scope=scope, result=result, human_result=human_result))


def reason(kind='local_policy', comment=None):
    return dict(type=kind, comment=comment)


def record(ip='192.0.2.1', count=3, disposition='none', dkim='pass', spf='fail', reasons=None,
           header_from='example.com', envelope_from=None, envelope_to=None, auth=None,
           identifiers='identifiers', evaluated=True, extra=''):
    """A <record>. auth: a list of dkim() and spf() in the order wanted, or '' or None as elsewhere."""
    if auth is None:
        auth = [('dkim', dict(domain='example.com', selector='s1', result='pass')),
                ('spf', dict(domain='relay.example', scope='mfrom', result='fail'))]
    row = dict(source_ip=ip, count=count)
    if evaluated:
        row['policy_evaluated'] = dict(disposition=disposition, dkim=dkim, spf=spf,
                                       reason=reasons or None)
    out = element('row', row)
    if identifiers:
        out += element(identifiers, dict(envelope_to=envelope_to, envelope_from=envelope_from,
                                         header_from=header_from))
    if isinstance(auth, list):
        auth = '\n' + ''.join(element(kind, fields) for kind, fields in auth)
    if auth is not False:
        out += element('auth_results', auth)
    return '<record>\n' + out + extra + '</record>\n'


def forged(ip='198.51.100.7', count=2, disposition='quarantine', **more):
    """A row nobody authenticated."""
    more.setdefault('auth', [spf('example.com', 'fail')])
    return record(ip, count, disposition, 'fail', 'fail', **more)


def metadata(org_name='Reporter Example', email='dmarc@reporter.example', contact=None,
             report_id='golden-1', begin=BEGIN, end=END, error=None, generator=None,
             date_range='date_range'):
    return element('report_metadata', {
        'org_name': org_name, 'email': email, 'extra_contact_info': contact,
        'report_id': report_id, date_range: dict(begin=begin, end=end), 'error': error,
        'generator': generator})


def policy(domain='example.com', adkim='r', aspf='r', p='quarantine', sp='none', pct=100, fo=None,
           np=None, testing=None, discovery_method=None):
    return element('policy_published', dict(domain=domain, discovery_method=discovery_method,
                                            adkim=adkim, aspf=aspf, p=p, sp=sp, np=np, pct=pct,
                                            fo=fo, testing=testing))


def feedback(records=None, meta=None, pol=None, declaration=DECLARATION, attributes='',
             version='1.0', root='feedback', **fields):
    """A whole report. fields go to metadata() and policy(), by name."""
    if records is None:
        records = [record(), forged()]
    meta_names = metadata.__code__.co_varnames[:metadata.__code__.co_argcount]
    if meta is None:
        meta = metadata(**{k: v for k, v in fields.items() if k in meta_names})
    if pol is None:
        pol = policy(**{k: v for k, v in fields.items() if k not in meta_names})
    return '%s<%s%s>\n%s%s%s%s</%s>\n' % (declaration, root, attributes,
                                          element('version', version), meta, pol,
                                          ''.join(records), root.split()[0])


# ---- containers ---------------------------------------------------------------------------------

def octets(data):
    return data.encode('utf-8') if isinstance(data, str) else data


def gz(data, level=6):
    out = io.BytesIO()
    with gzip.GzipFile(filename='', mode='wb', compresslevel=level, fileobj=out, mtime=0) as f:
        f.write(octets(data))
    return out.getvalue()


class Stream:
    """A sink that cannot seek, so that zipfile writes data descriptors as a streaming sender does."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        self.data += data
        return len(data)

    def flush(self):
        pass


def zipped(*entries, streamed=False):
    """entries: (name, data). The same bytes for the same arguments: the dates inside are fixed."""
    out = Stream() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o40755 << 16 if name.endswith('/') else 0o100644 << 16
            z.writestr(info, octets(data))
    return bytes(out.data) if streamed else out.getvalue()


def zip_encrypted(name, data):
    """A zip whose entry is under the old PKWARE cipher (any password: nobody will open it)."""
    data, nm = octets(data), octets(name)
    packed = b'\x5a' * 12 + zlib.compressobj(6, zlib.DEFLATED, -15).compress(data) + b'\x11' * 40
    local = struct.pack('<IHHHHHIIIHH', 0x04034B50, 20, 1, 8, 0, 0x5821, zlib.crc32(data),
                        len(packed), len(data), len(nm), 0) + nm
    central = struct.pack('<IHHHHHHIIIHHHHHII', 0x02014B50, 20, 20, 1, 8, 0, 0x5821,
                          zlib.crc32(data), len(packed), len(data), len(nm), 0, 0, 0, 0, 0, 0) + nm
    tail = struct.pack('<IHHHHIIH', 0x06054B50, 0, 0, 1, 1, len(central),
                       len(local) + len(packed), 0)
    return local + packed + central + tail


# ---- mail ---------------------------------------------------------------------------------------

FILE = 'reporter.example!example.com!%d!%d' % (BEGIN, END)


def folded(data, width=76):
    """base64 in lines of `width`."""
    raw = base64.b64encode(octets(data)).decode()
    return '\n'.join(raw[i:i + width] for i in range(0, len(raw), width)) + '\n'


def encoded(data, encoding):
    data = octets(data)
    if encoding == 'base64':
        return folded(data).encode()
    if encoding == 'quoted-printable':
        return quopri.encodestring(data)
    return data


def entity(data, kind='application/gzip', name=FILE + '.xml.gz', encoding='base64', more=''):
    """Header and body of one part; name None leaves the name out."""
    head = 'Content-Type: ' + kind
    if name is not None:
        head += ';\n\tname="%s"' % name
    head += '\n'
    if encoding is not None:
        head += 'Content-Transfer-Encoding: %s\n' % encoding
    if name is not None:
        head += 'Content-Disposition: attachment;\n\tfilename="%s"\n' % name
    return octets(head + more) + b'\n' + encoded(data, encoding)


def plain(words='This is a DMARC aggregate report for example.com.\n'):
    return b'Content-Type: text/plain; charset=us-ascii\n\n' + octets(words)


def multipart(*parts, subtype='mixed', boundary='b1', more=''):
    out = octets('Content-Type: multipart/%s;\n\tboundary="%s"%s\n\n' % (subtype, boundary, more))
    for part in parts:
        out += b'--' + boundary.encode() + b'\n' + part + b'\n'
    return out + b'--' + boundary.encode() + b'--\n'


def forwarded(mail, encoding=None):
    head = b'Content-Type: message/rfc822\n'
    if encoding == 'base64':
        return head + b'Content-Transfer-Encoding: base64\n\n' + encoded(mail, 'base64')
    return head + b'\n' + mail


def mail(body, sender='dmarc@reporter.example', to='dmarc@example.com',
         subject='Report Domain: example.com Submitter: reporter.example Report-ID: <golden-1>',
         date='Tue, 02 Jan 2024 03:04:05 +0000', message_id='<1@reporter.example>', before='',
         mime='MIME-Version: 1.0\n'):
    head = '%sDate: %s\nMessage-ID: %s\nFrom: %s\nTo: %s\nSubject: %s\n%s' % (
        before, date, message_id, sender, to, subject, mime)
    return octets(head) + body


def crlf(data):
    return data.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
