/*
 * query_sql: the pieces that the questions' SQL is made of.
 *
 * Parameters go by name, because the texts are made of shared pieces: :domains is a JSON list of
 * domain numbers, :from and :to are days, a filter that is not set is NULL (or 0 for a switch).
 * CROSS JOIN fixes the order of the loops: from the few domains asked for to their reports and on
 * to the rows, each step by an index.
 *
 * One relation of facts answers every question about messages: domain, day, source_group, class,
 * rule, result, records, messages, spf_seen, spf_passed, overridden. There are five ways to it,
 * which give the same sums (query_selftest() proves what makes them so):
 *
 *	totals	the roll-up of domains; knows no source group and no rule
 *	classed	the roll-up of classes
 *	mixed	the same, but days that were not judged since they changed come from the next
 *	daily	the roll-up of addresses and traits, each row judged; knows the source too
 *	raw	records; knows the reporter and the detail too
 */
#ifndef STORE_QUERY_SQL_H
#define STORE_QUERY_SQL_H

/* ---- reports --------------------------------------------------------------------------------- */

/* But for what depends on their rows. Trust 1 and 3: verified and local. */
#define Q_REPORT_TRAITS \
	" AND (:reporter IS NULL OR r.reporter_same = :reporter)" \
	" AND (:verified = 0 OR r.trust IN (1, 3)) AND (:without_twins = 0 OR r.twin = 0) "
#define Q_REPORTS_IN(from, to) \
	"json_each(:domains) AS j CROSS JOIN report AS r ON r.domain = j.value" \
	" AND r.day BETWEEN " from " AND " to Q_REPORT_TRAITS
#define Q_REPORTS Q_REPORTS_IN(":from", ":to")

#define Q_LAST_RECEIVED "(SELECT received FROM report WHERE id = (SELECT max(id) FROM report))"
#define Q_DB_BYTES \
	"(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)"

/* ---- rows ------------------------------------------------------------------------------------ */

/* The verdict of a result = disposition * 16 + dkim * 4 + spf, where 2 is pass and 3 fail. */
#define Q_PASSES(result) "((" result " & 12) = 8 OR (" result " & 3) = 2)"
#define Q_FAILS(result)  "((" result " & 15) = 15)"
#define Q_VERDICT(result) \
	"(CASE WHEN " Q_PASSES(result) " THEN 0 WHEN " Q_FAILS(result) " THEN 1 ELSE 2 END)"
#define Q_DETAIL_RESULT "(t.disposition * 16 + t.dkim * 4 + t.spf)"

/* Until a row is judged, by the rule :provisional, what passes is yours (0), the rest to decide (2). */
#define Q_CLASS(result) \
	"coalesce(q.class, CASE WHEN " Q_PASSES(result) " THEN 0 ELSE 2 END)"
#define Q_RULE "coalesce(q.rule, :provisional)"
#define Q_JUDGED(domain, source, trait) \
	" LEFT JOIN judgement AS q ON q.domain = " domain " AND q.source = " source \
	" AND q.trait = " trait \
	" LEFT JOIN member AS m ON m.domain = " domain " AND m.source = " source

#define Q_SOURCE(source) \
	" AND (:source_first IS NULL OR " source " IN (SELECT id FROM source" \
	" WHERE ip BETWEEN :source_first AND :source_last AND length(ip) = length(:source_first)))"
#define Q_RESULT_ONLY(result) \
	" AND (:verdict IS NULL OR :verdict = " Q_VERDICT(result) ")" \
	" AND (:disposition IS NULL OR :disposition = (" result " >> 4))"
#define Q_RESULT_ROW(class, result) \
	Q_RESULT_ONLY(result) \
	" AND (:class IS NULL OR :class = " class ")"
#define Q_ROW(group, class, result) \
	Q_RESULT_ROW(class, result) \
	" AND (:source_group IS NULL OR :source_group = " group ")" \
	" AND (:service IS NULL OR " group " IN (SELECT sg.id FROM json_each(:domains) AS sj" \
	" CROSS JOIN source_group AS sg ON sg.domain = sj.value WHERE sg.service = :service))"
/* Of a record x with its detail t, of report r. */
#define Q_RECORD_JUDGED Q_JUDGED("r.domain", "x.source", "t.trait")
#define Q_RECORD_ROW \
	"(:from_key IS NULL OR t.from_key = :from_key)" Q_SOURCE("x.source") \
	Q_ROW("m.source_group", Q_CLASS(Q_DETAIL_RESULT), Q_DETAIL_RESULT)

/* ---- facts ----------------------------------------------------------------------------------- */

#define Q_DOMAIN_TOTALS(from, to) \
	"SELECT f.domain AS domain, f.day AS day, NULL AS source_group, f.class AS class," \
	" NULL AS rule, f.result AS result, f.records AS records, f.messages AS messages," \
	" f.spf_seen AS spf_seen, f.spf_passed AS spf_passed, f.overridden AS overridden" \
	" FROM json_each(:domains) AS j CROSS JOIN domain_daily AS f ON f.domain = j.value" \
	" AND f.day BETWEEN " from " AND " to " WHERE 1" Q_RESULT_ROW("f.class", "f.result")
#define Q_CLASSED(from, to, condition) \
	"SELECT f.domain AS domain, f.day AS day, f.source_group AS source_group," \
	" f.class AS class, f.rule AS rule, f.result AS result, f.records AS records," \
	" f.messages AS messages, f.spf_seen AS spf_seen, f.spf_passed AS spf_passed," \
	" f.overridden AS overridden FROM json_each(:domains) AS j CROSS JOIN class_daily AS f" \
	" ON f.domain = j.value AND f.day BETWEEN " from " AND " to " WHERE " condition \
	Q_ROW("f.source_group", "f.class", "f.result")
#define Q_JUDGED_DAILY(source, days, from, to) \
	"SELECT f.domain AS domain, f.day AS day, m.source_group AS source_group, " \
	Q_CLASS("f.result") " AS class, " Q_RULE " AS rule, f.result AS result," \
	" f.records AS records, f.messages AS messages," \
	" iif(t.spf_result > 0, f.messages, 0) AS spf_seen," \
	" iif(t.spf_result = 3, f.messages, 0) AS spf_passed," \
	" iif(t.reasons <> 0, f.messages, 0) AS overridden" source \
	" FROM json_each(:domains) AS j " days " AND f.day BETWEEN " from " AND " to \
	" CROSS JOIN trait AS t ON t.id = f.trait" Q_JUDGED("f.domain", "f.source", "f.trait") \
	" WHERE 1" Q_SOURCE("f.source") Q_ROW("m.source_group", Q_CLASS("f.result"), "f.result")
#define Q_DAILY(from, to) \
	Q_JUDGED_DAILY(", f.source AS source", "CROSS JOIN daily AS f ON f.domain = j.value", from, to)
/* Without a look at judgements: what sums of addresses need that ask for no class or group. */
#define Q_BARE_DAILY \
	"SELECT f.domain AS domain, f.source AS source, f.messages AS messages" \
	" FROM json_each(:domains) AS j CROSS JOIN daily AS f ON f.domain = j.value" \
	" AND f.day BETWEEN :from AND :to WHERE 1" Q_SOURCE("f.source") Q_RESULT_ONLY("f.result")
#define Q_MIXED(from, to) \
	Q_CLASSED(from, to, Q_IS_ASSESSED("f")) " UNION ALL " \
	Q_JUDGED_DAILY("", "CROSS JOIN unassessed AS u ON u.domain = j.value" \
		" CROSS JOIN daily AS f ON f.domain = u.domain AND f.day = u.day", from, to)
#define Q_RAW(from, to) \
	"SELECT r.domain AS domain, r.day AS day, m.source_group AS source_group, " \
	Q_CLASS(Q_DETAIL_RESULT) " AS class, " Q_RULE " AS rule, " Q_DETAIL_RESULT " AS result," \
	" 1 AS records, x.count AS messages, iif(z.spf_result > 0, x.count, 0) AS spf_seen," \
	" iif(z.spf_result = 3, x.count, 0) AS spf_passed," \
	" iif(z.reasons <> 0, x.count, 0) AS overridden," \
	" x.source AS source, r.reporter_same AS reporter, t.id AS detail" \
	" FROM " Q_REPORTS_IN(from, to) \
	" CROSS JOIN record AS x ON x.report = r.id CROSS JOIN detail AS t ON t.id = x.detail" \
	" CROSS JOIN trait AS z ON z.id = t.trait" Q_RECORD_JUDGED " WHERE " Q_RECORD_ROW

/* ---- sums ------------------------------------------------------------------------------------ */

#define Q_SUM(condition) "coalesce(sum(messages) FILTER (WHERE " condition "), 0)"
#define Q_SUMS \
	"sum(messages) AS messages, sum(records) AS records, " \
	Q_SUM(Q_PASSES("result")) " AS pass, " Q_SUM(Q_FAILS("result")) " AS fail, " \
	Q_SUM("(result & 12) = 8") " AS dkim, " Q_SUM("(result & 3) = 2") " AS spf, " \
	Q_SUM("class = 0") " AS own, " \
	Q_SUM("class = 0 AND " Q_PASSES("result")) " AS own_pass, " \
	Q_SUM("class = 0 AND " Q_FAILS("result")) " AS own_fail, " \
	Q_SUM("class = 1") " AS forwarded, " Q_SUM("class = 2") " AS undecided, " \
	Q_SUM("class = 3") " AS not_yours, " \
	Q_SUM("class = 0 AND (result & 12) <> 8 AND (result & 3) = 2") " AS spf_only, " \
	"sum(spf_seen) AS spf_seen, sum(spf_passed) AS spf_passed," \
	" coalesce(sum(overridden) FILTER (WHERE " Q_FAILS("result") "), 0) AS overridden, " \
	Q_SUM("(result >> 4) = 2") " AS d_none, " Q_SUM("(result >> 4) = 3") " AS d_quarantine, " \
	Q_SUM("(result >> 4) = 4") " AS d_reject, " Q_SUM("(result >> 4) = 5") " AS d_pass, " \
	Q_SUM("(result >> 4) IN (3, 4) AND " Q_FAILS("result")) " AS acted, " \
	Q_SUM("class IN (0, 1) AND " Q_FAILS("result")) " AS affected"
/* What of them a scrape shows. */
#define Q_SUMS_LEAN \
	"sum(messages) AS messages, " Q_SUM(Q_PASSES("result")) " AS pass, " \
	Q_SUM(Q_FAILS("result")) " AS fail, " Q_SUM("(result >> 4) = 3") " AS d_quarantine, " \
	Q_SUM("(result >> 4) = 4") " AS d_reject"
/* What of them the totals of reports know. */
#define Q_TOTALS \
	"sum(r.messages) AS messages, sum(r.records) AS records, sum(r.pass) AS pass," \
	" sum(r.fail) AS fail, sum(r.dkim_pass) AS dkim, sum(r.spf_pass) AS spf," \
	" sum(r.quarantine) AS d_quarantine, sum(r.reject) AS d_reject"

/* Sums as columns: no denominator is null, never 0 or 1 (SEMANTICS, rule 9). */
#define Q_RATIO(part, whole) "CAST(" part " AS REAL) / nullif(" whole ", 0)"
#define Q_ZERO(sum, name) "coalesce(g." sum ", 0) AS " name
#define Q_RESULTS(g) \
	"coalesce(" g ".messages, 0) AS messages, coalesce(" g ".pass, 0) AS pass," \
	" coalesce(" g ".fail, 0) AS fail," \
	" coalesce(" g ".messages - " g ".pass - " g ".fail, 0) AS unknown, " \
	Q_RATIO(g ".pass", g ".messages") " AS pass_ratio"
#define Q_OWN \
	Q_ZERO("own", "own_messages") ", " Q_ZERO("own_pass", "own_pass") ", " \
	Q_ZERO("own_fail", "own_fail") ", " Q_RATIO("g.own_pass", "g.own") " AS own_pass_ratio, " \
	Q_RATIO("g.own_pass", "(g.own + g.undecided)") " AS own_pass_ratio_floor, " \
	Q_ZERO("undecided", "undecided_messages") ", " Q_ZERO("forwarded", "forwarded_messages") ", " \
	Q_ZERO("not_yours", "not_yours_messages")
#define Q_ALIGNED \
	Q_ZERO("spf", "spf_aligned") ", " Q_RATIO("g.spf", "g.messages") " AS spf_aligned_ratio, " \
	Q_ZERO("dkim", "dkim_aligned") ", " Q_RATIO("g.dkim", "g.messages") " AS dkim_aligned_ratio"
#define Q_ACTED \
	Q_ZERO("d_quarantine", "disposition_quarantine") ", " Q_ZERO("d_reject", "disposition_reject")
#define Q_RECORDS Q_ZERO("records", "records")
#define Q_MEASURES \
	Q_RESULTS("g") ", " Q_OWN ", " Q_ALIGNED ", " Q_ZERO("spf_only", "spf_only") ", " \
	Q_RATIO("g.spf_only", "g.own_pass") " AS spf_only_ratio, " \
	Q_RATIO("g.spf_passed", "g.spf_seen") " AS spf_somewhere_ratio, " \
	Q_ZERO("d_none", "disposition_none") ", " Q_ACTED ", " Q_ZERO("d_pass", "disposition_pass") "," \
	" coalesce(g.messages - g.d_none - g.d_quarantine - g.d_reject - g.d_pass, 0)" \
	" AS disposition_other, " Q_ZERO("acted", "acted_on") ", " \
	Q_RATIO("g.acted", "g.fail") " AS acted_on_ratio, " Q_ZERO("overridden", "overridden") ", " \
	Q_ZERO("affected", "would_be_affected") ", " Q_RECORDS

/* ---- when a source group was seen ------------------------------------------------------------- */

#define Q_IS_ASSESSED(row) \
	"NOT EXISTS (SELECT 1 FROM unassessed AS nu WHERE nu.domain = " row ".domain" \
	" AND nu.day = " row ".day)"
/* The first (or, descending, the last) day of group `s` in the roll-up of classes, by its index. */
#define Q_SEEN(condition, order) \
	"(SELECT c.day FROM class_daily AS c INDEXED BY class_daily_group WHERE c.source_group = s.id" \
	condition " AND " Q_IS_ASSESSED("c") " ORDER BY c.day" order " LIMIT 1)"
/* What the roll-up of classes does not know yet: days of groups by the rows not judged since. */
#define Q_FRESH \
	"fresh AS MATERIALIZED (SELECT m.source_group AS source_group, min(f.day) AS first_seen," \
	" max(f.day) AS last_seen, min(f.day) FILTER (WHERE f.day BETWEEN :from AND :to) AS first_in," \
	" max(f.day) FILTER (WHERE f.day < :from) AS last_before FROM json_each(:domains) AS j" \
	" CROSS JOIN unassessed AS u ON u.domain = j.value CROSS JOIN daily AS f" \
	" ON f.domain = u.domain AND f.day = u.day CROSS JOIN member AS m" \
	" ON m.domain = f.domain AND m.source = f.source GROUP BY m.source_group)"
#define Q_EARLIER(a, b) "min(coalesce(" a ", " b "), coalesce(" b ", " a "))"
#define Q_LATER(a, b)   "max(coalesce(" a ", " b "), coalesce(" b ", " a "))"
#define Q_FIRST_SEEN Q_EARLIER(Q_SEEN("", ""), "h.first_seen")
#define Q_LAST_SEEN  Q_LATER(Q_SEEN("", " DESC"), "h.last_seen")
#define Q_FIRST_IN   Q_EARLIER(Q_SEEN(" AND c.day BETWEEN :from AND :to", ""), "h.first_in")
#define Q_LAST_BEFORE \
	Q_LATER(Q_SEEN(" AND c.day BETWEEN :from - 90 AND :from - 1", " DESC"), "h.last_before")
/* New: absent in the 90 days before its first in the window, once the domain was known 14 days. */
#define Q_IS_NEW \
	"(first_in IS NOT NULL AND coalesce(first_in - last_before > 90, 1)" \
	" AND first_in - (SELECT min(day) FROM daily WHERE domain = domain_id) >= 14)"
#define Q_NEW_FROM \
	"s.domain AS domain_id, " Q_FIRST_IN " AS first_in, " Q_LAST_BEFORE " AS last_before"
/* Every new source group there is in the domains, whatever the rows asked for. */
#define Q_NEWS \
	"news AS MATERIALIZED (SELECT id FROM (SELECT s.id AS id, " Q_NEW_FROM \
	" FROM json_each(:domains) AS j CROSS JOIN source_group AS s ON s.domain = j.value" \
	" LEFT JOIN fresh AS h ON h.source_group = s.id) WHERE " Q_IS_NEW ")"
/* The source groups that have rows in the window, by their indexes. */
#define Q_SEEN_GROUPS \
	"seen_groups AS MATERIALIZED (SELECT domain_id AS by_domain, count(*) AS sources," \
	" sum(undecided) AS undecided_sources, sum(" Q_IS_NEW ") AS new_sources" \
	" FROM (SELECT " Q_NEW_FROM ", EXISTS (SELECT 1 FROM class_daily AS c" \
	" INDEXED BY class_daily_undecided WHERE c.source_group = s.id AND c.class = 2" \
	" AND c.day BETWEEN :from AND :to) AS undecided" \
	" FROM json_each(:domains) AS j CROSS JOIN source_group AS s ON s.domain = j.value" \
	" LEFT JOIN fresh AS h ON h.source_group = s.id) WHERE first_in IS NOT NULL"
/* The same by the rows themselves, which of few days are fewer than the groups of all history; where
 * all is judged. */
#define Q_SEEN_LATELY \
	"seen_groups AS MATERIALIZED (SELECT domain_id AS by_domain, count(*) AS sources," \
	" sum(undecided) AS undecided_sources, sum(iif(coalesce(first_in - last_before > 90, 1)," \
	" first_in - (SELECT min(day) FROM domain_daily WHERE domain = domain_id) >= 14, 0))" \
	" AS new_sources FROM (SELECT lately.*, (SELECT c.day FROM class_daily AS c" \
	" INDEXED BY class_daily_group WHERE c.source_group = lately.id" \
	" AND c.day BETWEEN :from - 90 AND :from - 1 ORDER BY c.day DESC LIMIT 1) AS last_before" \
	" FROM (SELECT f.domain AS domain_id, f.source_group AS id, min(f.day) AS first_in," \
	" max(f.class = 2) AS undecided FROM json_each(:domains) AS j CROSS JOIN class_daily AS f" \
	" ON f.domain = j.value AND f.day BETWEEN :from AND :to GROUP BY f.source_group) AS lately)"
#define Q_GROUPS \
	"count(DISTINCT source_group) AS sources," \
	" count(DISTINCT CASE WHEN class = 2 THEN source_group END) AS undecided_sources," \
	" count(DISTINCT CASE WHEN source_group IN (SELECT id FROM news) THEN source_group END)" \
	" AS new_sources"

/* ---- policies -------------------------------------------------------------------------------- */

/* What a policy tag means where it was not sent, or sent empty (1 with the token ''). */
#define Q_ABSENT(tag) "(p." tag " = 0 OR (p." tag " = 1 AND p." tag "_token = ''))"
#define Q_SP "CASE WHEN " Q_ABSENT("sp") " THEN p.p ELSE p.sp END"
#define Q_NP "CASE WHEN " Q_ABSENT("np") " THEN " Q_SP " ELSE p.np END"
#define Q_DEFAULT(tag, word) \
	"CASE WHEN " Q_ABSENT(tag) " THEN " word " ELSE p." tag " END AS " tag "_effective"
/* As sent: the token where there is one, else the word's number. */
#define Q_SENT(tag) "coalesce(p." tag "_token, p." tag ") AS " tag

#endif
