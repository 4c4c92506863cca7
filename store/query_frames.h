/*
 * query_frames: what each kind of question asks of the facts, as SQL.
 *
 * Internal to query_text.c. A frame is a list of pieces (C promises no string longer than 4095
 * bytes); it follows WITH and the relations it needs, and what it adds to them begins with ", ".
 */
#ifndef STORE_QUERY_FRAMES_H
#define STORE_QUERY_FRAMES_H

#include "store/query_sql.h"

/* ---- source groups --------------------------------------------------------------------------- */

/* Each group of the window with its sums; 0 stands for what belongs to none yet. Its class and rule
 * are those with most messages; of equals the ones with the smaller number. */
#define F_GROUPS \
	", parts AS MATERIALIZED (SELECT domain, coalesce(source_group, 0) AS source_group, class, rule," \
	" result, sum(records) AS records, sum(messages) AS messages, sum(spf_seen) AS spf_seen," \
	" sum(spf_passed) AS spf_passed, sum(overridden) AS overridden FROM chosen" \
	" GROUP BY domain, coalesce(source_group, 0), class, rule, result)," \
	" g AS MATERIALIZED (SELECT domain, source_group, " Q_SUMS "," \
	" max(CASE WHEN i = 1 THEN class END) AS class, max(CASE WHEN i = 1 THEN rule END) AS rule" \
	" FROM (SELECT *, row_number() OVER (PARTITION BY domain, source_group" \
	" ORDER BY of_class DESC, class, of_rule DESC, rule) AS i FROM (SELECT *," \
	" sum(messages) OVER (PARTITION BY domain, source_group, class) AS of_class," \
	" sum(messages) OVER (PARTITION BY domain, source_group, class, rule) AS of_rule" \
	" FROM parts)) GROUP BY domain, source_group) "
#define F_SOURCE_COLUMNS \
	"SELECT id, domain, name, service, key, evidence, evidence_detail, class, rule, decided," \
	" messages, pass, fail, unknown, pass_ratio, own_messages, own_pass, own_fail," \
	" own_pass_ratio, own_pass_ratio_floor, undecided_messages, forwarded_messages," \
	" not_yours_messages, spf_aligned, spf_aligned_ratio, dkim_aligned, dkim_aligned_ratio," \
	" spf_only, spf_only_ratio, spf_somewhere_ratio, disposition_none," \
	" disposition_quarantine, disposition_reject, disposition_pass, disposition_other," \
	" acted_on, acted_on_ratio, overridden, would_be_affected, records, addresses, first_seen," \
	" last_seen, " Q_IS_NEW " AS new, ruad_cause(:beside, id) AS cause," \
	" ruad_confidence(:beside, id) AS confidence FROM "
#define F_SOURCE_VALUES \
	"(SELECT s.id AS id, d.name AS domain, s.name AS name," \
	" s.service AS service, s.key AS key, s.evidence AS evidence," \
	" s.evidence_detail AS evidence_detail, g.class AS class, g.rule AS rule," \
	" e.class AS decided, " Q_MEASURES ","
#define F_SOURCE_DAYS \
	" (SELECT count(*) FROM member AS a WHERE a.source_group = s.id) AS addresses, " \
	Q_FIRST_SEEN " AS first_seen, " Q_LAST_SEEN " AS last_seen, " Q_NEW_FROM " FROM "
#define F_SOURCE_BESIDE \
	" LEFT JOIN decision AS e ON e.domain = s.domain AND e.key = s.key" \
	" LEFT JOIN fresh AS h ON h.source_group = s.id)"
#define F_SOURCES(from) \
	{ F_GROUPS, F_SOURCE_COLUMNS, F_SOURCE_VALUES, F_SOURCE_DAYS, from }
/* Those that have mail in the window; and one, whether or not. */
#define F_SOURCES_SEEN \
	"g CROSS JOIN domain AS d ON d.id = g.domain" \
	" LEFT JOIN source_group AS s ON s.id = g.source_group" F_SOURCE_BESIDE \
	" WHERE (:first_seen_after IS NULL OR first_seen > :first_seen_after)"
#define F_SOURCE_ONE \
	"(SELECT * FROM source_group WHERE id = :source_group) AS s" \
	" CROSS JOIN domain AS d ON d.id = s.domain LEFT JOIN g ON g.source_group = s.id" \
	F_SOURCE_BESIDE

/* ---- a page of many -------------------------------------------------------------------------- */

/* Of sources and addresses there may be a hundred thousand, with some thirty sums each. The page is
 * chosen by the one it is sorted by; then only its rows are made, of the facts that are theirs. */
#define F_PAGE_SOURCES \
	", page AS MATERIALIZED (SELECT a, b FROM (SELECT g.domain AS a, g.b AS b," \
	" g.messages AS messages, d.name AS domain, nullif(g.b, 0) AS id" \
	" FROM (SELECT domain, coalesce(source_group, 0) AS b, sum(messages) AS messages" \
	" FROM facts GROUP BY domain, coalesce(source_group, 0)) AS g" \
	" CROSS JOIN domain AS d ON d.id = g.domain)"
#define F_OF_PAGE_SOURCES " WHERE (domain, coalesce(source_group, 0)) IN (SELECT a, b FROM page)"
#define F_PAGE_ADDRESSES(facts) \
	", page AS MATERIALIZED (SELECT a, b FROM (SELECT g.domain AS a, g.source AS b," \
	" g.messages AS messages, d.name AS domain, coalesce(s.ip, s.text) AS source" \
	" FROM (SELECT domain, source, sum(messages) AS messages" \
	" FROM " facts " GROUP BY domain, source) AS g" \
	" CROSS JOIN domain AS d ON d.id = g.domain CROSS JOIN source AS s ON s.id = g.source)"
#define F_OF_PAGE_ADDRESSES " WHERE (domain, source) IN (SELECT a, b FROM page)"

/* ---- addresses, domains, rules, reasons ------------------------------------------------------- */

#define F_OF_CLASS(n) "sum(messages) FILTER (WHERE class = " n ")"
#define F_ADDRESSES { \
	" SELECT d.name AS domain, coalesce(s.ip, s.text) AS source, g.source_group AS source_group," \
	" sg.name AS source_name, CASE max(coalesce(g.c0, -1), coalesce(g.c1, -1)," \
	" coalesce(g.c2, -1), coalesce(g.c3, -1)) WHEN g.c0 THEN 0 WHEN g.c1 THEN 1" \
	" WHEN g.c2 THEN 2 ELSE 3 END AS class, " Q_MEASURES "," \
	" g.first_seen AS first_seen, g.last_seen AS last_seen", \
	" FROM (SELECT domain, source, max(source_group) AS source_group, " Q_SUMS ", " \
	F_OF_CLASS("0") " AS c0, " F_OF_CLASS("1") " AS c1, " F_OF_CLASS("2") " AS c2, " \
	F_OF_CLASS("3") " AS c3, min(day) AS first_seen, max(day) AS last_seen" \
	" FROM chosen GROUP BY domain, source) AS g" \
	" CROSS JOIN domain AS d ON d.id = g.domain CROSS JOIN source AS s ON s.id = g.source" \
	" LEFT JOIN source_group AS sg ON sg.id = g.source_group" }

/* The sums of each domain with its sources: those of the facts, or counted by their indexes. */
#define F_DOMAIN_SUMS \
	", g AS MATERIALIZED (SELECT domain, " Q_SUMS ", " Q_GROUPS " FROM facts GROUP BY domain)"
#define F_DOMAIN_SUMS_TOTALS \
	", g AS MATERIALIZED (SELECT sums.*, seen_groups.sources AS sources," \
	" seen_groups.undecided_sources AS undecided_sources, seen_groups.new_sources AS new_sources" \
	" FROM (SELECT domain, " Q_SUMS " FROM facts GROUP BY domain) AS sums" \
	" LEFT JOIN seen_groups ON seen_groups.by_domain = sums.domain)"
#define F_POLICY "coalesce(p.p_token, p.p) AS policy, " Q_SP " AS subdomain_policy"
#define F_LAST_REPORT \
	" LEFT JOIN report AS l ON l.id = (SELECT n.id FROM report AS n WHERE n.domain = d.id" \
	" AND (:verified = 0 OR n.trust IN (1, 3))" \
	" ORDER BY n.day DESC, n.end DESC, n.id DESC LIMIT 1)" \
	" LEFT JOIN policy AS p ON p.id = l.policy"
/* An inventory: a domain without mail is a row, unless row filters ask who has some. */
#define F_DOMAINS { \
	", b AS MATERIALIZED (SELECT r.domain AS domain, count(*) AS reports," \
	" count(DISTINCT r.reporter_same) AS reporters FROM " Q_REPORTS " GROUP BY r.domain) ", \
	"SELECT d.name AS domain, d.own AS own, d.claimed AS claimed, d.parked AS parked," \
	" d.rua AS rua, " F_POLICY ", " Q_MEASURES ", ", \
	Q_ZERO("sources", "sources") ", " \
	Q_ZERO("undecided_sources", "undecided_sources") ", " Q_ZERO("new_sources", "new_sources") "," \
	" coalesce(b.reports, 0) AS reports, coalesce(b.reporters, 0) AS reporters," \
	" l.end AS last_report" \
	" FROM json_each(:domains) AS k CROSS JOIN domain AS d ON d.id = k.value" \
	" LEFT JOIN g ON g.domain = d.id LEFT JOIN b ON b.domain = d.id" F_LAST_REPORT \
	" WHERE :rows = 0 OR g.records > 0" }

#define F_RULES { \
	" SELECT g.class AS class, g.rule AS rule, g.rule AS rule_text, " Q_RESULTS("g") ", " Q_RECORDS \
	" FROM (SELECT class, rule, " Q_SUMS " FROM facts GROUP BY class, rule) AS g" }

/* A detail with two reasons is in the row of each. */
#define F_OVERRIDES { \
	" SELECT coalesce(y.type_token, y.type) AS type, y.comment AS comment," \
	" sum(g.messages) AS messages, sum(g.fail) AS fail, sum(g.records) AS records" \
	" FROM (SELECT detail, sum(messages) AS messages, sum(records) AS records, " \
	Q_SUM(Q_FAILS("result")) " AS fail FROM facts GROUP BY detail) AS g" \
	" CROSS JOIN reason AS y ON y.detail = g.detail" \
	" GROUP BY coalesce(y.type_token, y.type), y.comment" }

/* ---- reporters -------------------------------------------------------------------------------- */

/* Gaps are counted in days a reporter reported for, or many domains would make them seconds. */
#define F_REPORTERS(with, totals, sums) { \
	with " b AS MATERIALIZED (SELECT r.reporter_same AS reporter, count(*) AS reports," \
	" count(DISTINCT r.domain) AS domains, max(r.end) AS last_end" totals \
	" FROM " Q_REPORTS " GROUP BY r.reporter_same)," \
	" seen AS (SELECT DISTINCT r.reporter_same AS reporter, r.day AS day FROM " Q_REPORTS ")," \
	" gaps AS (SELECT reporter, day - lag(day) OVER (PARTITION BY reporter ORDER BY day) AS gap" \
	" FROM seen)," \
	" ranked AS (SELECT reporter, gap," \
	" row_number() OVER (PARTITION BY reporter ORDER BY gap) AS i," \
	" count(*) OVER (PARTITION BY reporter) AS n FROM gaps WHERE gap IS NOT NULL)," \
	" medians AS (SELECT reporter, CAST(avg(gap) * 86400 AS INTEGER) AS gap FROM ranked" \
	" WHERE i IN ((n + 1) / 2, (n + 2) / 2) GROUP BY reporter)", \
	" SELECT o.org_name AS reporter, b.reports AS reports, b.domains AS domains, " \
	Q_RESULTS("g") ", " Q_ALIGNED ", " Q_ACTED ", " Q_RECORDS "," \
	" b.last_end AS last_end, :now - b.last_end AS age_seconds, m.gap AS median_gap_seconds," \
	" :now - b.last_end > max(259200, coalesce(2 * m.gap, 0)) AS overdue" \
	" FROM b LEFT JOIN ", sums " AS g ON g.reporter = b.reporter" \
	" CROSS JOIN reporter AS o ON o.id = b.reporter LEFT JOIN medians AS m" \
	" ON m.reporter = b.reporter WHERE :rows = 0 OR g.records > 0" }
#define F_REPORTERS_ROWS \
	F_REPORTERS(",", "", "(SELECT reporter, " Q_SUMS " FROM facts GROUP BY reporter)")
/* What the totals of reports know needs no rows. */
#define F_REPORTERS_TOTALS F_REPORTERS("WITH", ", " Q_TOTALS, "b")

/* ---- a summary, a timeseries ------------------------------------------------------------------- */

#define F_BEFORE \
	"sum(messages) AS messages, " Q_SUM("class = 0") " AS own, " \
	Q_SUM("class = 0 AND " Q_PASSES("result")) " AS own_pass FROM before AS facts"
#define F_REPORT_COUNTS \
	"count(*) AS reports, count(DISTINCT r.domain) AS domains," \
	" count(DISTINCT r.reporter_same) AS reporters FROM " Q_REPORTS
#define F_SUMMARY \
	":shown_from AS \"from\", :shown_to AS \"to\", " Q_MEASURES ","
#define F_SUMMARY_MORE \
	" coalesce(p.messages, 0) AS prev_messages, " \
	Q_RATIO("p.own_pass", "p.own") " AS prev_own_pass_ratio, " \
	Q_RATIO("g.own_pass", "g.own") " - " Q_RATIO("p.own_pass", "p.own") " AS own_pass_delta, " \
	Q_ZERO("sources", "sources") ", " Q_ZERO("undecided_sources", "undecided_sources") ", " \
	Q_ZERO("new_sources", "new_sources") ", "
#define F_SUMMARY_POLICY \
	"(SELECT coalesce(lp.p_token, lp.p) FROM policy AS lp WHERE lp.id = (SELECT n.policy" \
	" FROM report AS n WHERE n.domain = %s AND (:verified = 0 OR n.trust IN (1, 3))" \
	" ORDER BY n.day DESC, n.end DESC, n.id DESC LIMIT 1)) AS policy," \
	" ruad_published(:beside, %s) AS published_policy, ruad_ready(:beside, %s) AS readiness, "
/* A bucket of :step 7 begins on a Monday (day 4 was the first). */
#define F_DAYS \
	", days (day) AS (SELECT :first WHERE :first IS NOT NULL" \
	" UNION ALL SELECT day + :step FROM days WHERE day + :step <= :to)"
#define F_BUCKET "day - (day + 3) % :step AS bucket, "
#define F_COMPLETE(day) "coalesce(min(" day " + :step - 1, :to) <= :through, 0) AS complete"

/* ---- what a scrape shows ------------------------------------------------------------------------- */

/* Roll-ups and indexes alone: it comes every minute, and 90 days of 200 domains have many reports. */
#define F_LEAN_SUMS    Q_RESULTS("g") ", " Q_ACTED " FROM g"
#define F_LEAN_GROUPS  ", seen_groups AS MATERIALIZED (SELECT domain AS by_domain, " Q_GROUPS \
	" FROM facts GROUP BY domain)"
#define F_LEAN_DOMAINS \
	" SELECT d.name AS domain, " F_POLICY ", " \
	Q_ZERO("undecided_sources", "undecided_sources") ", " Q_ZERO("new_sources", "new_sources") "," \
	" l.end AS last_report FROM json_each(:domains) AS k CROSS JOIN domain AS d ON d.id = k.value" \
	" LEFT JOIN seen_groups AS g ON g.by_domain = d.id" F_LAST_REPORT
#define F_LEAN_REPORTERS \
	"SELECT o.org_name AS reporter, b.messages AS messages, b.last_end AS last_end" \
	" FROM (SELECT r.reporter_same AS reporter, sum(r.messages) AS messages, max(r.end) AS last_end" \
	" FROM " Q_REPORTS " GROUP BY r.reporter_same) AS b" \
	" CROSS JOIN reporter AS o ON o.id = b.reporter"
#define F_LEAN_STATUS \
	"SELECT :through AS data_through, " Q_LAST_RECEIVED " AS last_received, " \
	Q_DB_BYTES " AS db_bytes"

/* ---- lists of reports, records and receipts ----------------------------------------------------- */

/* In the order of their keys by an index. Where a page begins, one end of the window gives way to it;
 * "+" keeps SQLite from taking the wrong one of the two for the index. */
#define L_WINDOW " AND r.day BETWEEN :from AND :to"
#define L_AFTER \
	" AND r.day BETWEEN :key0 AND :to AND +r.day >= :from AND (r.day > :key0 OR r.id >= :key1)"
#define L_BEFORE \
	" AND r.day BETWEEN :from AND :key0 AND +r.day <= :to AND (r.day < :key0 OR r.id <= :key1)"

/* A report as a row of a list; c is the mail. */
#define L_REPORT(receipt, original, conflict) \
	"SELECT r.id AS id, r.day AS day, d.name AS domain, o.org_name AS reporter," \
	" r.report_id AS report_id, r.begin AS begin, r.end AS end, r.records AS records, " \
	Q_RESULTS("r") ", r.unreadable AS unreadable, r.unreadable > 0 AS partial, r.twin AS twin," \
	" r.trust AS trust, r.received AS received, " receipt " AS receipt, c.name AS mail, " \
	original " AS original, " conflict " AS conflict FROM "
#define L_REPORT_JOINS \
	" CROSS JOIN domain AS d ON d.id = r.domain CROSS JOIN reporter AS o ON o.id = r.reporter"
#define L_REPORT_WHERE \
	" WHERE (:partial = 0 OR r.unreadable > 0) AND (:twins = 0 OR r.twin = 1)" \
	" AND (:rows = 0 OR EXISTS (SELECT 1 FROM record AS x" \
	" CROSS JOIN detail AS t ON t.id = x.detail" Q_RECORD_JUDGED " WHERE x.report = r.id AND " \
	Q_RECORD_ROW "))"

#define L_RECORD \
	"SELECT r.id AS report, x.n AS n, r.day AS day, d.name AS domain, o.org_name AS reporter," \
	" coalesce(s.ip, s.text) AS source, x.count AS count, " \
	Q_VERDICT(Q_DETAIL_RESULT) " AS verdict," \
	" t.spf AS spf, t.dkim AS dkim, t.disposition AS disposition," \
	" hf.text AS header_from, ef.text AS envelope_from, et.text AS envelope_to," \
	" t.id AS reasons, t.id AS auth, t.disposition_token AS disposition_sent," \
	" t.dkim_token AS dkim_sent, t.spf_token AS spf_sent, r.trust AS trust, r.twin AS twin," \
	" m.source_group AS source_group, sg.name AS source_name, " \
	Q_CLASS(Q_DETAIL_RESULT) " AS class, " Q_RULE " AS rule FROM "
#define L_RECORD_JOINS \
	" CROSS JOIN domain AS d ON d.id = r.domain CROSS JOIN reporter AS o ON o.id = r.reporter" \
	" CROSS JOIN record AS x ON x.report = r.id CROSS JOIN detail AS t ON t.id = x.detail" \
	" CROSS JOIN source AS s ON s.id = x.source" Q_RECORD_JUDGED \
	" LEFT JOIN source_group AS sg ON sg.id = m.source_group" \
	" LEFT JOIN name AS hf ON hf.id = t.header_from" \
	" LEFT JOIN name AS ef ON ef.id = t.envelope_from" \
	" LEFT JOIN name AS et ON et.id = t.envelope_to"

/* The subject of c.ending is the mail, that of e.ending one entry of it. */
#define L_RECEIPTS \
	"SELECT c.id AS id, c.seen AS seen, i.path AS inbox, c.name AS mail, c.ending AS ending," \
	" c.trust AS trust, c.from_address AS mail_from, c.subject AS subject, e.n AS n," \
	" e.ending AS entry_ending, e.place AS place, e.kind AS kind, e.reason AS reason," \
	" e.report AS report FROM receipt AS c CROSS JOIN inbox AS i ON i.id = c.inbox" \
	" LEFT JOIN entry AS e ON e.receipt = c.id" \
	" WHERE (:seen_from IS NULL OR c.seen BETWEEN :seen_from AND :seen_to)"

#endif
