/*
 * stmt_list: every SQL statement of ruad, each once, by number.
 *
 * STMT(NUMBER, "text") rows, included where a table is made of them. Grouped by the file that uses
 * them; a test prepares each and looks at its query plan.
 */
/* store.c, write.c: versions and transactions */
STMT(STMT_DATA_VERSION,
	"SELECT sum(value) FROM meta WHERE key IN ('data_version', 'decisions_version')")
STMT(STMT_META_RAISE, "UPDATE meta SET value = value + 1 WHERE key = ?")
STMT(STMT_META_SET, "UPDATE meta SET value = ?2 WHERE key = ?1")
STMT(STMT_META_GET, "SELECT value FROM meta WHERE key = ?")
STMT(STMT_BEGIN, "BEGIN IMMEDIATE")
STMT(STMT_COMMIT, "COMMIT")
STMT(STMT_MAIL_SAVE, "SAVEPOINT mail")
STMT(STMT_MAIL_UNDO, "ROLLBACK TO mail")
STMT(STMT_MAIL_RELEASE, "RELEASE mail")
STMT(STMT_REPORT_SAVE, "SAVEPOINT report")
STMT(STMT_REPORT_UNDO, "ROLLBACK TO report")
STMT(STMT_REPORT_RELEASE, "RELEASE report")

/* intern.c */
STMT(STMT_NAME_FIND, "SELECT id FROM name WHERE text = ?")
STMT(STMT_NAME_ADD, "INSERT INTO name (text) VALUES (?)")
STMT(STMT_SOURCE_FIND, "SELECT id FROM source WHERE ip = ?")
STMT(STMT_SOURCE_ADD, "INSERT INTO source (ip) VALUES (?)")
STMT(STMT_SOURCE_TEXT_FIND, "SELECT id FROM source WHERE text = ?")
STMT(STMT_SOURCE_TEXT_ADD, "INSERT INTO source (text) VALUES (?)")
STMT(STMT_DOMAIN_FIND, "SELECT id, own FROM domain WHERE name = ?")
STMT(STMT_DOMAIN_ADD, "INSERT INTO domain (name, own, claimed, added) VALUES (?, ?, ?, ?)")
STMT(STMT_REPORTER_FIND, "SELECT id, same_as FROM reporter WHERE org_name = ?")
STMT(STMT_REPORTER_FOLD, "SELECT same_as FROM reporter WHERE org_name = ? COLLATE NOCASE LIMIT 1")
STMT(STMT_REPORTER_NEXT, "SELECT coalesce(max(id), 0) + 1 FROM reporter")
STMT(STMT_REPORTER_ADD, "INSERT INTO reporter (id, org_name, same_as) VALUES (?, ?, ?)")
STMT(STMT_POLICY_FIND, "SELECT id FROM policy WHERE digest = ?")
STMT(STMT_POLICY_ADD,
	"INSERT INTO policy (digest, p, p_token, sp, sp_token, np, np_token, adkim, adkim_token, "
	"aspf, aspf_token, testing, testing_token, discovery_method, discovery_method_token, pct, fo) "
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_DETAIL_FIND, "SELECT id, trait FROM detail WHERE digest = ?")
STMT(STMT_DETAIL_ADD,
	"INSERT INTO detail (digest, disposition, disposition_token, dkim, dkim_token, spf, spf_token, "
	"header_from, envelope_from, envelope_to, from_key, trait) "
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_TRAIT_FIND, "SELECT id FROM trait WHERE digest = ?")
STMT(STMT_TRAIT_ADD,
	"INSERT INTO trait (digest, result, reasons, spf_result, spf_own, spf_domain, envelope, "
	"other_dkim) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_SIGNATURE_ADD,
	"INSERT INTO trait_signature (trait, n, domain, selector, pass) VALUES (?, ?, ?, ?, ?)")
STMT(STMT_AUTH_ADD,
	"INSERT INTO auth (detail, n, kind, domain, selector, scope, scope_token, result, "
	"result_token, human_result) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_REASON_ADD,
	"INSERT INTO reason (detail, n, type, type_token, comment) VALUES (?, ?, ?, ?, ?)")

/* write.c */
STMT(STMT_REPORT_NEXT,
	"SELECT 1 + max(coalesce((SELECT max(id) FROM report), 0), "
	"coalesce((SELECT max(report) FROM entry WHERE report IS NOT NULL), 0))")
STMT(STMT_REPORT_FIND,
	"SELECT id, content, receipt, unreadable, twin FROM report "
	"WHERE domain = ? AND reporter_same = ? AND report_id = ? AND begin = ? AND end = ?")
STMT(STMT_REPORT_TWIN,
	"SELECT 1 FROM report WHERE domain = ? AND begin = ? AND end = ? AND records_digest = ? "
	"AND reporter_same = ? LIMIT 1")
STMT(STMT_REPORT_ADD,
	"INSERT INTO report (id, domain, reporter, reporter_same, report_id, begin, end, day, policy, "
	"domain_sent, email, extra_contact_info, errors, generator, version, xmlns, dialect, trust, "
	"from_mismatch, twin, received, receipt, original, content, records_digest, records_sent, "
	"records, placeholders, unreadable, messages, pass, fail, unknown, dkim_pass, spf_pass, "
	"quarantine, reject) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
	"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_RECORD_ADD,
	"INSERT INTO record (report, n, source, count, detail) VALUES (?, ?, ?, ?, ?)")
STMT(STMT_UNREADABLE_ADD, "INSERT INTO unreadable (report, n, line, reason) VALUES (?, ?, ?, ?)")
STMT(STMT_NOTE_ADD, "INSERT INTO note (report, code, times, detail) VALUES (?, ?, ?, ?)")
STMT(STMT_RECORD_DROP, "DELETE FROM record WHERE report = ?")
STMT(STMT_UNREADABLE_DROP, "DELETE FROM unreadable WHERE report = ?")
STMT(STMT_REPORT_SHARE, "SELECT original, domain, day FROM report WHERE id = ?")
STMT(STMT_NOTE_DROP, "DELETE FROM note WHERE report = ?")
STMT(STMT_REPORT_DROP, "DELETE FROM report WHERE id = ?")

/* rollup.c */
STMT(STMT_UNASSESSED_ADD, "INSERT OR IGNORE INTO unassessed (domain, day) VALUES (?, ?)")
STMT(STMT_DAILY_ADD,
	"INSERT INTO daily (domain, day, source, result, trait, records, messages) "
	"VALUES (?, ?, ?, ?, ?, ?, ?) "
	"ON CONFLICT DO UPDATE SET records = records + excluded.records, "
	"messages = messages + excluded.messages")
STMT(STMT_DAILY_ADD_REPORT,
	"INSERT INTO daily (domain, day, source, result, trait, records, messages) "
	"SELECT ?2, ?3, r.source, d.disposition * 16 + d.dkim * 4 + d.spf AS result, d.trait, "
	"count(*), sum(r.count) FROM record r JOIN detail d ON d.id = r.detail WHERE r.report = ?1 "
	"GROUP BY r.source, d.disposition * 16 + d.dkim * 4 + d.spf, d.trait "
	"ON CONFLICT DO UPDATE SET records = records + excluded.records, "
	"messages = messages + excluded.messages")
STMT(STMT_DAILY_SUBTRACT_REPORT,
	"UPDATE daily SET records = daily.records - x.records, "
	"messages = daily.messages - x.messages FROM "
	"(SELECT r.source AS source, d.disposition * 16 + d.dkim * 4 + d.spf AS result, "
	"d.trait AS trait, count(*) AS records, sum(r.count) AS messages "
	"FROM record r JOIN detail d ON d.id = r.detail WHERE r.report = ?1 GROUP BY 1, 2, 3) AS x "
	"WHERE daily.domain = ?2 AND daily.day = ?3 AND daily.source = x.source "
	"AND daily.result = x.result AND daily.trait = x.trait")
STMT(STMT_DAILY_DROP_EMPTY, "DELETE FROM daily WHERE domain = ? AND day = ? AND records = 0")

/* receipt.c */
STMT(STMT_INBOX_FIND, "SELECT id FROM inbox WHERE path = ?")
STMT(STMT_INBOX_ADD, "INSERT INTO inbox (path) VALUES (?)")
STMT(STMT_RECEIPT_NEXT, "SELECT coalesce(max(id), 0) + 1 FROM receipt")
STMT(STMT_RECEIPT_KNOWN,
	"SELECT receipt.ending FROM inbox JOIN receipt ON receipt.inbox = inbox.id "
	"WHERE inbox.path = ? AND receipt.name = ? AND receipt.size = ? AND receipt.mtime_ns = ?")
STMT(STMT_RECEIPT_FIND,
	/* A deferred mail (6) that has grown since is still the same mail. */
	"SELECT id FROM receipt WHERE inbox = ?1 AND name = ?2 "
	"AND (size = ?3 AND mtime_ns = ?4 OR ending = 6) ORDER BY ending = 6 LIMIT 1")
STMT(STMT_RECEIPT_ADD,
	"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust, from_address, "
	"subject, message_id, date, auth_server, auth_dkim, auth_spf, auth_dmarc) "
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_RECEIPT_AGAIN,
	"UPDATE receipt SET size = ?4, mtime_ns = ?5, seen = ?6, ending = ?7, trust = ?8, "
	"from_address = ?9, subject = ?10, message_id = ?11, date = ?12, auth_server = ?13, "
	"auth_dkim = ?14, auth_spf = ?15, auth_dmarc = ?16 WHERE id = ?1 AND inbox = ?2 AND name = ?3")
STMT(STMT_ENTRY_ADD,
	"INSERT INTO entry (receipt, n, ending, place, kind, reason, report, original) "
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_ENTRY_ORIGINALS_DROP,
	"DELETE FROM original WHERE id IN (SELECT original FROM entry WHERE receipt = ?)")
STMT(STMT_ENTRY_DROP, "DELETE FROM entry WHERE receipt = ?")

/* original.c */
STMT(STMT_ORIGINAL_NEXT, "SELECT coalesce(max(id), 0) + 1 FROM original")
STMT(STMT_ORIGINAL_ADD,
	"INSERT INTO original (id, bytes, sha256, codec, data) VALUES (?, ?, ?, ?, ?)")
STMT(STMT_ORIGINAL_END, "UPDATE original SET bytes = ?2, sha256 = ?3 WHERE id = ?1")
STMT(STMT_ORIGINAL_MORE_ADD, "INSERT INTO original_more (original, n, data) VALUES (?, ?, ?)")
STMT(STMT_ORIGINAL_OF_REPORT, "SELECT original FROM report WHERE id = ?")
STMT(STMT_ORIGINAL_GET, "SELECT bytes, sha256, codec, data FROM original WHERE id = ?")
STMT(STMT_ORIGINAL_MORE_GET, "SELECT data FROM original_more WHERE original = ? AND n = ?")

/* reparse.c */
STMT(STMT_REPARSE_NEXT,
	"SELECT id, trust FROM report WHERE id > ? AND original IS NOT NULL ORDER BY id LIMIT 1")
STMT(STMT_REPARSE_REPORT,
	"SELECT r.receipt, r.received, r.original, r.trust, r.from_mismatch, d.name AS domain, "
	"p.org_name, r.report_id, r.begin, r.end, r.records, r.placeholders, r.unreadable, "
	"r.messages, r.pass, r.fail, r.unknown, r.dkim_pass, r.spf_pass, r.quarantine, r.reject, "
	"r.policy, r.domain_sent, r.email, r.extra_contact_info, r.errors, r.generator, r.version, "
	"r.xmlns, r.dialect, hex(r.records_digest) AS record_contents, r.domain, r.day, "
	"r.reporter_same, r.records_digest FROM report r JOIN domain d ON d.id = r.domain "
	"JOIN reporter p ON p.id = r.reporter WHERE r.id = ?")
STMT(STMT_REPARSE_RECORDS,
	"SELECT n, source, count, detail FROM record WHERE report = ? ORDER BY n")
STMT(STMT_REPARSE_UNREADABLE,
	"SELECT n, line, reason FROM unreadable WHERE report = ? ORDER BY n")
STMT(STMT_REPARSE_NOTES, "SELECT code, times, detail FROM note WHERE report = ? ORDER BY code")
STMT(STMT_REPARSE_TWINS,
	"UPDATE report SET twin = records > 0 AND EXISTS (SELECT 1 FROM report o "
	"WHERE o.domain = report.domain AND o.begin = report.begin AND o.end = report.end "
	"AND o.records_digest = report.records_digest AND o.reporter_same = report.reporter_same "
	"AND o.id < report.id) "
	"WHERE domain = ?1 AND begin = ?2 AND end = ?3 AND records_digest = ?4 AND reporter_same = ?5")
STMT(STMT_REPARSE_ENTRY,
	"UPDATE entry SET ending = ?3 WHERE report = ?1 AND receipt = ?2 AND ending IN (1, 3)")
STMT(STMT_REPARSE_RECEIPT,
	"UPDATE receipt SET ending = (SELECT max(ending) FROM entry WHERE receipt = receipt.id) "
	"WHERE id = ?1 AND EXISTS (SELECT 1 FROM entry WHERE receipt = receipt.id)")

/* expire.c */
STMT(STMT_EXPIRE_PICK,
	"SELECT id, domain, day, original FROM report WHERE day < ? "
	"ORDER BY day DESC, id DESC LIMIT 1")
STMT(STMT_EXPIRE_PICK_ORIGINAL,
	"SELECT id, domain, day, original FROM report WHERE day < ? AND original IS NOT NULL "
	"ORDER BY day DESC, id DESC LIMIT 1")
STMT(STMT_EXPIRE_CONFLICTS_MORE_DROP,
	"DELETE FROM original_more WHERE original IN "
	"(SELECT original FROM entry WHERE report = ? AND original IS NOT NULL)")
STMT(STMT_EXPIRE_CONFLICTS_DROP,
	"DELETE FROM original WHERE id IN "
	"(SELECT original FROM entry WHERE report = ? AND original IS NOT NULL)")
STMT(STMT_EXPIRE_CONFLICTS_FORGET,
	"UPDATE entry SET original = NULL WHERE report = ? AND original IS NOT NULL")
STMT(STMT_EXPIRE_ORIGINAL_FORGET, "UPDATE report SET original = NULL WHERE id = ?")
STMT(STMT_ORIGINAL_DROP, "DELETE FROM original WHERE id = ?")
STMT(STMT_ORIGINAL_MORE_DROP, "DELETE FROM original_more WHERE original = ?")
STMT(STMT_ORPHAN_DETAILS, "DELETE FROM detail WHERE id NOT IN (SELECT detail FROM record)")
STMT(STMT_ORPHAN_AUTHS, "DELETE FROM auth WHERE detail NOT IN (SELECT id FROM detail)")
STMT(STMT_ORPHAN_REASONS, "DELETE FROM reason WHERE detail NOT IN (SELECT id FROM detail)")
STMT(STMT_ORPHAN_TRAITS, "DELETE FROM trait WHERE id NOT IN (SELECT trait FROM detail)")
STMT(STMT_ORPHAN_SIGNATURES,
	"DELETE FROM trait_signature WHERE trait NOT IN (SELECT id FROM trait)")
STMT(STMT_ORPHAN_SOURCES, "DELETE FROM source WHERE id NOT IN (SELECT source FROM record)")
STMT(STMT_ORPHAN_NAMES,
	"DELETE FROM name WHERE id NOT IN ("
	"SELECT header_from FROM detail WHERE header_from IS NOT NULL "
	"UNION SELECT envelope_from FROM detail WHERE envelope_from IS NOT NULL "
	"UNION SELECT envelope_to FROM detail WHERE envelope_to IS NOT NULL "
	"UNION SELECT from_key FROM detail WHERE from_key IS NOT NULL "
	"UNION SELECT domain FROM auth WHERE domain IS NOT NULL "
	"UNION SELECT selector FROM auth WHERE selector IS NOT NULL "
	"UNION SELECT spf_domain FROM trait WHERE spf_domain IS NOT NULL "
	"UNION SELECT other_dkim FROM trait WHERE other_dkim IS NOT NULL "
	"UNION SELECT domain FROM trait_signature UNION SELECT selector FROM trait_signature)")
/* A number that is used again must not inherit what was judged of its former owner. */
STMT(STMT_ORPHAN_JUDGEMENTS,
	"DELETE FROM judgement WHERE trait NOT IN (SELECT id FROM trait) "
	"OR source NOT IN (SELECT id FROM source)")
STMT(STMT_ORPHAN_MEMBERS, "DELETE FROM member WHERE source NOT IN (SELECT id FROM source)")
STMT(STMT_ORPHAN_POLICIES, "DELETE FROM policy WHERE id NOT IN (SELECT policy FROM report)")
STMT(STMT_ORPHAN_ORIGINALS,
	"DELETE FROM original WHERE id NOT IN (SELECT original FROM report WHERE original IS NOT NULL "
	"UNION SELECT original FROM entry WHERE original IS NOT NULL)")
STMT(STMT_ORPHAN_MORE, "DELETE FROM original_more WHERE original NOT IN (SELECT id FROM original)")

/* claim.c */
STMT(STMT_CLAIM_SET,
	"INSERT INTO domain (name, own, claimed, added) VALUES (?, 1, 1, ?) "
	"ON CONFLICT (name) DO UPDATE SET own = 1, claimed = 1")
STMT(STMT_CLAIM_UNSET, "UPDATE domain SET own = 0 WHERE name = ? AND own = 1")
STMT(STMT_CLAIM_UNDER,
	"UPDATE domain SET claimed = 1 WHERE substr(name, -length(?1) - 1) = '.' || ?1")
STMT(STMT_CLAIM_AGAIN,
	"UPDATE domain SET claimed = EXISTS (SELECT 1 FROM domain o WHERE o.own = 1 AND "
	"(o.name = domain.name OR substr(domain.name, -length(o.name) - 1) = '.' || o.name)) "
	"WHERE name = ?1 OR substr(name, -length(?1) - 1) = '.' || ?1")
STMT(STMT_CLAIM_DROP_UNUSED,
	/* Not while its number stands for something: the owner's words stay for the day it is added
	 * again, and no other domain may inherit its groups. */
	"DELETE FROM domain WHERE name = ? AND own = 0 "
	"AND NOT EXISTS (SELECT 1 FROM report WHERE report.domain = domain.id) "
	"AND NOT EXISTS (SELECT 1 FROM source_group WHERE source_group.domain = domain.id) "
	"AND NOT EXISTS (SELECT 1 FROM decision WHERE decision.domain = domain.id) "
	"AND NOT EXISTS (SELECT 1 FROM own_network WHERE own_network.domain = domain.id) "
	"AND NOT EXISTS (SELECT 1 FROM own_service WHERE own_service.domain = domain.id) "
	"AND NOT EXISTS (SELECT 1 FROM own_answer WHERE own_answer.domain = domain.id)")

/* The rest, by who uses them. */
#include "store/stmt_dns_fact.h"
#include "store/stmt_assess.h"
#include "store/stmt_query.h"
#include "store/stmt_seen.h"
#include "store/stmt_ready.h"
#include "store/stmt_cause.h"
#include "store/stmt_bounce.h"
#include "store/stmt_whatif.h"
#include "store/stmt_selftest.h"
