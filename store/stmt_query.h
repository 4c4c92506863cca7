/*
 * ---- query*.c ------------------------------------------------------------------------------
 *
 * What needs no composing: look-ups, and lists that are one text. The questions about facts, and
 * the lists that are paged by an index, are put together in query_text.c from the pieces of
 * query_sql.h, which are used here too.
 */
#include "store/query_sql.h"

/* The domains a filter means, as the JSON list the others take. */
STMT(STMT_QUERY_NAMED_DOMAINS,
	"SELECT json_group_array(id) FROM (SELECT d.id AS id FROM json_each(:names) AS j"
	" CROSS JOIN domain AS d ON d.name = j.value UNION"
	" SELECT d.id FROM json_each(:names) AS j CROSS JOIN domain AS d"
	" WHERE :subdomains AND substr(d.name, -length(j.value) - 1) = '.' || j.value ORDER BY 1)")
STMT(STMT_QUERY_UNKNOWN_DOMAIN,
	"SELECT j.value FROM json_each(:names) AS j"
	" WHERE NOT EXISTS (SELECT 1 FROM domain AS d WHERE d.name = j.value)"
	" AND NOT (:subdomains AND EXISTS (SELECT 1 FROM domain AS d"
	" WHERE substr(d.name, -length(j.value) - 1) = '.' || j.value)) LIMIT 1")
STMT(STMT_QUERY_DOMAIN_NAMES,
	"SELECT d.name FROM json_each(:domains) AS j CROSS JOIN domain AS d ON d.id = j.value"
	" ORDER BY d.name")
STMT(STMT_QUERY_SCOPE_DOMAINS,
	"SELECT json_group_array(id) FROM (SELECT id FROM domain WHERE :claimed IS NULL"
	" OR claimed = :claimed ORDER BY id)")
STMT(STMT_QUERY_ANY_OWN, "SELECT EXISTS (SELECT 1 FROM domain WHERE own = 1)")
STMT(STMT_QUERY_REPORTER, "SELECT same_as FROM reporter WHERE org_name = :name COLLATE NOCASE")
STMT(STMT_QUERY_NAME, "SELECT id FROM name WHERE text = :name")
/* min and max apart: each is then one step into the index. */
STMT(STMT_QUERY_WINDOW,
	"SELECT min((SELECT min(day) FROM report WHERE domain = j.value)),"
	" max((SELECT max(day) FROM report WHERE domain = j.value)) FROM json_each(:domains) AS j")
/* The last day that reporters of 90 % of the 30 days' messages before :newest have reached. */
STMT(STMT_QUERY_THROUGH,
	"SELECT max(last) FROM (SELECT last, sum(weight) OVER (ORDER BY last DESC) AS sofar,"
	" sum(weight) OVER () AS total FROM (SELECT max(r.day) AS last,"
	" sum(iif(r.day < :newest, r.messages, 0)) AS weight FROM " Q_REPORTS
	"GROUP BY r.reporter_same)) WHERE sofar >= 0.9 * total")

STMT(STMT_QUERY_STATUS,
	"SELECT r.reports AS reports, r.records AS records, r.messages AS messages,"
	" (SELECT count(*) FROM domain) AS domains,"
	" (SELECT count(*) FROM domain WHERE claimed = 0) AS unclaimed_domains,"
	" (SELECT count(*) FROM receipt) AS receipts,"
	" (SELECT count(*) FROM receipt WHERE ending = 5) AS refused,"
	" (SELECT count(*) FROM receipt WHERE ending = 4) AS conflicts,"
	" (SELECT count(*) FROM receipt WHERE ending = 6) AS deferred,"
	" (SELECT min(day) FROM report) AS first_day, (SELECT max(day) FROM report) AS last_day,"
	" :through AS data_through, " Q_LAST_RECEIVED " AS last_received,"
	" (SELECT sum(value) FROM meta WHERE key IN ('data_version', 'decisions_version'))"
	" AS data_version,"
	" " Q_DB_BYTES " AS db_bytes,"
	" (SELECT user_version FROM pragma_user_version) AS schema_version"
	" FROM (SELECT count(*) AS reports, coalesce(sum(records), 0) AS records,"
	" coalesce(sum(messages), 0) AS messages FROM report) AS r")
STMT(STMT_QUERY_REPORT,
	"SELECT r.id AS id, d.name AS domain, coalesce(r.domain_sent, d.name) AS domain_sent,"
	" o.org_name AS reporter, r.report_id AS report_id, r.email AS email,"
	" r.extra_contact_info AS extra_contact_info, r.begin AS begin, r.end AS end, r.day AS day,"
	" r.errors AS errors, r.generator AS generator, r.version AS version, r.xmlns AS xmlns,"
	" r.dialect AS dialect, " Q_SENT("p") ", p.p AS p_effective, "
	Q_SENT("sp") ", " Q_SP " AS sp_effective, " Q_SENT("np") ", " Q_NP " AS np_effective, "
	Q_SENT("adkim") ", " Q_DEFAULT("adkim", "2") ", " Q_SENT("aspf") ", " Q_DEFAULT("aspf", "2") ", "
	Q_SENT("testing") ", " Q_DEFAULT("testing", "3") ", p.pct AS pct,"
	" CASE WHEN coalesce(p.pct, '') = '' THEN 100 WHEN p.pct NOT GLOB '*[^0-9]*'"
	" AND length(p.pct) <= 3 AND CAST(p.pct AS INTEGER) <= 100 THEN CAST(p.pct AS INTEGER) END"
	" AS pct_effective, p.fo AS fo, coalesce(nullif(p.fo, ''), '0') AS fo_effective, "
	Q_SENT("discovery_method") ", r.trust AS trust, r.from_mismatch AS from_mismatch,"
	" r.twin AS twin, r.unreadable > 0 AS partial, r.received AS received,"
	" r.records_sent AS records_sent, r.records AS records, r.placeholders AS placeholders,"
	" r.unreadable AS unreadable, " Q_RESULTS("r") ", r.spf_pass AS spf_aligned,"
	" r.dkim_pass AS dkim_aligned, r.quarantine AS disposition_quarantine,"
	" r.reject AS disposition_reject,"
	" (SELECT count(*) FROM entry WHERE report = r.id AND ending = 4) AS conflicts,"
	" c.id AS receipt, i.path AS inbox, c.name AS mail, c.from_address AS mail_from,"
	" c.subject AS mail_subject, c.date AS mail_date, c.auth_server AS mail_auth_server,"
	" c.auth_dkim AS mail_dkim, c.auth_spf AS mail_spf, c.auth_dmarc AS mail_dmarc,"
	" x.bytes AS original_bytes, lower(hex(x.sha256)) AS original_sha256"
	" FROM report AS r CROSS JOIN domain AS d ON d.id = r.domain"
	" CROSS JOIN reporter AS o ON o.id = r.reporter CROSS JOIN policy AS p ON p.id = r.policy"
	" CROSS JOIN receipt AS c ON c.id = r.receipt CROSS JOIN inbox AS i ON i.id = c.inbox"
	" LEFT JOIN original AS x ON x.id = r.original WHERE r.id = :report")
STMT(STMT_QUERY_REPORT_IS, "SELECT 1 FROM report WHERE id = :report")
STMT(STMT_QUERY_NOTES,
	"SELECT code, times, detail, code AS text FROM note WHERE report = :report")
STMT(STMT_QUERY_UNREADABLE, "SELECT n, line, reason FROM unreadable WHERE report = :report")
STMT(STMT_QUERY_AUTH,
	"SELECT a.kind, a.result, a.result_token, d.text, s.text, a.scope, a.scope_token"
	" FROM auth AS a LEFT JOIN name AS d ON d.id = a.domain"
	" LEFT JOIN name AS s ON s.id = a.selector WHERE a.detail = ?1 ORDER BY a.n")
STMT(STMT_QUERY_REASONS,
	"SELECT type, type_token, comment FROM reason WHERE detail = ?1 ORDER BY n")
STMT(STMT_QUERY_ENDINGS,
	"WITH e (ending) AS (VALUES (0), (1), (2), (3), (4), (5), (6))"
	" SELECT ending, (SELECT count(*) FROM receipt AS c WHERE c.ending = e.ending) AS mails FROM e")
STMT(STMT_QUERY_OWN,
	"SELECT name AS domain, parked, rua, (SELECT group_concat(net, ' ') FROM (SELECT n.net AS net"
	" FROM own_network AS n WHERE n.domain = domain.id ORDER BY n.net)) AS networks,"
	" (SELECT group_concat(service, ' ') FROM (SELECT s.service AS service"
	" FROM own_service AS s WHERE s.domain = domain.id ORDER BY s.service)) AS services,"
	" (SELECT answer = 'yes' FROM own_answer AS a WHERE a.domain = domain.id"
	" AND a.question = 'rare_senders') AS rare_senders,"
	" (SELECT answer = 'yes' FROM own_answer AS a WHERE a.domain = domain.id"
	" AND a.question = 'mailing_lists') AS mailing_lists, added"
	" FROM domain WHERE own = 1")
STMT(STMT_QUERY_GROUP_DOMAIN, "SELECT domain FROM source_group WHERE id = :group")
/* Is there a day of these domains that was not judged since it changed? */
STMT(STMT_QUERY_UNASSESSED,
	"SELECT EXISTS (SELECT 1 FROM json_each(:domains) AS j CROSS JOIN unassessed AS u"
	" ON u.domain = j.value)")
STMT(STMT_QUERY_DECISIONS,
	"SELECT d.name AS domain, s.id AS source_group, c.key AS key, s.name AS name,"
	" c.class AS class, e.at AS at, e.who AS who, c.event AS event"
	" FROM json_each(:domains) AS j CROSS JOIN decision AS c ON c.domain = j.value"
	" CROSS JOIN domain AS d ON d.id = c.domain"
	" LEFT JOIN source_group AS s ON s.domain = c.domain AND s.key = c.key"
	" LEFT JOIN event AS e ON e.id = c.event")
STMT(STMT_QUERY_EVENTS,
	"SELECT id, at, type, domain, object, before, after, who, undone_by FROM event"
	" WHERE id > max(:since_id, coalesce(:after_id, 0))")
STMT(STMT_QUERY_SERVICES,
	"SELECT value ->> 0 AS service, value ->> 1 AS name, value ->> 2 AS role,"
	" value ->> 3 AS aligns_spf, value ->> 4 AS bounce_domains, value ->> 5 AS dkim_domains,"
	" value ->> 6 AS selectors, value ->> 7 AS ptr_suffixes, value ->> 8 AS spf_include,"
	" value ->> 9 AS setup, value ->> 10 AS setup_es, value ->> 11 AS documentation,"
	" value ->> 12 AS checked FROM json_each(:services)")
