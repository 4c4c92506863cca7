/*
 * ---- query.c -------------------------------------------------------------------------------
 *
 * Parameters go by name, because the texts are made of shared pieces: :domains is a JSON list of
 * domain numbers, :from and :to are days, a filter that is not set is NULL (or 0 for a switch).
 * query.c appends ORDER BY (from the table of columns only), LIMIT and OFFSET.
 *
 * CROSS JOIN fixes the order of the loops: from the few domains asked for to their reports and on
 * to the rows, each step by an index.
 */
#ifndef STORE_STMT_QUERY
#define STORE_STMT_QUERY

/* The reports asked for, but for what depends on their rows. Trust 1 and 3: verified and local. */
#define Q_REPORTS \
	"json_each(:domains) AS j CROSS JOIN report AS r ON r.domain = j.value" \
	" AND r.day BETWEEN :from AND :to" \
	" AND (:reporter IS NULL OR r.reporter_same = :reporter)" \
	" AND (:verified = 0 OR r.trust IN (1, 3)) AND (:without_twins = 0 OR r.twin = 0) "

/* The verdict of a result = disposition * 16 + dkim * 4 + spf, where 2 is pass and 3 fail. */
#define Q_VERDICT(result) \
	"(CASE WHEN (" result " & 12) = 8 OR (" result " & 3) = 2 THEN 0" \
	" WHEN (" result " & 15) = 15 THEN 1 ELSE 2 END)"
#define Q_DETAIL_RESULT "(t.disposition * 16 + t.dkim * 4 + t.spf)"
/* Q_SHOWN: bytes of an address, or the text that stands for one: which, its type tells. */
#define Q_SHOWN "coalesce(s.ip, s.text) AS source"
#define Q_SOURCE(source) \
	"(:source_first IS NULL OR " source " IN (SELECT id FROM source" \
	" WHERE ip BETWEEN :source_first AND :source_last AND length(ip) = length(:source_first)))"
#define Q_ROW(source, result) \
	Q_SOURCE(source) " AND (:verdict IS NULL OR :verdict = " Q_VERDICT(result) ")" \
	" AND (:disposition IS NULL OR :disposition = (" result " >> 4))"

/* Facts by the roll-up, and by the raw rows. */
#define Q_DAILY \
	"(SELECT f.domain AS domain, f.day AS day, f.source AS source, f.result AS result," \
	" f.records AS records, f.messages AS messages" \
	" FROM json_each(:domains) AS j CROSS JOIN daily AS f ON f.domain = j.value" \
	" AND f.day BETWEEN :from AND :to WHERE " Q_ROW("f.source", "f.result") ")"
#define Q_RAW \
	"(SELECT r.domain AS domain, r.day AS day, x.source AS source, " Q_DETAIL_RESULT " AS result," \
	" 1 AS records, x.count AS messages, r.reporter_same AS reporter" \
	" FROM " Q_REPORTS "CROSS JOIN record AS x ON x.report = r.id" \
	" CROSS JOIN detail AS t ON t.id = x.detail" \
	" WHERE (:from_key IS NULL OR t.from_key = :from_key) AND " \
	Q_ROW("x.source", Q_DETAIL_RESULT) ")"

/* Sums over facts. */
#define Q_SUM(condition) "coalesce(sum(messages) FILTER (WHERE " condition "), 0)"
#define Q_SUMS \
	"sum(messages) AS messages, sum(records) AS records, " \
	Q_SUM("(result & 12) = 8 OR (result & 3) = 2") " AS pass, " \
	Q_SUM("(result & 15) = 15") " AS fail, " \
	Q_SUM("(result & 12) = 8") " AS dkim, " \
	Q_SUM("(result & 3) = 2") " AS spf, " \
	Q_SUM("(result & 12) <> 8 AND (result & 3) = 2") " AS spf_only, " \
	Q_SUM("(result >> 4) = 2") " AS d_none, " \
	Q_SUM("(result >> 4) = 3") " AS d_quarantine, " \
	Q_SUM("(result >> 4) = 4") " AS d_reject, " \
	Q_SUM("(result >> 4) = 5") " AS d_pass, " \
	Q_SUM("(result >> 4) IN (3, 4) AND (result & 15) = 15") " AS acted"
/* The same from report totals, which know less of dispositions. */
#define Q_TOTALS \
	"sum(r.messages) AS messages, sum(r.records) AS records, sum(r.pass) AS pass," \
	" sum(r.fail) AS fail, sum(r.dkim_pass) AS dkim, sum(r.spf_pass) AS spf," \
	" sum(r.pass) - sum(r.dkim_pass) AS spf_only," \
	" sum(r.quarantine) AS d_quarantine, sum(r.reject) AS d_reject"

/* Sums as columns: no denominator is null, never 0 or 1 (SEMANTICS, rule 9). */
#define Q_RATIO(part, whole) "CAST(" part " AS REAL) / nullif(" whole ", 0)"
#define Q_RESULTS(g) \
	"coalesce(" g ".messages, 0) AS messages, coalesce(" g ".pass, 0) AS pass," \
	" coalesce(" g ".fail, 0) AS fail," \
	" coalesce(" g ".messages - " g ".pass - " g ".fail, 0) AS unknown, " \
	Q_RATIO(g ".pass", g ".messages") " AS pass_ratio"
#define Q_ALIGNED \
	"coalesce(g.spf, 0) AS spf_aligned, " Q_RATIO("g.spf", "g.messages") " AS spf_aligned_ratio," \
	" coalesce(g.dkim, 0) AS dkim_aligned, " \
	Q_RATIO("g.dkim", "g.messages") " AS dkim_aligned_ratio," \
	" coalesce(g.spf_only, 0) AS spf_only"
#define Q_ACTED \
	"coalesce(g.d_quarantine, 0) AS disposition_quarantine," \
	" coalesce(g.d_reject, 0) AS disposition_reject"
#define Q_DISPOSITIONS \
	"coalesce(g.d_none, 0) AS disposition_none, " Q_ACTED "," \
	" coalesce(g.d_pass, 0) AS disposition_pass," \
	" coalesce(g.messages - g.d_none - g.d_quarantine - g.d_reject - g.d_pass, 0)" \
	" AS disposition_other, " Q_RATIO("g.acted", "g.fail") " AS acted_on_ratio"
#define Q_RECORDS "coalesce(g.records, 0) AS records"
#define Q_MEASURES Q_RESULTS("g") ", " Q_ALIGNED ", " Q_DISPOSITIONS ", " Q_RECORDS

/* What a policy tag means where it was not sent, or sent empty (1 with the token ''). */
#define Q_ABSENT(tag) "(p." tag " = 0 OR (p." tag " = 1 AND p." tag "_token = ''))"
#define Q_SP "CASE WHEN " Q_ABSENT("sp") " THEN p.p ELSE p.sp END"
#define Q_NP "CASE WHEN " Q_ABSENT("np") " THEN " Q_SP " ELSE p.np END"
#define Q_DEFAULT(tag, word) \
	"CASE WHEN " Q_ABSENT(tag) " THEN " word " ELSE p." tag " END AS " tag "_effective"
/* As sent: the token where there is one, else the word's number. */
#define Q_SENT(tag) "coalesce(p." tag "_token, p." tag ") AS " tag

#define Q_SUMMARY(facts) \
	"SELECT " Q_MEASURES ", b.reports AS reports, b.domains AS domains, g.sources AS sources," \
	" b.reporters AS reporters" \
	" FROM (SELECT " Q_SUMS ", count(DISTINCT source) AS sources FROM " facts ") AS g" \
	" CROSS JOIN (SELECT count(*) AS reports, count(DISTINCT r.domain) AS domains," \
	" count(DISTINCT r.reporter_same) AS reporters FROM " Q_REPORTS ") AS b"

/* Days without mail are rows too. A bucket of :step 7 begins on a Monday (day 4 was the first). */
#define Q_TIMESERIES(facts) \
	"WITH RECURSIVE days (day) AS (SELECT :first WHERE :first IS NOT NULL" \
	" UNION ALL SELECT day + :step FROM days WHERE day + :step <= :to)" \
	" SELECT days.day AS day, " Q_MEASURES "," \
	" coalesce(min(days.day + :step - 1, :to) <= :through, 0) AS complete" \
	" FROM days LEFT JOIN (SELECT day - (day + 3) % :step AS bucket, " Q_SUMS " FROM " facts \
	" GROUP BY bucket) AS g ON g.bucket = days.day"

#define Q_SOURCES(facts) \
	"SELECT d.name AS domain, " Q_SHOWN ", " Q_MEASURES "," \
	" g.first_seen AS first_seen, g.last_seen AS last_seen" \
	" FROM (SELECT domain, source, " Q_SUMS ", min(day) AS first_seen, max(day) AS last_seen" \
	" FROM " facts " GROUP BY domain, source) AS g" \
	" CROSS JOIN domain AS d ON d.id = g.domain CROSS JOIN source AS s ON s.id = g.source"

/* An inventory: a domain without mail is a row, unless row filters ask who has some. */
#define Q_DOMAINS(joins, b) \
	"SELECT d.name AS domain, d.own AS own, d.claimed AS claimed," \
	" coalesce(p.p_token, p.p) AS policy, " Q_SP " AS subdomain_policy, " \
	Q_RESULTS("g") ", " Q_ALIGNED ", " Q_ACTED ", " Q_RECORDS "," \
	" coalesce(" b ".reports, 0) AS reports, coalesce(" b ".reporters, 0) AS reporters," \
	" l.end AS last_report" \
	" FROM json_each(:domains) AS k CROSS JOIN domain AS d ON d.id = k.value " joins \
	" LEFT JOIN report AS l ON l.id = (SELECT n.id FROM report AS n WHERE n.domain = d.id" \
	" AND (:verified = 0 OR n.trust IN (1, 3))" \
	" ORDER BY n.day DESC, n.end DESC, n.id DESC LIMIT 1)" \
	" LEFT JOIN policy AS p ON p.id = l.policy" \
	" WHERE :rows = 0 OR g.records > 0"
#define Q_COUNTS "count(*) AS reports, count(DISTINCT r.reporter_same) AS reporters"

/* Gaps are counted in days a reporter reported for, or many domains would make them seconds. */
#define Q_REPORTERS(totals, sums) \
	"WITH b AS MATERIALIZED (SELECT r.reporter_same AS reporter, count(*) AS reports," \
	" count(DISTINCT r.domain) AS domains, max(r.end) AS last_end" totals \
	" FROM " Q_REPORTS " GROUP BY r.reporter_same)," \
	" seen AS (SELECT DISTINCT r.reporter_same AS reporter, r.day AS day FROM " Q_REPORTS ")," \
	" gaps AS (SELECT reporter, day - lag(day) OVER (PARTITION BY reporter ORDER BY day) AS gap" \
	" FROM seen)," \
	" ranked AS (SELECT reporter, gap," \
	" row_number() OVER (PARTITION BY reporter ORDER BY gap) AS i," \
	" count(*) OVER (PARTITION BY reporter) AS n FROM gaps WHERE gap IS NOT NULL)," \
	" medians AS (SELECT reporter, CAST(avg(gap) * 86400 AS INTEGER) AS gap FROM ranked" \
	" WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY reporter)" \
	" SELECT o.org_name AS reporter, b.reports AS reports, b.domains AS domains, " \
	Q_RESULTS("g") ", " Q_ALIGNED ", " Q_ACTED ", " Q_RECORDS "," \
	" b.last_end AS last_end, :now - b.last_end AS age_seconds, m.gap AS median_gap_seconds" \
	" FROM b LEFT JOIN " sums " AS g ON g.reporter = b.reporter" \
	" CROSS JOIN reporter AS o ON o.id = b.reporter LEFT JOIN medians AS m" \
	" ON m.reporter = b.reporter WHERE :rows = 0 OR g.records > 0"

/* A report as a row of a list; `from` brings r, c (the mail) and what else it needs. */
#define Q_LIST(original, conflict, from) \
	"SELECT r.id AS id, r.day AS day, d.name AS domain, o.org_name AS reporter," \
	" r.report_id AS report_id, r.begin AS begin, r.end AS end, r.records AS records, " \
	Q_RESULTS("r") ", r.unreadable AS unreadable, r.unreadable > 0 AS partial, r.twin AS twin," \
	" r.trust AS trust, r.received AS received, c.id AS receipt, c.name AS mail, " \
	original " AS original, " conflict " AS conflict FROM " from \
	" CROSS JOIN domain AS d ON d.id = r.domain CROSS JOIN reporter AS o ON o.id = r.reporter" \
	" WHERE (:partial = 0 OR r.unreadable > 0) AND (:twins = 0 OR r.twin = 1)" \
	" AND (:rows = 0 OR EXISTS (SELECT 1 FROM record AS x" \
	" CROSS JOIN detail AS t ON t.id = x.detail WHERE x.report = r.id" \
	" AND (:from_key IS NULL OR t.from_key = :from_key) AND " \
	Q_ROW("x.source", Q_DETAIL_RESULT) "))"

#define Q_RECORD(from) \
	"SELECT r.id AS report, x.n AS n, r.day AS day, d.name AS domain, o.org_name AS reporter," \
	" " Q_SHOWN ", x.count AS count, " Q_VERDICT(Q_DETAIL_RESULT) " AS verdict," \
	" t.spf AS spf, t.dkim AS dkim, t.disposition AS disposition," \
	" hf.text AS header_from, ef.text AS envelope_from, et.text AS envelope_to," \
	" t.id AS reasons, t.id AS auth, t.disposition_token AS disposition_sent," \
	" t.dkim_token AS dkim_sent, t.spf_token AS spf_sent FROM " from \
	" CROSS JOIN domain AS d ON d.id = r.domain CROSS JOIN reporter AS o ON o.id = r.reporter" \
	" CROSS JOIN record AS x ON x.report = r.id CROSS JOIN detail AS t ON t.id = x.detail" \
	" CROSS JOIN source AS s ON s.id = x.source LEFT JOIN name AS hf ON hf.id = t.header_from" \
	" LEFT JOIN name AS ef ON ef.id = t.envelope_from" \
	" LEFT JOIN name AS et ON et.id = t.envelope_to" \
	" WHERE (:from_key IS NULL OR t.from_key = :from_key) AND " \
	Q_ROW("x.source", Q_DETAIL_RESULT)

/* The subject of c.ending is the mail, that of e.ending one entry of it. */
#define Q_RECEIPTS(condition) \
	"SELECT c.id AS id, c.seen AS seen, i.path AS inbox, c.name AS mail, c.ending AS ending," \
	" c.trust AS trust, c.from_address AS \"from\", c.subject AS subject, e.n AS n," \
	" e.ending AS entry_ending, e.place AS place, e.kind AS kind, e.reason AS reason," \
	" e.report AS report FROM receipt AS c CROSS JOIN inbox AS i ON i.id = c.inbox" \
	" LEFT JOIN entry AS e ON e.receipt = c.id WHERE " condition \
	" AND (:seen_from IS NULL OR c.seen BETWEEN :seen_from AND :seen_to)"

#endif

/* The domains a filter means, as the JSON list the others take. */
STMT(STMT_QUERY_NAMED_DOMAINS,
	"SELECT json_group_array(id) FROM (SELECT d.id AS id FROM json_each(:names) AS j"
	" CROSS JOIN domain AS d ON d.name = j.value UNION"
	" SELECT d.id FROM json_each(:names) AS j CROSS JOIN domain AS d"
	" WHERE :subdomains AND substr(d.name, -length(j.value) - 1) = '.' || j.value ORDER BY 1)")
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
	" :through AS data_through, r.received AS last_received,"
	" (SELECT sum(value) FROM meta WHERE key IN ('data_version', 'decisions_version'))"
	" AS data_version,"
	" (SELECT page_count * page_size FROM pragma_page_count, pragma_page_size) AS db_bytes,"
	" (SELECT user_version FROM pragma_user_version) AS schema_version"
	" FROM (SELECT count(*) AS reports, coalesce(sum(records), 0) AS records,"
	" coalesce(sum(messages), 0) AS messages, max(received) AS received FROM report) AS r")
STMT(STMT_QUERY_DOMAINS_TOTALS,
	Q_DOMAINS("LEFT JOIN (SELECT r.domain AS domain, " Q_COUNTS ", " Q_TOTALS " FROM " Q_REPORTS
		"GROUP BY r.domain) AS g ON g.domain = d.id", "g"))
STMT(STMT_QUERY_DOMAINS_DAILY,
	Q_DOMAINS("LEFT JOIN (SELECT r.domain AS domain, " Q_COUNTS " FROM " Q_REPORTS
		"GROUP BY r.domain) AS b ON b.domain = d.id LEFT JOIN (SELECT domain, " Q_SUMS
		" FROM " Q_DAILY " GROUP BY domain) AS g ON g.domain = d.id", "b"))
STMT(STMT_QUERY_DOMAINS_RAW,
	Q_DOMAINS("LEFT JOIN (SELECT r.domain AS domain, " Q_COUNTS " FROM " Q_REPORTS
		"GROUP BY r.domain) AS b ON b.domain = d.id LEFT JOIN (SELECT domain, " Q_SUMS
		" FROM " Q_RAW " GROUP BY domain) AS g ON g.domain = d.id", "b"))
STMT(STMT_QUERY_SUMMARY_DAILY, Q_SUMMARY(Q_DAILY))
STMT(STMT_QUERY_SUMMARY_RAW, Q_SUMMARY(Q_RAW))
STMT(STMT_QUERY_TIMESERIES_DAILY, Q_TIMESERIES(Q_DAILY))
STMT(STMT_QUERY_TIMESERIES_RAW, Q_TIMESERIES(Q_RAW))
STMT(STMT_QUERY_SOURCES_DAILY, Q_SOURCES(Q_DAILY))
STMT(STMT_QUERY_SOURCES_RAW, Q_SOURCES(Q_RAW))
STMT(STMT_QUERY_REPORTERS_TOTALS, Q_REPORTERS(", " Q_TOTALS, "b"))
STMT(STMT_QUERY_REPORTERS_RAW,
	Q_REPORTERS("", "(SELECT reporter, " Q_SUMS " FROM " Q_RAW " GROUP BY reporter)"))
STMT(STMT_QUERY_REPORTS,
	Q_LIST("r.original", "0", Q_REPORTS "CROSS JOIN receipt AS c ON c.id = r.receipt"))
/* The mails that said something else under the same identity (ending 4). */
STMT(STMT_QUERY_CONFLICTS,
	Q_LIST("e.original", "1", Q_REPORTS "CROSS JOIN entry AS e ON e.report = r.id AND e.ending = 4"
		" CROSS JOIN receipt AS c ON c.id = e.receipt"))
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
/* No ORDER BY: the loops give day and position by themselves, and an export never sorts. */
STMT(STMT_QUERY_RECORDS, Q_RECORD(Q_REPORTS))
STMT(STMT_QUERY_REPORT_RECORDS, Q_RECORD("report AS r") " AND r.id = :report")
STMT(STMT_QUERY_AUTH,
	"SELECT a.kind, a.result, a.result_token, d.text, s.text, a.scope, a.scope_token"
	" FROM auth AS a LEFT JOIN name AS d ON d.id = a.domain"
	" LEFT JOIN name AS s ON s.id = a.selector WHERE a.detail = ?1 ORDER BY a.n")
STMT(STMT_QUERY_REASONS,
	"SELECT type, type_token, comment FROM reason WHERE detail = ?1 ORDER BY n")
STMT(STMT_QUERY_RECEIPTS, Q_RECEIPTS("1"))
STMT(STMT_QUERY_RECEIPTS_ENDING, Q_RECEIPTS("c.ending = :ending"))
STMT(STMT_QUERY_ENDINGS,
	"WITH e (ending) AS (VALUES (0), (1), (2), (3), (4), (5), (6))"
	" SELECT ending, (SELECT count(*) FROM receipt AS c WHERE c.ending = e.ending) AS mails FROM e")
STMT(STMT_QUERY_OWN, "SELECT name AS domain, added FROM domain WHERE own = 1")
