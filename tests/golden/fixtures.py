"""One mail or file for each thing reporters do, with what has to become of it.

A case is a promise (its name), the quirk it answers to, the bytes, and what is expected; nothing
here was copied from a real report. What may be expected:

  ending     of the mail, or a tuple where more than one is right; 'stored' if not said
  reports    how many reports are in the store afterwards
  messages, passed, failed, unknown        their sums
  notes      these are on the report (among others); only: exactly these
  reason     stands in the receipt's reason; kind: in its kind; place: in its place
  report     columns of the report; records: columns of its records, in order
  seconds    it is over by then (a bomb, not a benchmark: ten times what it takes)

data is bytes, or a list of bytes: several mails, read in that order (then `ending` is a list).
"""
import base64
import time
import zlib

import kit
from kit import (BEGIN, DAY, END, crlf, dkim, element, entity, feedback, forged, forwarded, gz, mail,
                 metadata, multipart, plain, policy, reason, record, spf, zipped)

CASES = []
NOT_STORED = ('refused', 'not a report')
FILE = kit.FILE


def case(name, quirk, data, ending='stored', **expect):
    if isinstance(data, str):
        data = data.encode()
    expect['ending'] = ending
    if ending == 'stored' and 'messages' not in expect and isinstance(data, bytes):
        expect.update(messages=5, passed=3, failed=2, unknown=0)
    CASES.append((name, quirk, data, expect))


def swap(where, old, new, times=1):
    """replace() that makes sure there was something to replace."""
    assert old in where, (old, where)
    return where.replace(old, new, times)


XML = feedback()
GZ = gz(XML)
ZIP = zipped((FILE + '.xml', XML))
WORDS = plain()

# ---- B1: the mail -------------------------------------------------------------------------------

case('a_plain_report_is_stored_without_notes', 0, XML, only=[],
     report=dict(reporter='Reporter Example', report_id='golden-1', domain='example.com',
                 email='dmarc@reporter.example'))
case('a_mail_whose_body_is_the_zip_is_read', 1,
     mail(entity(ZIP, 'application/zip', FILE + '.zip')), only=[])
case('a_mail_whose_body_is_gzip_with_a_line_end_behind_is_read', 2,
     mail(entity(GZ + b'\r\n', 'application/gzip')), only=[])
case('a_zip_labelled_gzip_is_read', 3,
     mail(entity(ZIP + b'\r\n', 'application/gzip', FILE + '.zip')))
case('a_zip_with_bytes_behind_its_end_is_read', 3, ZIP + b'\r\n\r\n')
case('a_zip_named_gz_is_read', 4, mail(multipart(WORDS, entity(ZIP, 'application/gzip'))))
case('a_gzip_named_zip_is_read', 4,
     mail(multipart(WORDS, entity(GZ, 'application/gzip', FILE + '.zip'))))
case('a_gzip_labelled_zip_is_read', 5, mail(entity(GZ, 'application/zip', FILE + '.xml.gz')))
case('an_unquoted_name_with_exclamation_marks_does_no_harm', 6, mail(multipart(
    WORDS, b'Content-Type: application/octet-stream; name=' + FILE.encode() + b'.xml.gz\n'
    b'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=' +
    FILE.encode() + b'.xml.gz\n\n' + kit.folded(GZ).encode())))
case('a_header_line_that_is_none_is_skipped', 7, mail(multipart(
    WORDS, b'Content-Type: application/gzip;\nContent-ID: <7@outlook.example>\n'
    b'name="' + FILE.encode() + b'.xml.gz"\nContent-Transfer-Encoding: base64\n'
    b'Content-Disposition: attachment;\n\tfilename="' + FILE.encode() + b'.xml.gz"\n\n' +
    kit.folded(GZ).encode())))
case('an_empty_part_does_no_harm', 8, mail(multipart(multipart(
    multipart(b'', entity('<p>report</p>', 'text/html', None), subtype='alternative',
              boundary='b3'), subtype='related', boundary='b2'), entity(GZ))))
case('a_part_without_a_type_is_sniffed', 9, mail(multipart(
    WORDS, swap(entity(GZ), b'Content-Type:', b'ContentType:'))))
case('a_part_without_any_header_but_its_encoding_is_sniffed', 9, mail(multipart(
    WORDS, b'Content-Transfer-Encoding: base64\n\n' + kit.folded(GZ).encode())))
case('a_boundary_on_a_line_that_is_no_header_is_found', 10, swap(
    mail(multipart(WORDS, entity(GZ))), b';\n\tboundary="b1"', b';\nboundary="b1"'))
case('long_base64_lines_are_read', 11, mail(multipart(
    plain('report\n'), b'Content-Type: text/xml\nContent-Transfer-Encoding: base64\n\n' +
    kit.folded(XML, 980).encode(), subtype='alternative')))
case('a_forwarded_report_mail_is_read', 12, mail(multipart(
    WORDS, forwarded(mail(entity(ZIP, 'application/zip', FILE + '.zip')))),
    sender='admin@example.com', subject='Fwd: report'))
case('a_mail_that_is_nothing_but_a_forwarded_one_is_read', 12,
     mail(forwarded(mail(multipart(WORDS, entity(GZ)))), sender='admin@example.com'))
case('a_forwarded_mail_in_base64_is_read', 12, mail(multipart(
    WORDS, forwarded(mail(multipart(WORDS, entity(GZ), boundary='b2')), 'base64'))))
case('a_report_mail_forwarded_twice_is_read', 12, mail(multipart(
    WORDS, forwarded(mail(multipart(WORDS, forwarded(mail(multipart(
        WORDS, entity(GZ), boundary='b3'))), boundary='b2'))))))
case('an_outlook_message_file_is_named_and_not_lost', 12, mail(multipart(WORDS, entity(
    b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(600), 'application/vnd.ms-outlook', 'r.msg'))),
    'not a report')
case('an_attachment_before_the_text_is_read', 13, mail(multipart(entity(GZ), WORDS)))
case('a_multipart_with_one_part_is_read', 14,
     mail(multipart(entity(ZIP, 'application/zip', FILE + '.zip'))))
for encoding in ('7bit', 'quoted-printable', 'base64'):
    for kind in ('text/xml', 'application/xml', 'text/plain'):
        case('bare_xml_as_%s_in_%s_is_read' % (kind.replace('/', '_'),
                                              encoding.replace('-', '_')), 15,
             mail(multipart(WORDS, entity(XML, kind, FILE + '.xml', encoding))))
case('a_mail_whose_body_is_the_xml_is_read', 15, mail(entity(XML, 'text/xml', None, '7bit')))
case('a_name_in_pieces_does_no_harm', 15, mail(multipart(
    WORDS, b'Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n'
    b'Content-Disposition: attachment;\n\tfilename*0="reporter.example!exam";\n'
    b'\tfilename*1="ple.com!1!2.xml.gz"\n\n' + kit.folded(GZ).encode())))
case('a_part_in_upper_case_labels_is_read', 15, mail(multipart(
    WORDS, b'CONTENT-TYPE: APPLICATION/GZIP; NAME="R.XML.GZ"\n'
    b'CONTENT-TRANSFER-ENCODING: BASE64\n\n' + kit.folded(GZ).encode())))
case('several_reports_in_one_mail_are_all_stored', 15, mail(multipart(
    WORDS, entity(GZ), entity(feedback(report_id='golden-2'), 'text/xml', 'b.xml'))),
    reports=2, messages=10)
case('a_bad_attachment_does_not_lose_the_good_one', 15, mail(multipart(
    WORDS, entity(gz(XML)[:-60], name='cut.xml.gz'),
    entity(feedback(report_id='golden-2'), 'text/xml', 'b.xml'))),
    'refused', reports=1, messages=5)
case('cron_mail_is_not_a_report', 16, mail(plain('/etc/cron.daily/logrotate: done\n'),
                                           subject='Cron <root@mx1> run-parts'), 'not a report')
case('a_notice_that_a_report_is_too_large_is_named', 16, mail(plain(
    'Report-Date: Tue, 02 Jan 2024 00:00:00 +0000\nReport-Domain: example.com\n'
    'Report-ID: <5@reporter.example>\nReport-Size: 12345678\nSubmitter: reporter.example\n'
    'Submitting-URI: mailto:dmarc@example.com\n'), subject='Report too large'),
    'not a report', kind='too large')
case('a_bounce_is_named', 16, mail(multipart(
    plain('Your message could not be delivered.\n'),
    b'Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n'
    b'Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n',
    subtype='report', more='; report-type=delivery-status'), sender='MAILER-DAEMON@mx.example',
    subject='Undelivered Mail Returned to Sender'), 'not a report', kind='bounce')
case('spam_with_a_zip_is_not_a_report', 16, mail(multipart(
    plain('You have won.\n'), entity(zipped(('prize.txt', 'call us')), 'application/zip',
                                     'prize.zip')), subject='Prize'), 'not a report')
case('a_picture_in_gzip_is_no_report', 17, mail(multipart(WORDS, entity(
    gz(b'\x89PNG\r\n\x1a\n' + bytes(range(256)))))), NOT_STORED)
case('noise_labelled_zip_is_no_report', 18, mail(multipart(WORDS, entity(
    zlib.compress(b'noise')[2:] * 40 + bytes([0x91, 0x17, 0xf3] * 50), 'application/zip',
    FILE + '.zip'))), NOT_STORED)
case('a_zip_that_is_noise_behind_its_first_bytes_is_refused', 18,
     mail(multipart(WORDS, entity(ZIP[:30] + bytes(range(256)), 'application/zip', 'x.zip'))),
     'refused', reason='zip')
case('base64_with_stray_characters_is_read', 19, mail(multipart(
    WORDS, b'Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n' +
    swap(kit.folded(GZ).encode(), b'\n', b' *\n', 3))))
case('base64_without_its_padding_is_read', 19, mail(multipart(
    WORDS, b'Content-Type: text/xml\nContent-Transfer-Encoding: base64\n\n' +
    base64.b64encode((XML + ' ' * ((1 - len(XML)) % 3)).encode()).rstrip(b'=') + b'\n')))
case('base64_cut_short_is_refused', 19, mail(multipart(
    WORDS, b'Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n' +
    kit.folded(GZ).encode()[:len(GZ) // 2])), 'refused')
case('base64_without_its_header_is_read', 19, mail(multipart(
    WORDS, b'Content-Type: application/gzip\n\n' + kit.folded(GZ).encode())))
case('mail_with_cr_lf_line_ends_is_read', 20, crlf(mail(multipart(WORDS, entity(
    XML, 'text/xml', FILE + '.xml', '7bit')))))
case('mail_with_mixed_line_ends_is_read', 20, swap(
    mail(multipart(WORDS, entity(GZ))), b'\n', b'\r\n', 9))
case('an_mbox_line_in_front_is_skipped', 21,
     b'From dmarc@reporter.example Tue Jan  2 03:04:05 2024\n' + mail(multipart(WORDS, entity(GZ))))
case('an_mbox_line_with_cr_lf_in_front_is_skipped', 21,
     crlf(b'From - Tue Jan  2 03:04:05 2024\n' + mail(multipart(WORDS, entity(GZ)))))
case('a_blank_in_the_line_that_ends_the_header_is_no_text', 22, swap(
    mail(multipart(WORDS, entity(GZ))), b'"b1"\n\n', b'"b1"\n \n'),
    ('stored', 'not a report'))
case('a_failure_report_in_base64_is_named', 23, mail(multipart(
    plain('fyi\n'), entity('Feedback-Type: auth-failure\nUser-Agent: x/1\nVersion: 1\n'
                           'Auth-Failure: dmarc\nReported-Domain: example.com\n',
                           'message/feedback-report', None),
    entity('From: a@example.com\nSubject: s\n\nb\n', 'message/rfc822', None, None),
    subtype='report', more='; report-type=feedback-report')), 'not a report', kind='failure report')
case('a_failure_notice_in_plain_words_is_named', 24, mail(multipart(
    plain('A message claiming to be from you has failed the published DMARC policy for your '
          'domain.\n\n  Sender Domain: example.com\n  Sender IP Address: 198.51.100.7\n'
          '  Received Date: Tue, 02 Jan 2024 03:04:05 +0000\n  SPF Alignment: no\n'
          '  DKIM Alignment: no\n  DMARC Results: Reject\n'),
    b'Content-Type: message/rfc822\n\nFrom: a@example.com\nSubject: s\n\nb\n',
    subtype='report', more='; report-type=feedback-report'),
    subject='DMARC Forensic Report for example.com'), 'not a report', kind='failure report')
case('a_failure_report_whose_address_has_a_comment_is_named', 25, mail(multipart(
    plain('fyi\n'), b'Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n'
    b'User-Agent: x/1\nVersion: 1\nSource-IP: 198.51.100.7 (a7.out.example)\n',
    b'Content-Type: text/rfc822-headers\n\nFrom: a@example.com\n',
    subtype='report', more='; report-type=feedback-report')), 'not a report', kind='failure report')
case('a_failure_report_with_quoted_printable_headers_is_named', 26, mail(multipart(
    plain('fyi\n'), b'Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n',
    b'Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable\n\n'
    b'From: a@example.com\nSubject: =\ns\n',
    subtype='report', more='; report-type=feedback-report')), 'not a report', kind='failure report')
case('a_second_copy_through_another_mx_is_a_duplicate', 27,
     [mail(entity(GZ), before='Received: by mx1.example.com; Tue, 2 Jan 2024 00:00:01 +0000\n'),
      mail(entity(GZ), before='Received: by mx2.example.com; Tue, 2 Jan 2024 00:00:09 +0000\n')],
     ['stored', 'duplicate'], reports=1, messages=5)
case('a_second_copy_in_another_wrapping_is_a_duplicate', 27,
     [mail(entity(GZ)), ZIP, crlf(XML.encode())], ['stored', 'duplicate', 'duplicate'],
     reports=1, messages=5)
AR = 'Authentication-Results: mx.example.com; dkim=%s header.d=reporter.example;\n' \
    '\tspf=%s smtp.mailfrom=reporter.example; dmarc=%s header.from=reporter.example\n'
case('a_report_mail_that_fails_dmarc_is_kept_and_marked', 28,
     mail(entity(GZ), before=AR % ('fail', 'fail', 'fail')), report=dict(trust='failed'),
     authserv='mx.example.com')
case('a_report_mail_that_passes_dmarc_is_verified', 28,
     mail(entity(GZ), before=AR % ('pass', 'pass', 'pass')), report=dict(trust='verified'),
     authserv='mx.example.com')
case('the_word_of_a_stranger_about_a_mail_is_not_believed', 28,
     mail(entity(GZ), before=AR % ('pass', 'pass', 'pass')), report=dict(trust='unknown'),
     authserv='mx1.other.example')

# ---- B2: containers -----------------------------------------------------------------------------

for label, tail in (('nuls', bytes(50)), ('other_bytes', b'\x00\r\n trailer'), ('cr_lf', b'\r\n')):
    case('a_gzip_followed_by_%s_is_read' % label, 29, GZ + tail)
case('gzip_in_gzip_is_read', 30, gz(GZ))
case('zip_in_gzip_is_read', 30, gz(ZIP))
case('gzip_in_zip_is_read', 30, zipped(('r.xml.gz', GZ)))
case('containers_too_deep_are_refused', 30, gz(gz(gz(gz(gz(GZ))))), 'refused')
case('a_gzip_cut_short_is_refused', 31, GZ[:len(GZ) * 2 // 3], 'refused', reason='gzip')
case('a_gzip_with_a_wrong_checksum_is_never_guessed', 31,
     GZ[:-8] + bytes([GZ[-8] ^ 1]) + GZ[-7:], ('refused', 'stored'))
case('gzip_members_are_one_file', 32, gz(XML[:500]) + gz(XML[500:]))
case('a_zip_with_directories_is_read', 33, zipped(('a/', ''), ('a/b/', ''), ('a/b/r.xml', XML)))
case('resource_forks_in_a_zip_are_passed_over', 34, zipped(
    ('r.xml', XML), ('__MACOSX/._r.xml', b'\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X' + bytes(60))))
case('all_reports_of_a_zip_are_stored', 35, zipped(
    *[('%d.xml' % n, feedback(report_id='golden-%d' % n)) for n in range(1, 4)]),
    reports=3, messages=15)
case('a_bad_entry_does_not_lose_its_neighbours', 35, zipped(
    ('1.xml', XML), ('2.xml', XML[:900]), ('3.xml', feedback(report_id='golden-3'))),
    'refused', reports=2, messages=10, place='2.xml')
case('a_zip_entry_without_bytes_has_a_reason', 36, zipped(('r.xml', b'')), NOT_STORED)
case('a_zip_without_entries_has_a_reason', 36, zipped(), NOT_STORED)
for label, name in (('empty', ''), ('absolute', '/etc/passwd'), ('climbing', '../../r.xml')):
    case('an_entry_with_an_%s_name_is_read_and_nothing_else' % label, 37, zipped((name, XML)))
case('a_streamed_zip_is_read', 38, zipped((FILE + '.xml', XML), streamed=True))
case('a_zip_with_another_name_inside_is_read', 39, mail(multipart(WORDS, entity(
    zipped(('x.xml', XML)), 'application/zip', FILE + '.xml.zip'))))
case('a_gzip_bomb_is_stopped', 40, lambda: mail(multipart(WORDS, entity(gz(
    XML[:200].encode() + b'<' * (64 << 20), 9)))), NOT_STORED, seconds=60)
case('a_zip_bomb_is_stopped', 40, lambda: zipped(('r.xml', XML[:200].encode() + b' ' * (64 << 20))),
     NOT_STORED, seconds=60)
case('half_a_million_empty_records_hold_no_report', 41, lambda: gz(
    feedback(['<record></record>' * 500000])), NOT_STORED, seconds=60)
case('an_encrypted_zip_is_called_encrypted', 42, kit.zip_encrypted('r.xml', XML), 'refused',
     reason='encrypted')

# ---- B3: the XML --------------------------------------------------------------------------------

case('the_word_unused_is_no_report', 43, mail(multipart(
    plain('unused\n'), entity(gz('unused')))), NOT_STORED)
case('an_empty_file_is_no_report', 44, b'', NOT_STORED)
case('an_empty_gzip_is_no_report', 44, gz(b''), NOT_STORED)
case('a_byte_order_mark_is_skipped', 45, b'\xef\xbb\xbf' + XML.encode(), only=[])
case('xml_without_a_declaration_is_read', 46, feedback(declaration=''), only=[])
for label, front in (('a_blank', ' '), ('a_line', '\n'), ('cr_lf', '\r\n\r\n'), ('a_tab', '\t')):
    case('%s_before_the_declaration_is_skipped' % label, 47, front + XML)
case('a_stray_quote_behind_the_declaration_is_skipped', 48,
     swap(XML, '?>\n', '?>"\n'), notes=['junk-before'])
case('a_schema_tag_in_front_is_skipped', 48, swap(
    XML, '?>\n', '?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'targetNamespace="http://dmarc.org/dmarc-xml/0.1">\n'), notes=['junk-before'])
case('words_behind_the_report_are_ignored', 48, XML + 'Sent by our gateway\n',
     notes=['junk-after'])
case('windows_1252_that_says_so_is_read', 49, feedback(
    declaration='<?xml version="1.0" encoding="windows-1252"?>\n',
    org_name='Sueño “Ltd”').encode('cp1252'), only=[], report=dict(reporter='Sueño “Ltd”'))
case('latin_1_that_says_so_is_read', 49, feedback(
    declaration='<?xml version="1.0" encoding="ISO-8859-1"?>\n',
    org_name='Sueño').encode('latin-1'), only=[], report=dict(reporter='Sueño'))
for order, mark in (('le', b'\xff\xfe'), ('be', b'\xfe\xff')):
    case('utf_16_%s_is_read' % order, 49, mark + feedback(
        declaration='<?xml version="1.0" encoding="UTF-16"?>\n',
        org_name='Sueño').encode('utf-16-' + order), report=dict(reporter='Sueño'))
case('windows_1252_that_says_utf_8_is_read_and_noted', 50, feedback(
    org_name='Sueño ‘SA’').encode('cp1252'), notes=['repaired-encoding'],
    report=dict(reporter='Sueño ‘SA’'))
case('windows_1252_that_says_nothing_is_read_and_noted', 50, feedback(
    declaration='', org_name='Sueño').encode('cp1252'), notes=['repaired-encoding'],
    report=dict(reporter='Sueño'))
case('a_control_character_does_not_lose_the_report', 51, feedback([
    record(reasons=[reason('local_policy', 'arc=pass \x07 x')]), forged()]))
case('angle_brackets_around_an_address_do_no_harm', 52, feedback(email='<a@reporter.example>'),
     notes=['repaired-xml'])
case('an_angle_bracket_in_a_name_loses_no_message_in_silence', 52, feedback(
    [record(), forged(header_from='bad<xml.example')]), ('stored', 'partial', 'refused'),
    never_more=5)
case('a_bare_ampersand_does_no_harm', 53, feedback(contact='https://reporter.example/?a=1&b=2'),
     notes=['repaired-xml'])
case('a_bare_ampersand_in_the_organisation_does_no_harm', 53, feedback(org_name='Smith & Sons'),
     notes=['repaired-xml'])
case('a_broken_end_tag_never_invents_a_record', 54,
     swap(XML, '</report_id>', '/report_id>'), ('stored', 'refused'), never_more=5)
case('a_report_that_ends_without_its_last_bracket_is_completed', 55, XML.rstrip()[:-1],
     notes=['repaired-xml'])
case('a_report_cut_inside_a_record_is_refused', 55, XML[:XML.rindex('<header_from')], 'refused')
case('a_report_cut_in_its_head_is_refused', 55, XML[:XML.index('<policy_published')], 'refused')
case('a_report_cut_between_records_is_refused', 55, mail(entity(
    XML[:XML.rindex('<record>')], 'text/xml', 'r.xml')), 'refused')
case('a_report_without_its_end_tag_is_refused', 55, mail(entity(
    XML[:XML.rindex('</feedback')], 'text/xml', 'r.xml')), 'refused')
case('a_file_of_the_operators_may_lack_its_last_end_tag', 55, XML[:XML.rindex('</feedback')],
     notes=['repaired-xml'])
case('the_whole_report_is_stored_after_a_cut_copy', 55,
     [XML.encode()[:1200], XML.encode()], ['refused', 'stored'], reports=1, messages=5)
case('a_prefix_on_the_root_alone_is_read', 56, feedback(
    root='ns1:feedback', attributes=' xmlns:ns1="http://dmarc.org/dmarc-xml/0.1"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://dmarc.org/dmarc-xml/0.1 rua.xsd"'), only=[])
for name, uri, only in (
        ('of_rfc_7489', 'http://dmarc.org/dmarc-xml/0.1', []),
        ('of_version_0_2', 'http://dmarc.org/dmarc-xml/0.2', None),
        ('of_rfc_9990', 'urn:ietf:params:xml:ns:dmarc-2.0', []),
        ('with_a_slip', 'http//dmarc.org/dmarc-xml/0.1', None),
        ('nobody_knows', 'urn:example:mine', None)):
    more = {} if only is None else dict(only=only)
    if name in ('with_a_slip', 'nobody_knows'):
        more['notes'] = ['namespace']
    case('a_namespace_%s_is_read' % name, 57, feedback(attributes=' xmlns="%s"' % uri), **more)
case('schema_declarations_without_a_namespace_are_read', 57, feedback(
    attributes=' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'), only=[])
case('a_doctype_is_refused', 58, feedback(
    declaration=kit.DECLARATION + '<!DOCTYPE feedback>\n'), 'refused', reason='DOCTYPE')
case('an_external_entity_is_refused', 58, feedback(
    declaration=kit.DECLARATION + '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n',
    org_name='&x;'), 'refused', reason='DOCTYPE')
case('laughing_entities_are_refused', 58, feedback(
    declaration=kit.DECLARATION + '<!DOCTYPE f [<!ENTITY a "ha">' + ''.join(
        '<!ENTITY %s "%s">' % (b, ('&%s;' % a) * 10) for a, b in zip('abcdefgh', 'bcdefghi')) +
    ']>\n', org_name='&i;'), 'refused', reason='DOCTYPE', seconds=20)
case('a_report_on_one_line_is_read', 59, XML.replace('>\n<', '><'), only=[])
case('a_report_with_tabs_and_cr_lf_is_read', 59, XML.replace('\n', '\t\r\n'), only=[])
case('comments_are_passed_over', 59, swap(XML, '<record>', '<!-- one <record> --><record>'),
     only=[])
case('character_data_sections_are_text', 59,
     feedback(org_name='<![CDATA[Smith & Sons]]>'), report=dict(reporter='Smith & Sons'))
case('a_comment_inside_a_field_splits_nothing', 59,
     feedback([record(count='1<!-- x -->2'), forged()]), messages=14, passed=12, failed=2)
case('element_names_in_capitals_are_read', 60,
     swap(swap(XML, '<row>', '<ROW>', 9), '</row>', '</ROW>', 9))

# ---- B4: the head -------------------------------------------------------------------------------

case('a_misspelt_date_range_is_read_and_noted', 61,
     feedback(meta=metadata(date_range='data_range')), notes=['misnamed-element'])
case('a_fraction_of_a_second_is_dropped_and_noted', 62,
     feedback(begin='%d.0' % BEGIN, end='%d.0' % END), notes=['fraction'])
case('a_period_of_no_length_is_stored_and_noted', 63, feedback(end=BEGIN), notes=['empty-period'])
case('a_period_that_runs_backwards_is_refused', 63, feedback(begin=END, end=BEGIN), 'refused',
     reason='begin')
for label, value in (('absent', None), ('empty', ''), ('no_number', 'yesterday'),
                     ('negative', -5), ('in_hex', '0x65920080'), ('in_exponents', '1.7e9')):
    case('a_begin_that_is_%s_is_refused' % label, 63, feedback(begin=value), 'refused',
         reason='begin')
    case('an_end_that_is_%s_is_refused' % label, 63, feedback(end=value), 'refused',
         reason='end')
case('a_period_in_milliseconds_is_refused', 63,
     feedback(begin=BEGIN * 1000, end=END * 1000), 'refused')
case('a_report_without_a_date_range_is_refused', 63, feedback(
    meta=metadata(begin=None, end=None)), 'refused')
case('blanks_around_a_time_do_no_harm', 63, feedback(begin=' %d\n' % BEGIN))
case('a_period_of_minutes_is_stored', 64, feedback(end=BEGIN + 420), only=[])
case('a_day_and_a_second_is_no_long_period', 64, feedback(end=BEGIN + DAY + 1), only=[])
case('a_period_of_weeks_is_stored_whole_and_noted', 64, feedback(end=BEGIN + 47 * DAY),
     notes=['long-period'])
case('a_period_of_years_is_stored_and_noted', 64, feedback(begin=BEGIN - 800 * DAY),
     notes=['long-period'])
case('a_period_of_1975_is_stored_and_noted', 64, feedback(begin=161212415, end=161298815),
     notes=['old-period'])
NOW = int(time.time())
case('a_period_that_begins_three_days_ahead_is_refused', 64, feedback(
    begin=NOW + 3 * DAY + 60, end=NOW + 4 * DAY), 'refused', reason='begin')
case('a_period_that_ends_ahead_of_the_clock_is_stored_and_noted', 64, feedback(
    begin=NOW - DAY // 2, end=NOW + DAY // 2), notes=['future-period'])
for label, begin, end, day in (
        ('whose_end_is_the_last_second', BEGIN, BEGIN + DAY - 1, '2024-01-01'),
        ('whose_end_is_the_next_midnight', BEGIN, BEGIN + DAY, '2024-01-01'),
        ('of_a_day_and_a_second', BEGIN, BEGIN + DAY + 1, '2024-01-01'),
        ('that_begins_at_three', BEGIN + 3 * 3600, BEGIN + 27 * 3600, '2024-01-01'),
        ('that_begins_at_eighteen', BEGIN + 18 * 3600, BEGIN + 42 * 3600, '2024-01-02'),
        ('of_two_days', BEGIN, BEGIN + 2 * DAY - 1, '2024-01-01'),
        ('of_minutes_before_midnight', BEGIN - 600, BEGIN - 1, '2023-12-31')):
    case('a_period_%s_belongs_to_the_day_of_its_middle' % label,
         66 if begin % DAY == 0 else 65,
         feedback(begin=begin, end=end), day=day)
for label, sent, kept in (
        ('in_quotes', '"Reporter" NET', '"Reporter" NET'),
        ('that_is_a_host', 'esa1.hc1.iphmx.example', 'esa1.hc1.iphmx.example'),
        ('with_a_dot_at_its_end', 'Naranja.', 'Naranja.'),
        ('with_blanks_around', '\n  Yahoo! Inc.\t', 'Yahoo! Inc.'),
        ('with_markup', '&lt;script&gt;alert(1)&lt;/script&gt;', '<script>alert(1)</script>')):
    case('an_organisation_%s_is_kept_as_sent' % label, 67, feedback(org_name=sent),
         report=dict(reporter=kept))
case('a_report_without_an_organisation_is_stored_and_noted', 67, feedback(org_name=None),
     notes=['org-empty'])
case('a_report_with_an_empty_organisation_is_stored_and_noted', 67, feedback(org_name=''),
     notes=['org-empty'])
for label, value in (('with_leading_zeros', '00123'), ('like_an_exponent', '1e5'),
                     ('like_hex', '0x1F'), ('of_25_digits', '1234567890123456789012345'),
                     ('with_signs', "c545f2$5acf301=377eaf6f1e4159a1@reporter.example"),
                     ('with_a_quote', "x';--"), ('that_is_zero', '0')):
    case('a_report_id_%s_is_text' % label, 68, feedback(report_id=value),
         report=dict(report_id=value))
case('a_report_id_in_brackets_is_kept', 68, feedback(report_id='&lt;7@reporter.example&gt;'),
     report=dict(report_id='<7@reporter.example>'))
case('a_report_without_an_id_is_refused', 68, feedback(report_id=None), 'refused',
     reason='report_id')
case('a_report_with_an_empty_id_is_refused', 68, feedback(report_id=' '), 'refused',
     reason='report_id')
case('a_report_id_too_long_is_refused_and_not_cut', 68, feedback(report_id='x' * 1100), 'refused',
     reason='report_id')
case('an_email_that_is_none_is_kept', 69, feedback(email='uwaterloo &lt;a@b'),
     report=dict(email='uwaterloo <a@b'))
for label, value, want in (('missing', None, 'absent'), ('empty', '', 'unknown'),
                           ('nil', 'nil', 'unknown')):
    case('a_subdomain_policy_that_is_%s_is_not_none' % label, 70, feedback(sp=value),
         policy=dict(sp=want))
case('alignment_modes_may_be_missing', 71, feedback(adkim=None, aspf=None, fo=None),
     policy=dict(adkim='absent', aspf='absent', fo=None))
case('a_missing_pct_is_not_a_hundred', 71, feedback(pct=None), policy=dict(pct=None))
case('an_empty_pct_is_not_a_missing_one', 71, feedback(pct=''), policy=dict(pct=''))
case('a_policy_for_missing_subdomains_is_kept', 71, feedback(np='reject'),
     policy=dict(np='reject'))
case('unknown_elements_are_skipped_and_named', 71, feedback(
    pol=swap(policy(), '</policy_published>', '<rf>afrf</rf><ri>86400</ri></policy_published>')),
    notes=['unknown-element'])
case('an_extension_is_no_error', 71, feedback([
    '<extension><x:a xmlns:x="urn:x"><x:count>9</x:count></x:a></extension>', record(),
    forged(extra='<x:b xmlns:x="urn:x"><x:row>1</x:row></x:b>')]))
case('a_report_without_a_policy_domain_is_refused', 72, feedback(domain=None), 'refused',
     reason='domain')
case('a_report_with_an_empty_policy_domain_is_refused', 72, feedback(domain=''), 'refused',
     reason='domain')
case('a_report_without_policy_published_is_refused', 72, feedback(pol=''), 'refused')
for label, sent, key in (('in_capitals', 'EXAMPLE.com', 'example.com'),
                         ('with_a_dot_at_its_end', 'example.com.', 'example.com'),
                         ('in_unicode', 'España.example', 'xn--espaa-rta.example'),
                         ('in_ascii', 'xn--espaa-rta.example', 'xn--espaa-rta.example'),
                         ('with_blanks_around', ' example.com ', 'example.com')):
    case('a_policy_domain_%s_is_the_same_domain' % label, 73, feedback(domain=sent),
         report=dict(domain=key))
case('of_two_policies_the_first_counts', 74,
     feedback(pol=policy() + policy(domain='example.net', p='reject')),
     notes=['repeated-element'], report=dict(domain='example.com'), policy=dict(p='quarantine'))
case('of_two_heads_the_first_counts', 74,
     feedback(meta=metadata() + metadata(org_name='Other', report_id='golden-9')),
     notes=['repeated-element'], report=dict(report_id='golden-1'))
case('a_policy_behind_the_records_is_read', 74, swap(
    swap(XML, policy(), ''), '</feedback>', policy() + '</feedback>'))
case('a_head_behind_the_records_is_read', 74, swap(
    swap(XML, metadata(), ''), '</feedback>', metadata() + '</feedback>'))

# ---- B5: the records ----------------------------------------------------------------------------

case('a_report_without_records_is_stored_as_empty', 75, feedback([]), messages=0, reports=1,
     notes=['no-records'])
case('a_placeholder_row_is_no_record_and_no_fault', 76, feedback([record(
    '', 0, '', '', '', header_from='', auth='')]), messages=0, reports=1, notes=['placeholder'],
    report=dict(records_sent=1, unreadable=0))
case('a_row_without_an_address_makes_the_report_partial', 77, feedback(
    [record(), record('', 4), forged()]), 'partial', messages=5, passed=3, failed=2,
    report=dict(records_sent=3, unreadable=1))
case('a_row_without_an_address_element_makes_the_report_partial', 77, feedback(
    [record(None, 4), record(), forged()]), 'partial', messages=5,
    report=dict(records_sent=3, unreadable=1))
for label, sent in (('wrong', '108r.166.27.220'), ('a_word', 'bad-ip'), ('too_short', '192.0.2'),
                    ('too_large', '256.1.1.1'), ('a_network', '192.0.2.0/24')):
    case('an_address_that_is_%s_is_kept_as_text' % label, 78, feedback(
        [record(sent, 4), record(), forged()]), messages=9, notes=['address-text'],
        report=dict(records=3, unreadable=0),
        records=[dict(source=sent, count=4), dict(source='192.0.2.1')])
case('an_address_that_is_none_is_trimmed', 78, feedback(
    [record('\n  bad-ip ', 4), forged()]), messages=6, records=[dict(source='bad-ip')])
case('an_address_that_is_markup_is_text', 78, feedback(
    [record('&lt;b&gt;&amp;', 4), forged()]), messages=6, records=[dict(source='<b>&')])
case('a_wrong_address_without_messages_is_no_placeholder', 78, feedback(
    [record('bad-ip', 0), forged()]), messages=2, report=dict(records=2, placeholders=0))
case('an_address_of_255_bytes_is_kept_as_text', 78, feedback(
    [record('x' * 255, 4), forged()]), messages=6, records=[dict(source='x' * 255)])
case('an_address_longer_than_any_text_makes_the_report_partial_and_is_not_cut', 78, feedback(
    [record('x' * 256, 4), forged()]), 'partial', messages=2, unreadable='longer than 255 bytes')
case('an_address_of_blanks_makes_the_report_partial', 77, feedback(
    [record(' \n', 4), forged()]), 'partial', messages=2, unreadable='source_ip is empty')
case('two_wrong_addresses_are_two_sources_and_another_content', 78, [
    feedback([record(a, 4), record(b, 4), forged()]).encode() for a, b in (
        ('bad-ip', 'bad-ip2'), ('bad-ip2', 'bad-ip'), ('bad-ip', 'bad-ip3'))],
    ['stored', 'duplicate', 'conflict'], messages=10)
for label, sent, want in (('with_blanks', ' 192.0.2.1\n', '192.0.2.1'),
                          ('in_capitals', '2001:DB8::1', '2001:db8::1'),
                          ('in_full', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'),
                          ('mapped', '::ffff:192.0.2.1', '192.0.2.1'),
                          ('with_leading_zeros', '192.000.002.001', '192.0.2.1')):
    case('an_address_%s_is_canonical' % label, 78, feedback([record(sent), forged()]),
         records=[dict(source=want)])
for label, sent in (('absent', None), ('empty', ''), ('a_word', 'not-a-number'), ('exponents', '1e9'),
                    ('hex', '0x10'), ('a_fraction', '1.5'), ('negative', -5), ('signed', '+5'),
                    ('above_10_12', 10 ** 12 + 1), ('of_30_digits', '9' * 30)):
    case('a_count_that_is_%s_makes_the_report_partial' % label, 79, feedback(
        [record('192.0.2.9', sent), record(), forged()]), 'partial', messages=5,
        unreadable='count')
for sent in (0, 10 ** 9, 2 ** 32 + 1, 10 ** 12):
    case('a_count_of_%d_is_counted' % sent, 79, feedback([record(count=sent), forged()]),
         messages=sent + 2, passed=sent, failed=2)
case('a_report_without_a_readable_record_is_refused', 79,
     feedback([record('', 4), record(count='x')]), 'refused')
case('a_row_without_policy_evaluated_is_unknown', 80, feedback(
    [record(evaluated=False), forged()]), messages=5, passed=0, failed=2, unknown=3)
for label, d, s, verdict in (
        ('empty_and_fail', '', 'fail', 'unknown'), ('fail_and_empty', 'fail', '', 'unknown'),
        ('absent_and_fail', None, 'fail', 'unknown'), ('both_absent', None, None, 'unknown'),
        ('both_empty', '', '', 'unknown'), ('none_and_fail', 'none', 'fail', 'unknown'),
        ('softfail_and_fail', 'softfail', 'fail', 'unknown'), ('fail_and_fail', 'fail', 'fail', 'failed'),
        ('pass_and_empty', 'pass', '', 'passed'), ('absent_and_pass', None, 'pass', 'passed'),
        ('bounce_and_pass', 'bounce', 'pass', 'passed')):
    sums = dict(passed=0, failed=2, unknown=0)
    sums[verdict] += 3
    case('verdicts_%s_make_a_row_%s' % (label, verdict), 80,
         feedback([record(dkim=d, spf=s), forged()]), messages=5, **sums)
for label, sent in (('with_a_capital', 'Pass'), ('in_capitals', 'PASS'), ('with_blanks', ' pass ')):
    case('a_pass_written_%s_passes' % label, 81, feedback([record(dkim=sent), forged()]))
case('a_fail_written_with_a_capital_fails', 81,
     feedback([record(dkim='Fail', spf='FAIL'), forged()]), messages=5, passed=0, failed=5)
for label, sent, want in (('pass', 'pass', 'pass'), ('softfail', 'softfail', 'unknown'),
                          ('15', '15', 'unknown'), ('empty', '', 'unknown'),
                          ('absent', None, None), ('with_a_blank', ' reject', 'reject'),
                          ('in_capitals', 'Quarantine', 'quarantine')):
    case('a_disposition_%s_is_%s' % (label, want or 'null'), 82, feedback(
        [record(disposition=sent), forged()]), records=[dict(disposition=want)])
case('a_disposition_pass_alone_is_no_pass', 82, feedback(
    [record(disposition='pass', dkim='fail', spf='fail'), forged()]), messages=5, passed=0,
    failed=5)
case('a_reason_in_bare_text_is_read_as_its_type', 83, feedback(
    [record(reasons=['sampled_out']), forged()]), notes=['reason-text'],
    reasons=[('sampled_out', None)])
case('a_reason_with_an_empty_type_is_kept', 84, feedback(
    [record(reasons=[reason('', 'x')]), forged()]), reasons=[('unknown', 'x')])
case('a_reason_without_a_type_is_kept', 84, feedback(
    [record(reasons=[reason(None, 'x')]), forged()]), reasons=[('absent', 'x')])
case('several_reasons_are_all_kept', 84, feedback([record(reasons=[
    reason('mailing_list', 'a'), reason('local_policy', 'arc=pass'), reason('policy_test_mode')]),
    forged()]), reasons=[('mailing_list', 'a'), ('local_policy', 'arc=pass'),
                         ('policy_test_mode', None)])
case('a_comment_is_kept_whole', 84, feedback([record(reasons=[
    reason('other', 'a &amp; b &lt;c&gt;')]), forged()]), reasons=[('other', 'a & b <c>')])
case('identities_are_identifiers', 85, feedback(
    [record(identifiers='identities'), forged()]), notes=['misnamed-element'],
    records=[dict(header_from='example.com')])
case('a_row_without_identifiers_is_stored', 86, feedback([record(identifiers=None), forged()]),
     records=[dict(header_from=None)])
case('an_empty_header_from_is_not_a_missing_one', 86, feedback(
    [record(header_from=''), forged()]), records=[dict(header_from='')])
case('an_empty_envelope_from_is_not_a_missing_one', 87, feedback(
    [record(envelope_from=''), forged()]),
    records=[dict(envelope_from=''), dict(envelope_from=None)])
case('a_row_without_signatures_is_stored', 88, feedback(
    [record(dkim='fail', spf='pass', auth=[spf(result='pass')]), forged()]),
    auth=[('spf', 'example.com', 'pass')])
case('a_row_without_spf_is_stored', 88, feedback([record(auth=[dkim()]), forged()]),
     auth=[('dkim', 'example.com', 'pass')])
case('several_signatures_are_kept_and_counted_once', 88, feedback([record(auth=[
    dkim('example.com', 's1', 'fail'), dkim('example.com', 's2', 'pass'),
    dkim('mailer.example', 's3', 'none'), spf('example.com', 'softfail', 'helo'),
    spf('example.com', 'fail', 'mfrom')]), forged()]),
    auth=[('dkim', 'example.com', 'fail'), ('dkim', 'example.com', 'pass'),
          ('dkim', 'mailer.example', 'none'), ('spf', 'example.com', 'softfail'),
          ('spf', 'example.com', 'fail')])
case('spf_before_dkim_is_read', 88, feedback([record(auth=[spf(), dkim()]), forged()]))
case('a_selector_behind_the_result_is_read', 88, feedback([record(auth=[
    ('dkim', dict(result='pass', selector='s9', domain='example.com'))]), forged()]),
    auth=[('dkim', 'example.com', 'pass')])
case('a_row_with_empty_auth_results_is_stored', 88, feedback([record(auth=''), forged()]))
case('a_row_without_auth_results_is_stored_and_noted', 88, feedback(
    [record(auth=False), forged()]), notes=['no-auth-results'])
case('a_hundred_signatures_are_kept', 88, feedback([record(auth=[
    dkim('d%d.example' % n) for n in range(100)]), forged()]), auth_count=100)
case('more_than_a_hundred_signatures_are_cut_and_noted', 88, feedback([record(auth=[
    dkim('d%d.example' % n) for n in range(130)]), forged()]), auth_count=100,
    notes=['auth-cut'])
case('a_signature_with_empty_fields_is_kept', 89, feedback([record(auth=[
    dkim('', '', ''), dkim()]), forged()]), auth=[('dkim', '', 'unknown'),
                                                  ('dkim', 'example.com', 'pass')])
for sent, want in (('hardfail', 'fail'), ('unknown', 'temperror'), ('error', 'permerror'),
                   ('invalid', 'unknown'), ('policy', 'policy'), ('', 'unknown'),
                   (None, 'absent'), ('TempError', 'temperror')):
    case('a_result_%s_means_%s' % ({'': 'empty', None: 'absent'}.get(sent, sent), want), 90,
         feedback([record(auth=[dkim(result='pass'), spf('example.com', sent)]), forged()]),
         auth=[('dkim', 'example.com', 'pass'), ('spf', 'example.com', want)])
for label, sent in (('absent', None), ('helo', 'helo'), ('mfrom', 'mfrom')):
    case('a_scope_%s_is_kept' % label, 91, feedback(
        [record(auth=[dkim(), spf(scope=sent)]), forged()]), scopes=[label])
case('an_empty_spf_domain_is_kept', 91, feedback(
    [record(auth=[dkim(), spf('', 'none', 'helo')]), forged()]),
    auth=[('dkim', 'example.com', 'pass'), ('spf', '', 'none')])
case('a_long_explanation_is_cut_at_a_character_and_noted', 92, feedback([record(auth=[
    dkim(human_result='ñ' * 3000), spf()]), forged()]), notes=['text-cut'])
case('an_spf_domain_that_is_an_address_is_text', 93, feedback([record(auth=[
    dkim(), spf('[192.0.2.1]', 'none'), spf('NULL', 'none')]), forged()]),
    auth=[('dkim', 'example.com', 'pass'), ('spf', '[192.0.2.1]', 'none'), ('spf', 'NULL', 'none')])
case('the_same_row_twice_is_summed', 94, feedback([record(), record(), forged()]), messages=8,
     passed=6, failed=2)
case('a_selector_like_a_number_is_text', 94, feedback([record(auth=[
    dkim(selector='1e5'), dkim(selector='0x1F'), spf()]), forged()]), selectors=['1e5', '0x1F'])
MANY = [record('2001:db8::%x' % n, 1) for n in range(3555)]
case('thousands_of_records_are_read', 95, lambda: gz(feedback(MANY)), messages=3555, passed=3555,
     failed=0)
for encoding in ('7bit', 'quoted-printable', 'base64'):
    case('megabytes_of_bare_xml_in_%s_are_read' % encoding.replace('-', '_'), 95,
         lambda encoding=encoding: mail(multipart(WORDS, entity(
             feedback(MANY), 'text/xml', 'r.xml', encoding))), messages=3555)

# ---- RFC 9990 -----------------------------------------------------------------------------------

case('a_report_of_rfc_9990_is_stored_without_notes', 57, feedback(
    [record(disposition='pass', envelope_from='example.com'),
     forged(reasons=[reason('policy_test_mode')], disposition='none')],
    attributes=kit.RFC9990, adkim=None, aspf=None, pct=None, np='reject', testing='y',
    discovery_method='treewalk', generator='reporter 2.1', fo='1'), only=[],
    report=dict(dialect='rfc9990', generator='reporter 2.1'),
    policy=dict(testing='y', discovery_method='treewalk', np='reject', pct=None))
case('a_report_of_the_draft_is_known_as_one', 57, feedback(version=None),
     report=dict(dialect='draft'))
case('a_report_of_rfc_7489_is_known_as_one', 57, XML, report=dict(dialect='rfc7489'))
for sent in ('1', '0.1', '2.0', ''):
    case('a_version_of_%s_is_read' % (sent or 'nothing'), 57, feedback(version=sent))

# ---- B6: the other two kinds --------------------------------------------------------------------

TLS = '{"organization-name":"Reporter","date-range":{"start-datetime":"2024-01-01T00:00:00Z",' \
    '"end-datetime":"2024-01-01T23:59:59Z"},"contact-info":%s,"report-id":"t1","policies":[{' \
    '"policy":{"policy-type":"%s"%s},"summary":{"total-successful-session-count":%s,' \
    '"total-failure-session-count":0}}]}'
for label, quirk, json in (
        ('without_the_sending_address', 96, TLS % ('"a@b.example"', 'sts', '', 3)),
        ('without_a_contact', 97, TLS % ('null', 'sts', '', 3)),
        ('without_a_policy_domain', 98, TLS % ('"a@b.example"', 'no-policy-found', '', 3)),
        ('with_counts_as_text', 99, TLS % ('"a@b.example"', 'STS', ',"mx-host":"mx."', '"3"')),
        ('with_an_unknown_type', 100, TLS % ('"a@b.example"', 'unknown', '', 3)),
        ('without_zones', 101, (TLS % ('"a@b.example"', 'sts', '', 3)).replace('00Z', '00'))):
    case('a_tls_report_%s_is_named' % label, quirk, mail(multipart(
        WORDS, entity(gz(json), 'application/tlsrpt+gzip', 'r!example.com!1!2.json.gz'),
        subtype='report', more='; report-type="tlsrpt"')), 'not a report', kind='TLS report')
case('a_bare_tls_report_is_named', 99, TLS % ('null', 'sts', '', 3), 'not a report',
     kind='TLS report')
case('a_tls_report_in_a_broken_header_is_named', 10, swap(mail(multipart(
    WORDS, entity(gz(TLS % ('null', 'sts', '', 3)), 'application/tlsrpt+gzip', 'r.json.gz'),
    subtype='report')), b';\n\tboundary="b1"', b';\nboundary="b1"'), 'not a report',
    kind='TLS report')
for label, lines in (('of_version_1_0', 'Version: 1.0\nAuth-Failure: dmarc\n'),
                     ('without_a_version', 'Auth-Failure: dmarc (policy), spf\n'),
                     ('with_a_strange_delivery', 'Version: 1\nDelivery-Result: smg-policy-action\n'),
                     ('without_its_kind', 'Version: 1\n')):
    case('a_failure_report_%s_is_named' % label, 102, mail(multipart(
        plain('fyi\n'), b'Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n'
        b'User-Agent: x/1\n' + lines.encode(),
        b'Content-Type: message/rfc822\n\nFrom: a@example.com\nSubject: s\n\nb\n',
        subtype='report', more='; report-type="feedback-report"')), 'not a report',
        kind='failure report')

# ---- identity (rule 5) --------------------------------------------------------------------------


def pair(name, second, ending, reports, messages, first=None, **more):
    case(name, 'identity', [octets for octets in ((first or XML).encode(), second.encode())],
         ['stored', ending], reports=reports, messages=messages, **more)


pair('the_same_report_is_a_duplicate', XML, 'duplicate', 1, 5)
pair('white_space_and_comments_make_no_other_report', XML.replace('>\n<', '><!-- x -->\n\n<'),
     'duplicate', 1, 5)
pair('the_order_of_children_makes_no_other_report',
     swap(swap(XML, policy(), ''), '<report_metadata>', policy() + '<report_metadata>'),
     'duplicate', 1, 5)
pair('the_case_of_the_organisation_makes_no_other_report', feedback(org_name='REPORTER example'),
     'duplicate', 1, 5)
pair('the_form_of_the_domain_makes_no_other_report', feedback(domain='Example.COM.'),
     'duplicate', 1, 5)
pair('the_same_id_with_other_records_is_a_conflict',
     feedback([record(count=4), forged()]), 'conflict', 1, 5)
pair('the_same_id_with_a_record_more_is_a_conflict',
     feedback([record(), forged(), record('192.0.2.2')]), 'conflict', 1, 5)
pair('the_same_id_for_another_window_is_another_report',
     feedback(begin=BEGIN + DAY, end=END + DAY), 'stored', 2, 10)
pair('the_same_id_for_another_domain_is_another_report', feedback(domain='example.org'),
     'stored', 2, 10)
pair('the_same_id_from_another_reporter_is_another_report', feedback(org_name='Someone Else'),
     'stored', 2, 10)
pair('another_id_with_the_same_records_is_a_twin', feedback(report_id='golden-2'), 'stored', 2,
     10, twins=1)
pair('two_policies_in_one_period_are_two_reports', feedback(
    [record(count=1), forged(count=1)], report_id='golden-2', p='reject'), 'stored', 2, 7)
pair('an_id_in_another_case_is_another_report', feedback(
    [record(count=1)], report_id='GOLDEN-1'), 'stored', 2, 6)
case('a_conflict_between_two_copies_is_still_a_duplicate', 'identity',
     [XML.encode(), feedback([record(count=9)]).encode(), XML.encode()],
     ['stored', 'conflict', 'duplicate'], reports=1, messages=5)
case('the_same_report_twice_in_one_mail_is_counted_once', 'identity', mail(multipart(
    WORDS, entity(GZ), entity(XML, 'text/xml', 'again.xml'))), 'duplicate', reports=1, messages=5)

# ---- every vocabulary against everything that can stand in it (rule 2) --------------------------

RESULT = ('none', 'pass', 'fail', 'softfail', 'neutral', 'policy', 'temperror', 'permerror')
WORDS_OF = {
    'disposition': ('none', 'quarantine', 'reject', 'pass'), 'dkim': ('pass', 'fail'),
    'spf': ('pass', 'fail'), 'p': ('none', 'quarantine', 'reject'),
    'sp': ('none', 'quarantine', 'reject'), 'np': ('none', 'quarantine', 'reject'),
    'adkim': ('r', 's'), 'aspf': ('r', 's'), 'testing': ('y', 'n'),
    'discovery_method': ('psl', 'treewalk'),
    'reason': ('local_policy', 'mailing_list', 'other', 'trusted_forwarder', 'forwarded',
               'sampled_out', 'policy_test_mode'),
    'auth_dkim': RESULT, 'auth_spf': RESULT, 'scope': ('mfrom', 'helo'),
}
ALIASES = {'hardfail': 'fail', 'error': 'permerror', 'unknown': 'temperror'}


def with_word(field, value):
    """A report in which this vocabulary field holds this token."""
    if field in ('disposition', 'dkim', 'spf'):
        fields = dict(disposition='none', dkim='fail', spf='fail', auth=[spf()])
        fields[field] = value
        return feedback([record(**fields)])
    if field == 'reason':
        return feedback([record(reasons=[reason(value, 'x')])])
    if field == 'auth_dkim':
        return feedback([record(auth=[dkim(result=value)])])
    if field == 'auth_spf':
        return feedback([record(auth=[spf(result=value)])])
    if field == 'scope':
        return feedback([record(auth=[spf(scope=value)])])
    return feedback([record()], **{field: value})


def matrix():
    for field, words in WORDS_OF.items():
        variants = [('absent', None, 'absent', None), ('empty', '', 'unknown', ''),
                    ('foreign', 'bounce', 'unknown', 'bounce'),
                    ('blank', ' %s\t' % words[0], words[0], words[0])]
        variants += [(word, word, word, word) for word in words]
        variants += [('capital_' + word, word.capitalize(), word, word.capitalize())
                     for word in words]
        if field.startswith('auth_'):
            variants += [('alias_' + a, a, m, a) for a, m in ALIASES.items()]
        else:
            variants.append(('alias_of_another', 'hardfail', 'unknown', 'hardfail'))
        for label, value, meaning, token in variants:
            yield ('%s_%s_is_%s_and_kept' % (field, label, meaning), field,
                   with_word(field, value).encode(), meaning, token)
