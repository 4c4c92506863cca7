"""The two programs in turn over the same mails: medians, their ratio, and the most memory.

	measure.py DIR ROUNDS HUGE    DIR holds build/, floor, mails/ and huge/, as run.sh makes them
"""
import os
import shutil
import statistics
import sys
import time


def run(argv, cwd):
    """(seconds, seconds of processor, KiB) of one program from start to end."""
    out = os.open(os.path.join(cwd, 'out'), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    began = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)])
    _, status, usage = os.wait4(pid, 0)
    took = time.monotonic() - began
    os.close(out)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 65):
        with open(os.path.join(cwd, 'out')) as f:
            sys.exit('%r ended with %d\n%s' % (argv, code, f.read()[-2000:]))
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def linked(box, to):
    """A copy of the Maildir that costs no bytes: settling renames, it does not write."""
    shutil.rmtree(to, ignore_errors=True)
    for sub in ('cur', 'tmp', 'new'):
        os.makedirs(os.path.join(to, sub))
    for mail in os.scandir(os.path.join(box, 'new')):
        os.link(mail.path, os.path.join(to, 'new', mail.name))
    return to


def gone(path):
    for end in ('', '-wal', '-shm', '-journal', '.lock'):
        if os.path.exists(path + end):
            os.unlink(path + end)
    return path


def main():
    base, rounds, huge = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ours = os.path.join(base, 'build', 'ingest', 'ruad-ingest')
    floor = os.path.join(base, 'floor')
    box, db = os.path.join(base, 'mails'), os.path.join(base, 'db')
    count = len(os.listdir(os.path.join(box, 'new')))
    took, busy, memory = {'floor': [], 'ruad': []}, {'floor': [], 'ruad': []}, 0
    for n in range(rounds + 1):
        both = (('floor', [floor, '-s', 'db', '-S', 'tight', '-R', '-I', '-w', '-y', 'full', '-O',
                           '-o', gone(db), box]),
                ('ruad', [ours, '--db', db, os.path.join(base, 'run')]))
        for who, argv in both:
            gone(db)
            if who == 'ruad':
                linked(box, os.path.join(base, 'run'))
            seconds, cpu, rss = run(argv, base)
            if n > 0:   # the first round fills the caches
                took[who].append(seconds)
                busy[who].append(cpu)
            if who == 'ruad':
                memory = max(memory, rss)
    low, own = (statistics.median(took[who]) for who in ('floor', 'ruad'))
    print('%d mails, %d rounds' % (count, rounds))
    print('floor  median %7.3f s  (%s)' % (low, ' '.join('%.3f' % s for s in took['floor'])))
    print('ruad   median %7.3f s  (%s)  %.0f mails/s, %d KiB' % (
        own, ' '.join('%.3f' % s for s in took['ruad']), count / own, memory))
    low_cpu, own_cpu = (statistics.median(busy[who]) for who in ('floor', 'ruad'))
    print('ratio  %.2f  (processor time alone: %.3f s / %.3f s = %.2f)' % (
        own / low, own_cpu, low_cpu, own_cpu / low_cpu))
    if huge:
        big = os.path.join(base, 'huge', 'new')
        gone(db)
        seconds, _, rss = run([ours, '--db', db, big], base)
        print('huge   %d records: %.2f s, %d KiB' % (huge, seconds, rss))


if __name__ == '__main__':
    main()
