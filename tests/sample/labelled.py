#!/usr/bin/env python3
"""A Maildir of report mails whose senders an administrator has labelled, one by one.

	labelled.py DIR [--today 2026-11-24] [--seed 1] [--truth FILE]

94 sources that send, pass on or forge mail of twelve domains, seen by six reporters over 60 days. Each has the class a mail administrator would give it who sees these reports and knows mail,
but not the owner's mind: yours, forwarded, not_yours, or to_decide where an honest administrator
would have to ask. The labels say what is right, not what the program says; where it errs they
stay. The last three domains were labelled after the rules had been mended by what the first nine
showed, and before any judging of them. Same arguments, same mails. The truth is one line a source: domain, addresses, class, why,
messages; tab separated.

Addresses are those reserved for documentation and benchmarks, in many networks because a network
says who belongs together. The mail services are real ones, by the names their mail carries.
"""
import argparse
import calendar
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_sample as sample  # noqa: E402

DAYS = 60
ALL_DAYS = range(7)

REPORTERS = (
    sample.Reporter('google.com', 'noreply-dmarc-support@google.com', .46, 'google', {}),
    sample.Reporter('Enterprise Outlook', 'dmarcreport@microsoft.com', .28, 'microsoft', {}),
    sample.Reporter('Yahoo', 'noreply@dmarc.yahoo.com', .13, 'yahoo', {}),
    sample.Reporter('GMX', 'noreply-dmarc@sicher.gmx.net', .06, 'rfc9990', {}),
    sample.Reporter('Fastmail Pty Ltd', 'reports@fastmaildmarc.com', .04, 'fastmail', {}),
    # An old one that names no selectors.
    sample.Reporter('mx.vecinos.example', 'postmaster@vecinos.example', .03, 'opendmarc', {}),
)
GOOGLE, MICROSOFT = 'google.com', 'Enterprise Outlook'


class Domain:
    def __init__(self, name, policy='none', adkim='r', aspf='r'):
        self.name, self.published, self.adkim, self.aspf = name, policy, adkim, aspf
        self.sp = policy


DOMAINS = {d.name: d for d in (
    Domain('almazara.example', 'quarantine'),       # own server, a newsletter
    Domain('bodega.example'),                       # Google Workspace and several services
    Domain('cooperativa.example'),                  # Microsoft 365 that nobody put into SPF
    Domain('dulces.example'),                       # a shop on shared hosting: SPF only
    Domain('escuela.example', 'none', 's', 's'),    # a gateway, subdomains, strict alignment
    Domain('viejamarca.example', 'reject'),         # parked: sends nothing
    Domain('gestoria.example', 'quarantine'),       # several transactional services
    Domain('hotel.example', 'none'),                # keys that were lost
    Domain('instituto.example'),                    # no SPF record at all
    Domain('jardines.example'),                     # a club: more copies by lists than mail sent
    Domain('kiosco.example', 'quarantine'),         # an office and its services, well set up
    Domain('lavanda.example'),                      # a rented server, nothing in SPF
)}


class Seen:
    """How one kind of mail of a source looks to a receiver.

    dkim, spf: aligned, as evaluated. envelope: domain of MAIL FROM, '' for none, None where it is
    the domain itself. raw: the raw SPF result for it. signed: (d, s, result) each. share: of the
    source's mail. first, last: days on which it looks like this."""

    def __init__(self, dkim, spf, raw, envelope=None, signed=(), share=1.0, header_from=None,
                 helo=None, first=0, last=DAYS - 1):
        self.dkim, self.spf, self.raw, self.envelope = dkim, spf, raw, envelope
        self.signed, self.share, self.header_from, self.helo = signed, share, header_from, helo
        self.first, self.last = first, last


class Source:
    """ips: its addresses; daily: messages a day; days: those on which it sends; to: the only
    reporters that see it; reasons: reporter -> (type, comment) it gives when mail fails."""

    def __init__(self, domain, label, why, ips, daily, seen, days=range(DAYS), weekdays=ALL_DAYS,
                 to=None, reasons=None):
        self.domain, self.label, self.why = domain, label, why
        self.ips, self.daily, self.days = ips.split(), daily, days
        self.seen = seen if isinstance(seen, list) else [seen]
        self.weekdays, self.to, self.reasons = weekdays, to, reasons or {}
        self.messages = 0


def aligned(domain, selector=None, envelope=None, header_from=None, **more):
    """SPF passes for the domain; signed where a selector is named."""
    signed = [(header_from or domain, selector, 'pass')] if selector else []
    return Seen('pass' if selector else 'fail', 'pass', 'pass', envelope, signed,
                header_from=header_from, **more)


def by_service(domain, selector, bounce, default=None, **more):
    """A service signs for the domain; bounces go to the service."""
    signed = [(domain, selector, 'pass')] + ([(default, 'mail1', 'pass')] if default else [])
    return Seen('pass', 'fail', 'pass', bounce, signed, **more)


def unaligned(bounce, default=None, selector='mail1', **more):
    """All passes, for names that are not the domain's."""
    return Seen('fail', 'fail', 'pass', bounce, [(default, selector, 'pass')] if default else [],
                **more)


def relayed(domain, selector, raw='fail', envelope=None, signature='pass', extra=(), **more):
    """Signed by the domain and passed on by someone else, unchanged or changed."""
    return Seen(signature, 'fail', raw, envelope, [(domain, selector, signature)] + list(extra),
                **more)


def bare(raw='fail', envelope=None, **more):
    """No signature, SPF does not pass for the domain."""
    return Seen('fail', 'fail', raw, envelope, **more)


def almazara():
    d = 'almazara.example'
    return [
        Source(d, 'yours', 'The company mail server: SPF and DKIM pass.', '198.18.1.10', 60,
               aligned(d, 'mail')),
        Source(d, 'yours', 'The same server over IPv6, listed in SPF too.', '2001:db8:a1::25', 25,
               aligned(d, 'mail')),
        Source(d, 'yours', 'Mailchimp with the own key; its return path is always its own.',
               '198.18.2.7 198.18.3.9', 50,
               by_service(d, 'k2', 'mail10.atl.mcsv.net', 'mailchimpapp.net'), weekdays=(1, 3)),
        Source(d, 'forwarded', 'An alumni address passes mail on: SPF breaks, the signature holds.',
               '198.18.4.20', 2, relayed(d, 'mail', 'softfail'), to=(GOOGLE,)),
        Source(d, 'forwarded', 'A forwarder that rewrites the envelope; the signature holds.',
               '198.18.5.30 2001:db8:a5::30', 3,
               relayed(d, 'mail', 'pass', 'srs.reenvios.example'), to=(GOOGLE, 'Yahoo')),
        Source(d, 'forwarded', 'A Google group adds a footer: the signature of the company breaks.',
               '198.18.6.41', 3,
               relayed(d, 'mail', 'pass', 'googlegroups.com', 'fail',
                       [('googlegroups.com', '20230601', 'pass')]),
               reasons={GOOGLE: ('local_policy', 'arc=pass')}),
        Source(d, 'forwarded', 'A university mailing list; one receiver says so.', '198.18.7.60', 2,
               relayed(d, 'mail', 'pass', 'listas.universidad.example', 'fail',
                       [('listas.universidad.example', 'l1', 'pass')]),
               reasons={GOOGLE: ('mailing_list', 'list host')}),
        Source(d, 'not_yours', 'A bot with our return path, two days, never seen again.',
               '198.18.8.131', 9, bare('fail'), days=(11, 12)),
        Source(d, 'not_yours', 'Another bot with our return path on one day.', '198.18.9.144', 5,
               bare('softfail'), days=(33,)),
        Source(d, 'not_yours', 'A bot on an IPv6 line of a home.', '2001:db8:bad:1::7', 4,
               bare('fail'), days=(20, 41)),
        Source(d, 'not_yours', 'A spammer with a domain of his own in the envelope.',
               '198.18.10.5 198.18.11.5', 12, unaligned('ofertas-buenas.example'),
               days=range(15, 22)),
        Source(d, 'to_decide', 'The same few unsigned mails each day with our return path: perhaps'
               ' an old server, one has to ask.', '198.18.12.77', 6, bare('softfail')),
        Source(d, 'to_decide', 'A web server beside the mail server; in a rented network it may be'
               ' a neighbour, one has to ask.', '198.18.1.80', 1, bare('fail')),
    ]


def bodega():
    d = 'bodega.example'
    return [
        Source(d, 'yours', 'Google Workspace with the own key and SPF.',
               '198.18.20.41 198.18.21.46 2001:db8:b0::41', 70, aligned(d, 'google')),
        Source(d, 'yours', 'HubSpot with the own key.', '198.18.22.15', 30,
               by_service(d, 'hs1-20551234', 'bf01x.hubspotemail.net')),
        Source(d, 'yours', 'SendGrid fully set up: own key and own return path.', '198.18.23.66',
               20, aligned(d, 's1', 'em1234.' + d)),
        Source(d, 'to_decide', 'SendGrid under its default names: a shop of ours or a stranger with'
               ' an account there.', '198.18.24.70', 4, unaligned('u77.wl.sendgrid.net',
                                                                  'sendgrid.net', 'smtpapi'),
               days=range(25, 50)),
        Source(d, 'forwarded', 'A customer on Microsoft 365 forwards; the envelope is his.',
               '198.18.25.91', 2, relayed(d, 'google', 'pass', 'cliente-sa.example'),
               to=(GOOGLE,)),
        Source(d, 'to_decide', 'Zendesk not set up for the domain: it is in use or abused, the owner'
               ' knows.', '198.18.26.12', 8, unaligned('zendesk.com', 'zendesk.com', 'zendesk1')),
        Source(d, 'forwarded', 'The spam filter of a recipient hands mail on unchanged.',
               '198.18.27.33', 3, relayed(d, 'google', 'fail'), to=(MICROSOFT,)),
        Source(d, 'forwarded', 'The gateway of a recipient adds a banner: the signature breaks.',
               '198.18.28.34', 2, relayed(d, 'google', 'fail', None, 'fail'), to=(MICROSOFT,)),
        Source(d, 'not_yours', 'Forged bounces: no return path, a host without SPF.',
               '198.18.29.200', 7, bare('none', '', helo='static-200.linea.example'),
               days=(8, 9, 10)),
        Source(d, 'not_yours', 'A broken-in web site at a host of strangers.', '198.18.30.15', 15,
               unaligned('srv15.alojamiento.example'), days=range(40, 46)),
    ]


def cooperativa():
    d = 'cooperativa.example'
    key = 'selector1'
    absent = bare('pass', '', helo='mail-db5.outbound.protection.outlook.com')
    absent.signed, absent.dkim, absent.share = [(d, key, 'pass')], 'pass', .05
    return [
        Source(d, 'yours', 'Microsoft 365 of the company: its key signs, SPF forgot the include.',
               '198.18.40.10 198.18.40.11', 28, [relayed(d, key, 'softfail', share=.95), absent]),
        Source(d, 'yours', 'More servers of Microsoft 365, the same key.', '198.18.41.20', 15,
               relayed(d, key, 'softfail')),
        Source(d, 'yours', 'And over IPv6, a quarter of the mail.', '2001:db8:f403::c1', 14,
               relayed(d, key, 'softfail')),
        Source(d, 'forwarded', 'A customer forwards under his own envelope.', '198.18.42.8', 1,
               relayed(d, key, 'pass', 'srs.cliente-sl.example'), to=(GOOGLE,)),
        Source(d, 'to_decide', 'A Microsoft 365 tenant signs with its default name only: which'
               ' tenant, the owner must say.', '198.18.43.9', 5,
               Seen('fail', 'fail', 'softfail', None,
                    [('coopnorte.onmicrosoft.com', 'selector1-coopnorte-onmicrosoft-com',
                      'pass')])),
        Source(d, 'not_yours', 'Invoices with a virus from a rented machine, own envelope, three'
               ' days.', '198.18.44.201', 20, bare('softfail'), days=(30, 31, 32)),
    ]


def dulces():
    d = 'dulces.example'
    return [
        Source(d, 'yours', 'The shop on shared hosting: SPF only, nothing signs.', '198.18.50.14',
               45, aligned(d)),
        Source(d, 'yours', 'Brevo with the own key, return path of Brevo.', '198.18.51.30', 25,
               by_service(d, 'brevo1', 'bounces.sender-sib.com'), weekdays=(2, 4)),
        Source(d, 'to_decide', 'Mailjet under its default names: not set up, or not ours.',
               '198.18.52.31', 5, unaligned('bnc3.mailjet.com', 'mailjet.com')),
        Source(d, 'to_decide', 'Unsigned mail with our return path from one provider all the time: a'
               ' forwarder or a server, reports cannot tell.', '198.18.53.32', 1, bare('fail')),
        Source(d, 'forwarded', 'A Google group: the list host is known, nothing of ours is signed.',
               '198.18.54.41', 2, unaligned('googlegroups.com', 'googlegroups.com', '20230601')),
        Source(d, 'forwarded', 'Pobox, a known forwarder, under its own envelope.', '198.18.55.17',
               2, unaligned('bounce.pobox.com')),
        Source(d, 'to_decide', 'Three weeks of unsigned mail with our return path: a spammer who'
               ' stays looks like a forgotten server.', '198.18.56.99', 3, bare('fail'),
               days=range(20, 42)),
        Source(d, 'not_yours', 'A bot without return path, one day.', '198.18.57.190', 6,
               bare('none', '', helo='adsl-190.linea.example'), days=(50,)),
    ]


def escuela():
    d = 'escuela.example'
    return [
        Source(d, 'yours', 'All mail leaves through Mimecast with a key of the school.',
               '198.18.60.110 198.18.61.111', 40, aligned(d, 'mimecast20240115')),
        Source(d, 'yours', 'The newsletter subdomain at Mailgun, fully set up.', '198.18.62.19', 20,
               aligned(d, 'pdk1', 'boletin.' + d, 'boletin.' + d)),
        Source(d, 'to_decide', 'The learning platform under a subdomain without SPF and key; surely'
               ' worth a question.', '198.18.63.70', 5,
               bare('none', 'moodle.' + d, header_from='moodle.' + d)),
        Source(d, 'yours', 'A server of the school that signs as a subdomain; alignment is strict, so'
               ' DMARC fails, but the key is ours.', '198.18.64.21', 6,
               Seen('fail', 'fail', 'pass', 'correo.' + d, [('correo.' + d, 'c1', 'pass')])),
        Source(d, 'forwarded', 'A list at groups.io changes the subject.', '198.18.65.55', 2,
               relayed(d, 'mimecast20240115', 'pass', 'groups.io', 'fail',
                       [('groups.io', '20240830', 'pass')])),
        Source(d, 'forwarded', 'A list that changes nothing: the signature holds.', '198.18.66.56',
               2, relayed(d, 'mimecast20240115', 'pass', 'lists.debian.org')),
        Source(d, 'not_yours', 'An invented subdomain, a stranger in the envelope.',
               '198.18.67.146', 14, unaligned('premio.invalid', header_from='pagos.' + d),
               days=range(5, 9)),
        Source(d, 'to_decide', 'A few mails now and then through the relay of an access provider,'
               ' with our return path: a teacher at home, perhaps.', '198.18.68.3', 1,
               bare('softfail'), days=range(3, DAYS, 7)),
        Source(d, 'yours', 'Payroll sends bounces to us and is in SPF; once a month.',
               '198.18.69.4', 30, aligned(d), days=(27, 28, 57, 58)),
    ]


def viejamarca():
    d = 'viejamarca.example'
    return [
        Source(d, 'not_yours', 'Nothing is sent from a parked domain: a bot.', '198.18.70.9', 6,
               bare('fail'), days=(2, 3, 17)),
        Source(d, 'not_yours', 'Another bot, with an envelope of its own.', '198.18.71.10', 9,
               unaligned('regalos.invalid'), days=(22, 23)),
        Source(d, 'not_yours', 'A bot that stays for weeks: the domain is parked, so it is not ours.',
               '198.18.72.11', 2, bare('fail'), days=range(10, 50)),
    ]


def gestoria():
    d = 'gestoria.example'
    ses = 'ug7nbtf4gccmlpwj322ax3p6ow6yfsug'
    return [
        Source(d, 'yours', 'IONOS with its key and SPF.', '198.18.80.134 198.18.80.135', 30,
               aligned(d, 's1-ionos')),
        Source(d, 'yours', 'Postmark with the own key, return path of Postmark.', '198.18.81.4', 12,
               by_service(d, '20240301101530pm', 'pm.mtasv.net')),
        Source(d, 'yours', 'Amazon SES with the own key, return path of Amazon.',
               '198.18.82.8 198.18.83.8', 22,
               by_service(d, ses, '0102018d.eu-west-1.amazonses.com', 'amazonses.com')),
        Source(d, 'forwarded', 'Someone forwards what Amazon SES sent for us.', '198.18.84.18', 1,
               relayed(d, ses, 'fail', '0102018d.eu-west-1.amazonses.com', 'pass',
                       [('amazonses.com', 'ihchhvubuqgjsxyuhssfvqohv7z3u4hn', 'pass')]),
               to=(GOOGLE,)),
        Source(d, 'yours', 'Constant Contact with the own key.', '198.18.86.60', 30,
               by_service(d, 'ctct1', 'in.constantcontact.com', 'ccsend.com'), weekdays=(1,)),
        Source(d, 'to_decide', 'Salesforce sends with its own return path and no key of ours.',
               '198.18.87.13', 4, unaligned('x1y2.bnc.salesforce.com')),
        Source(d, 'to_decide', 'Zoho Campaigns under its default names.', '198.18.88.23', 20,
               unaligned('bounce.zcsend.net', 'zcsend.net'), weekdays=(3,)),
        Source(d, 'not_yours', 'A forger with a signature of his own domain.', '198.18.89.77', 18,
               unaligned('cobros-urgentes.example', 'cobros-urgentes.example'), days=(44, 45, 46)),
    ]


def hotel():
    d = 'hotel.example'
    return [
        Source(d, 'yours', 'The hotel server; its key was lost on the 40th day, SPF goes on.',
               '198.18.90.25', 35,
               [aligned(d, 'srv', last=39),
                Seen('fail', 'pass', 'pass', None, [(d, 'srv', 'permerror')], first=40)]),
        Source(d, 'yours', 'SparkPost with the own key until the 40th day; then the key was gone.',
               '198.18.91.83', 18,
               [by_service(d, 'scph0124', 'mail.sparkpostmail.com', last=39),
                Seen('fail', 'fail', 'pass', 'mail.sparkpostmail.com',
                     [(d, 'scph0124', 'permerror')], first=40)]),
        Source(d, 'to_decide', 'A booking platform signs with a key nobody published.',
               '198.18.92.44', 7,
               Seen('fail', 'fail', 'softfail', None, [(d, 'reservas', 'permerror')])),
        Source(d, 'not_yours', 'A forged signature with a selector that never was, three days.',
               '198.18.93.213', 14, Seen('fail', 'fail', 'fail', None, [(d, 'xq7', 'fail')]),
               days=(14, 15, 16)),
        Source(d, 'yours', 'The door system sends over IPv6 only; SPF lists it.',
               '2001:db8:c1::9', 4, aligned(d)),
        Source(d, 'yours', 'The hotel server over IPv6, which SPF does not list; the key is ours and'
               ' much of the mail comes this way.', '2001:db8:c9::25', 15,
               relayed(d, 'srv', 'softfail', last=39)),
        Source(d, 'forwarded', 'A guest has his mail forwarded.', '198.18.94.61', 1,
               relayed(d, 'srv', 'softfail', last=39), days=range(40), to=(GOOGLE,)),
    ]


def instituto():
    d = 'instituto.example'
    return [
        Source(d, 'yours', 'One of two servers: no SPF record, but the key of the institute.',
               '198.18.100.5', 30, relayed(d, 'x2024', 'none')),
        Source(d, 'yours', 'The other server, with the same key and nearly as much mail.',
               '198.18.101.6', 22, relayed(d, 'x2024', 'none')),
        Source(d, 'forwarded', 'A plain forwarder of a few of these mails.', '198.18.102.7', 1,
               relayed(d, 'x2024', 'none'), to=(GOOGLE,)),
        Source(d, 'yours', 'MailerLite with the own key.', '198.18.103.90', 25,
               by_service(d, 'litesrv', 'bounce.mlsend.com'), weekdays=(4,)),
        Source(d, 'forwarded', 'A list of RedIRIS: it changes what the institute signed.',
               '198.18.104.22', 2,
               relayed(d, 'x2024', 'pass', 'listserv.rediris.es', 'fail')),
        Source(d, 'forwarded', 'The receiver trusts this forwarder and says so.', '198.18.105.31', 3,
               bare('none'), to=(MICROSOFT,),
               reasons={MICROSOFT: ('trusted_forwarder', None)}),
        Source(d, 'forwarded', 'The receiver knows that the message was forwarded.',
               '198.18.106.32', 2, bare('pass', 'ayuntamiento.example'), to=('GMX',),
               reasons={'GMX': ('forwarded', 'looks forwarded')}),
        Source(d, 'not_yours', 'A forger who sent twice.', '198.18.107.243', 8,
               bare('none', 'alquiler.invalid'), days=(36, 52)),
    ]


def jardines():
    d = 'jardines.example'
    return [
        Source(d, 'yours', 'The hosting of the club: SPF and a key.', '198.18.110.5', 10,
               aligned(d, 'default')),
        Source(d, 'forwarded', 'A big list that changes nothing: many more copies than mail sent.',
               '198.18.111.6', 70, relayed(d, 'default', 'pass', 'listas.clubes.example')),
        Source(d, 'forwarded', 'A big list with a footer: the signature breaks in every copy.',
               '198.18.112.7', 40,
               relayed(d, 'default', 'pass', 'avisos.federacion.example', 'fail',
                       [('avisos.federacion.example', 'f1', 'pass')])),
        Source(d, 'forwarded', 'The old provider of the members forwards to Gmail; for so small a'
               ' club that is much.', '198.18.113.8', 4, relayed(d, 'default', 'softfail'),
               to=(GOOGLE,)),
        Source(d, 'to_decide', 'Somebody sends from a Gmail account all the time: a member, most'
               ' likely, but one has to ask.', '198.18.114.9', 2,
               unaligned('gmail.com', 'gmail.com', '20230601')),
        Source(d, 'to_decide', 'Wix under its default names.', '198.18.115.10', 3,
               unaligned('bounce.ascendbywix.com', 'ascendbywix.com'), weekdays=(0, 3)),
        Source(d, 'not_yours', 'A bot on two days.', '198.18.116.11', 11, bare('fail'),
               days=(12, 13)),
    ]


def kiosco():
    d = 'kiosco.example'
    return [
        Source(d, 'yours', 'Microsoft 365 with key and SPF.',
               '198.18.120.10 198.18.121.11 2001:db8:f404::c2', 50, aligned(d, 'selector1')),
        Source(d, 'yours', 'The copiers of the office: SPF, unsigned.', '198.18.122.12', 5,
               aligned(d)),
        Source(d, 'to_decide', 'Two days over an unknown line with our return path: perhaps the'
               ' second line of the office.', '198.18.123.13', 15, bare('softfail'),
               days=(23, 24)),
        Source(d, 'yours', 'Salesforce Marketing Cloud with the own key.', '198.18.124.14', 40,
               by_service(d, '10dkim1', 'bounce.s10.exacttarget.com', 's10.exacttarget.com'),
               weekdays=(2,)),
        Source(d, 'yours', 'Zendesk set up: own key, SPF.', '198.18.125.15', 12,
               aligned(d, 'zendesk1')),
        Source(d, 'forwarded', 'A forwarder that adds a line; Gmail trusts its ARC seal.',
               '198.18.126.16', 1, relayed(d, 'selector1', 'fail', None, 'fail'), to=(GOOGLE,),
               reasons={GOOGLE: ('local_policy', 'arc=pass')}),
        Source(d, 'not_yours', 'Three mails from a free mailbox of a stranger.', '198.18.127.17', 3,
               unaligned('outlook.com', 'outlook.com', 'selector1'), days=(37,)),
        Source(d, 'yours', 'Amazon SES with our return path and its default signature only.',
               '198.18.128.18', 8,
               Seen('fail', 'pass', 'pass', 'rebotes.' + d,
                    [('amazonses.com', 'ihchhvubuqgjsxyuhssfvqohv7z3u4hn', 'pass')])),
    ]


def lavanda():
    d = 'lavanda.example'
    return [
        Source(d, 'yours', 'A rented server with the key of the domain; no SPF.', '198.18.130.5',
               25, relayed(d, 'mail', 'none')),
        Source(d, 'to_decide', 'Brevo under its default names.', '198.18.131.6', 6,
               unaligned('bounces.sender-sib.com', 'sender-sib.com')),
        Source(d, 'forwarded', 'A plain forwarder of some of this mail.', '198.18.132.7', 1,
               relayed(d, 'mail', 'none'), to=(GOOGLE,)),
        Source(d, 'yours', 'Mailgun with the own key under a common name, return path of Mailgun.',
               '198.18.133.8', 14, by_service(d, 'smtp', 'lavanda.mailgun.org')),
        Source(d, 'to_decide', 'Receipts by Stripe under its own names.', '198.18.134.9', 3,
               unaligned('bounce.stripe.com', 'stripe.com')),
        Source(d, 'not_yours', 'A bot from two networks.', '198.18.135.10 198.18.136.10', 13,
               bare('none', 'premios.invalid'), days=(6, 7, 29)),
        Source(d, 'forwarded', 'A discussion list at Google Groups with a footer.',
               '198.18.137.11', 2,
               relayed(d, 'mail', 'pass', 'googlegroups.com', 'fail',
                       [('googlegroups.com', '20230601', 'pass')])),
    ]


SOURCES = [source for of in (almazara, bodega, cooperativa, dulces, escuela, viejamarca, gestoria,
                             hotel, instituto, jardines, kiosco, lavanda) for source in of()]


# ---- the mails ----------------------------------------------------------------------------------

def flow_of(source, seen, reporter, ip, count):
    envelope = source.domain if seen.envelope is None else seen.envelope
    auth = [('dkim', d, None if reporter.shape == 'opendmarc' else s, result)
            for d, s, result in seen.signed]
    if envelope:
        auth.append(('spf', envelope, 'mfrom', seen.raw))
    else:
        auth.append(('spf', seen.helo, 'helo', seen.raw))
    fails = 'pass' not in (seen.dkim, seen.spf)
    return sample.Flow(ip, count, seen.dkim, seen.spf, auth, envelope,
                       source.reasons.get(reporter.name) if fails else None, seen.header_from)


def flows_of_day(rng, source, day, weekday):
    """(reporter, flow) of a day: each message goes to one reporter, from one address."""
    kinds = [s for s in source.seen if s.first <= day <= s.last]
    reporters = [r for r in REPORTERS if source.to is None or r.name in source.to]
    if day not in source.days or weekday not in source.weekdays or not kinds:
        return
    count = max(1, int(source.daily * (1 if weekday < 5 else .5) * rng.uniform(.7, 1.3) + .5))
    seen = {}
    for _ in range(count):
        what = (rng.choices(range(len(reporters)), [r.share for r in reporters])[0],
                rng.choices(range(len(kinds)), [k.share for k in kinds])[0],
                rng.randrange(len(source.ips)))
        seen[what] = seen.get(what, 0) + 1
    source.messages += count
    for (r, k, ip), n in sorted(seen.items()):
        yield reporters[r], flow_of(source, kinds[k], reporters[r], source.ips[ip], n)


def mails_of(seed, first):
    for day in range(DAYS):
        midnight = first + day * 86400
        weekday = time.gmtime(midnight).tm_wday
        reports = {}
        for number, source in enumerate(SOURCES):
            rng = random.Random('%d %d %d' % (seed, day, number))
            for reporter, flow in flows_of_day(rng, source, day, weekday):
                reports.setdefault((source.domain, REPORTERS.index(reporter)), []).append(flow)
        for (name, which), flows in sorted(reports.items()):
            yield midnight, DOMAINS[name], REPORTERS[which], flows


def deliver(box, seed, midnight, d, reporter, flows):
    rng = random.Random('%d %d %s %s' % (seed, midnight, d.name, reporter.name))
    begin, end = sample.window(reporter, midnight)
    rng.shuffle(flows)
    records = [sample.record_xml(f, d.published, reporter, d) for f in flows]
    report_id = sample.report_id_of(reporter, d, begin, rng)
    xml = sample.report_xml(records, reporter, d, d.published, begin, end, report_id, rng)
    when = midnight + 86400 + rng.randrange(2 * 3600, 14 * 3600)
    box.deliver(when, sample.report_mail(sample.wrapped(xml, reporter, d, begin, end), reporter, d,
                                         report_id, when, box.count))


def write_truth(path):
    with open(path, 'w', encoding='utf-8') as f:
        for s in SOURCES:
            f.write('%s\t%s\t%s\t%s\t%d\n' % (s.domain, ' '.join(s.ips), s.label, s.why,
                                              s.messages))


def main():
    parser = argparse.ArgumentParser(description='A Maildir of mails from labelled sources.')
    parser.add_argument('directory')
    parser.add_argument('--today', default='2026-11-24')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--truth')
    options = parser.parse_args()
    today = calendar.timegm(time.strptime(options.today, '%Y-%m-%d'))
    box = sample.Box(options.directory)
    for midnight, d, reporter, flows in mails_of(options.seed, today - DAYS * 86400):
        deliver(box, options.seed, midnight, d, reporter, flows)
    if options.truth:
        write_truth(options.truth)


if __name__ == '__main__':
    main()
