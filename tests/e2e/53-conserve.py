"""Σ classes = Σ sources = Σ days = Σ reporters = messages, and windows that touch add up.

The windows and cuts are new in every run; the seed is printed, and RUAD_SEED takes one back.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '../oracle')]
import conserve  # noqa: E402
import generate  # noqa: E402
import tap  # noqa: E402
import web  # noqa: E402

WINDOWS = 30 if os.environ.get('RUAD_SANITIZE', 'none') == 'none' else 8


def holds(t, name, db, seed):
    crawler = conserve.crawl(db, WINDOWS, seed)
    t.ok(crawler.laws > WINDOWS and crawler.broken == 0, '%s: what must add up does' % name,
         '%d of %d laws broken, seed %d' % (crawler.broken, crawler.laws, seed))
    tap.say('%s: %d laws' % (name, crawler.laws))


def main():
    directory, t = tap.scratch(), tap.Tap()
    seed = int(os.environ.get('RUAD_SEED') or time.time())
    tap.say('seed %d' % seed)
    try:
        mails, db = os.path.join(directory, 'mails'), os.path.join(directory, 'db')
        generate.generate(mails, seed, 130, '2026-11-20')
        tap.ingest(db, mails, check=(0, 65))
        holds(t, 'generated', db, seed)
        os.mkdir(os.path.join(directory, 'sample'))
        holds(t, 'the sample', web.sample(os.path.join(directory, 'sample')), seed)
    finally:
        tap.drop(directory)
    t.done()


if __name__ == '__main__':
    main()
