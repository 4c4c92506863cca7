"""Memory is the sum of fixed buffers: it grows neither with a report, nor with the number of mails, nor
with the addresses that are judged.

RUAD_HUGE records (100000) in one report; RUAD_ADDRESSES addresses (200000) of one domain; then many
small mails against few. Under a sanitizer the
numbers mean nothing and the test is skipped.
"""
import os
import random
import sqlite3
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
import kit  # noqa: E402
import tap  # noqa: E402

LIMIT = 32 << 10    # KiB
GROWTH = 2 << 10
FEW, MANY = 10000, 20000  # few enough to run, many enough to fill the caches (8 MiB of pages)
ROW = ('<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>none'
       '</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers>'
       '<header_from>example.com</header_from></identifiers><auth_results><dkim><domain>example.com'
       '</domain><selector>s%d</selector><result>pass</result></dkim><spf><domain>b%d.mailer.example'
       '</domain><result>pass</result></spf></auth_results></record>\n')


def of_few(rng, n):
    """Some thousands of addresses."""
    return '192.0.2.%d' % rng.randrange(256) if n % 3 else '2001:db8::%x:%x' % (n % 5, rng.randrange(65536))


def of_many(rng, n):
    """Each another one, most of another network."""
    return '%d.%d.%d.%d' % (11 + n % 180, n >> 8 & 255, n >> 16, n & 255) if n % 3 else \
        '2001:db8:%x:%x::1' % (n & 65535, n >> 16)


def huge(path, count, address=of_few):
    """A mail with one report of `count` records, written as a stream; the messages in it."""
    rng, messages = random.Random(3), 0
    head, foot = kit.feedback(['@@@']).split('@@@')
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    before, after = kit.mail(kit.multipart(kit.plain(), kit.entity('@@@', 'application/gzip',
                                                                   encoding='base64'))).split(
        kit.folded('@@@').encode())
    with open(path, 'wb') as f:
        f.write(before)
        rest = pack.compress(head.encode())
        for n in range(count):
            many = rng.randrange(1, 1000)
            messages += many
            ip = address(rng, n)
            rest += pack.compress((ROW % (ip, many, rng.randrange(9), rng.randrange(400))).encode())
            if len(rest) > 57000:
                f.write(kit.folded(rest[:57000]).encode())
                rest = rest[57000:]
        rest += pack.compress(foot.encode()) + pack.flush()
        f.write(kit.folded(rest).encode() + after)
    os.utime(path, (1.7e9, 1.7e9))
    return messages


def small(box, first, count):
    for n in range(first, first + count):
        xml = kit.feedback(report_id='small-%d' % n)
        tap.write(os.path.join(box, 'new', '%d.M%d.x' % (n, n)),
                  kit.mail(kit.entity(kit.gz(xml)), message_id='<%d@x.example>' % n))


# The kernel counts what a process was before its exec, so the parent must be smaller than what it
# measures: this test is not.
MEASURE = '''import os, resource, sys
status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)'''


def peak(db, *argv):
    """The most memory the program ever had, in KiB."""
    _, out, _ = tap.run(sys.executable, '-ISc', MEASURE, tap.INGEST, '--db', db, *argv, check=(0,))
    return int(out)


def count_of(db):
    con = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    out = con.execute('SELECT count(*), sum(records), sum(messages) FROM report').fetchone()
    con.close()
    return out


def judged_of(db):
    con = sqlite3.connect('file:%s?mode=ro' % db, uri=True)
    out = con.execute('SELECT (SELECT count(*) FROM member), (SELECT sum(messages) FROM class_daily),'
                      ' (SELECT count(*) FROM unassessed)').fetchone()
    con.close()
    return out


def main():
    if os.environ.get('RUAD_SANITIZE', 'none') != 'none':
        tap.skip_all('built with a sanitizer')
    directory, t = tap.scratch(), tap.Tap()
    records = int(os.environ.get('RUAD_HUGE', '100000'))
    mail, db = os.path.join(directory, 'huge.eml'), os.path.join(directory, 'huge.db')
    messages = huge(mail, records)
    most = peak(db, mail)
    tap.say('%d records, a mail of %d bytes: %d KiB' % (records, os.path.getsize(mail), most))
    t.equal(count_of(db), (1, records, messages), 'a huge report is stored whole')
    t.ok(most < LIMIT, 'it takes less than 32 MiB', '%d KiB' % most)

    addresses = int(os.environ.get('RUAD_ADDRESSES', '200000'))
    mail, db = os.path.join(directory, 'wide.eml'), os.path.join(directory, 'wide.db')
    messages = huge(mail, addresses, of_many)
    most = peak(db, mail)
    tap.say('%d addresses: %d KiB' % (addresses, most))
    t.equal(judged_of(db), (addresses, messages, 0), 'every address of a domain is judged')
    t.ok(most < LIMIT, 'that takes less than 32 MiB too', '%d KiB' % most)

    few = tap.maildir(os.path.join(directory, 'few'))
    small(few, 0, FEW)
    many = tap.maildir(os.path.join(directory, 'many'))
    small(many, FEW, MANY)
    low, high = (peak(os.path.join(directory, name + '.db'), box)
                 for name, box in (('few', few), ('many', many)))
    tap.say('%d mails: %d KiB; %d mails: %d KiB' % (FEW, low, MANY, high))
    t.ok(high < low + GROWTH and high < LIMIT, 'many mails take no more than few',
         '%d KiB, %d KiB' % (low, high))
    tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
