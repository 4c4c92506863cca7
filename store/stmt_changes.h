/*
 * stmt_changes: what changed between two windows, and what is wrong with reporters' reports, as SQL.
 *
 * Internal to query_changes.c. Both are lists of pieces (C promises no string longer than 4095
 * bytes), whole statements each. Like query_sql.h: parameters by name, CROSS JOIN from the domains
 * asked for to their reports and on to the rows, each step by an index.
 *
 * A mark is a report and its day in one number, so that min() and max() find the first and the last
 * report that shows something, of equal days the smaller and the larger number.
 */
#ifndef STORE_STMT_CHANGES_H
#define STORE_STMT_CHANGES_H

#include "store/query_sql.h"

#define M_MARK_OF(r)     "(" r ".day << 40 | " r ".id)"
#define M_MARK           M_MARK_OF("r")
#define M_DAY(mark)      "(" mark " >> 40)"
#define M_REPORT(mark)   "(" mark " & 0xffffffffff)"
#define M_WORD(table, n) "(:words -> '" table "' ->> " n ")"

/* ---- changes ---------------------------------------------------------------------------------- */

/* One row a side (1 the window, 0 the one it is held against), domain, address and detail. The sides
 * may overlap: each is read for itself. */
#define D_SEEN(side, from, to) \
	"SELECT " side " AS side, r.domain AS domain, x.source AS source, x.detail AS detail," \
	" sum(x.count) AS messages, min(" M_MARK ") AS first, max(" M_MARK ") AS last FROM " \
	Q_REPORTS_IN(from, to) "CROSS JOIN record AS x ON x.report = r.id" \
	" GROUP BY r.domain, x.source, x.detail"
#define D_JUDGED \
	"), rows_judged AS MATERIALIZED (SELECT g.side AS side, g.domain AS domain," \
	" g.messages AS messages, g.first AS first, g.last AS last, m.source_group AS source_group," \
	" t.from_key AS from_key, t.trait AS trait, " Q_CLASS(Q_DETAIL_RESULT) " AS class" \
	" FROM seen AS g CROSS JOIN detail AS t ON t.id = g.detail" \
	Q_JUDGED("g.domain", "g.source", "t.trait") ")"
/* What a row shows: its source, the keys that signed it, the name in From. A signature without a
 * selector names no key. */
#define D_PART(what, object, more) \
	"SELECT '" what "' AS what, g.side AS side, g.domain AS domain, " object " AS object, " more \
	" AS more, g.messages AS messages, g.first AS first, g.last AS last, g.class AS class" \
	" FROM rows_judged AS g "
#define D_PARTS \
	", parts AS (" \
	D_PART("source", "g.source_group", "0") "WHERE g.source_group IS NOT NULL UNION ALL " \
	D_PART("selector", "y.selector", "y.domain") \
	"CROSS JOIN trait_signature AS y ON y.trait = g.trait AND y.pass = 1 CROSS JOIN name AS n" \
	" ON n.id = y.selector AND n.text <> '' UNION ALL " \
	D_PART("subdomain", "g.from_key", "0") "CROSS JOIN name AS n ON n.id = g.from_key" \
	" CROSS JOIN domain AS d ON d.id = g.domain" \
	" AND substr(n.text, -length(d.name) - 1) = '.' || d.name)"
/* Of one side only, in a domain that has rows on both: where nothing was heard, nothing is gone. */
#define D_OF_CLASS(n) "coalesce(sum(messages) FILTER (WHERE class = " n "), -1) AS c" n
#define D_ONE_SIDED \
	", parts_once AS (SELECT what, max(side) AS side, domain, object, more, sum(messages) AS messages," \
	" min(first) AS first, max(last) AS last, " D_OF_CLASS("0") ", " D_OF_CLASS("1") ", " \
	D_OF_CLASS("2") ", " D_OF_CLASS("3") " FROM parts WHERE domain IN (SELECT domain FROM" \
	" rows_judged GROUP BY domain HAVING min(side) < max(side))" \
	" GROUP BY what, domain, object, more HAVING min(side) = max(side))," \
	" parts_named AS (SELECT what, side, domain, messages, first, last, CASE what" \
	" WHEN 'source' THEN (SELECT key FROM source_group WHERE id = object)" \
	" WHEN 'selector' THEN (SELECT text FROM name WHERE id = object) || '._domainkey.' ||" \
	" (SELECT text FROM name WHERE id = more)" \
	" ELSE (SELECT text FROM name WHERE id = object) END AS object, " \
	M_WORD("class", "CASE max(c0, c1, c2, c3) WHEN c0 THEN 0 WHEN c1 THEN 1 WHEN c2 THEN 2" \
		" ELSE 3 END") " AS class FROM parts_once)"
#define D_REPORTERS_OF(side, from, to) \
	"SELECT " side " AS side, r.domain AS domain, r.reporter_same AS reporter," \
	" sum(r.messages) AS messages, min(" M_MARK ") AS first, max(" M_MARK ") AS last FROM " \
	Q_REPORTS_IN(from, to) "GROUP BY r.domain, r.reporter_same"
#define D_REPORTERS \
	", reporters_once AS (SELECT max(side) AS side, domain, reporter, sum(messages) AS messages," \
	" min(first) AS first, max(last) AS last FROM (" \
	D_REPORTERS_OF("1", ":from", ":to") " UNION ALL " \
	D_REPORTERS_OF("0", ":before_from", ":before_to") \
	") GROUP BY domain, reporter HAVING min(side) = max(side))"

/* A step of own mail a day, the sides being of any length: by a factor of 2, and by 50 messages over
 * as many days as the window has. It is shown by the first report with some, or the last. */
#define D_DAYS        "(:to - :from + 1)"
#define D_BEFORE_DAYS "(:before_to - :before_from + 1)"
#define D_OWN(side, what, of) \
	what "(" of ") FILTER (WHERE side = " side " AND class = 0)"
#define D_VOLUME \
	", volumes AS (SELECT domain, a, b, a * 1.0 / " D_DAYS " AS per_day," \
	" b * 1.0 / " D_BEFORE_DAYS " AS per_day_before, first1, last1, first0, last0 FROM" \
	" (SELECT domain, coalesce(" D_OWN("1", "sum", "messages") ", 0) AS a," \
	" coalesce(" D_OWN("0", "sum", "messages") ", 0) AS b, " \
	D_OWN("1", "min", "first") " AS first1, " D_OWN("1", "max", "last") " AS last1, " \
	D_OWN("0", "min", "first") " AS first0, " D_OWN("0", "max", "last") " AS last0" \
	" FROM rows_judged GROUP BY domain)" \
	" WHERE max(per_day, per_day_before) >= 2 * min(per_day, per_day_before)" \
	" AND abs(per_day - per_day_before) * " D_DAYS " >= 50 - 1e-6)"

/*
 * Policies as one reporter saw them, from its last report of the other side on: reporters leave
 * different tags out, so two of them are no change. Only in a domain whose reporters are all others
 * than before is one held against another. What lies before the end of the other side is no news.
 */
#define D_POLICY_OF(side, from, to) \
	"SELECT " side " AS side, r.domain AS domain, r.reporter_same AS reporter, r.day AS day," \
	" r.end AS end, r.id AS id, r.policy AS policy FROM " Q_REPORTS_IN(from, to)
#define D_SEEN_POLICIES \
	", policies_seen AS MATERIALIZED (" \
	D_POLICY_OF("0", ":before_from", ":before_to") " UNION ALL " \
	D_POLICY_OF("1", "max(:from, :before_to + 1)", ":to") ")," \
	" strangers AS (SELECT domain FROM (SELECT domain, reporter, min(side) AS a, max(side) AS b" \
	" FROM policies_seen GROUP BY domain, reporter) GROUP BY domain" \
	" HAVING min(a) = 0 AND max(b) = 1 AND max(a < b) = 0)," \
	" policies_paired AS (SELECT side, domain, day, id, policy, lag(policy) OVER (PARTITION BY domain," \
	" iif(domain IN (SELECT domain FROM strangers), 0, reporter) ORDER BY side, day, end, id)" \
	" AS previous FROM policies_seen)"
/* A policy's tags as they are in effect, and whether each was sent. */
#define D_TAG(tag, table, effective) \
	"CASE WHEN NOT " Q_ABSENT(tag) " AND p." tag " = 1 THEN p." tag "_token ELSE " \
	M_WORD(table, effective) " END AS " tag ", NOT " Q_ABSENT(tag) " AS " tag "_sent"
#define D_OR(tag, number) "iif(" Q_ABSENT(tag) ", " number ", p." tag ")"
#define D_SP_WORD \
	"CASE WHEN NOT " Q_ABSENT("sp") " AND p.sp = 1 THEN p.sp_token WHEN " Q_ABSENT("sp") \
	" AND p.p = 1 THEN p.p_token ELSE " M_WORD("policy", Q_SP) " END"
#define D_NP_WORD \
	"CASE WHEN NOT " Q_ABSENT("np") " AND p.np = 1 THEN p.np_token WHEN " Q_ABSENT("np") \
	" THEN " D_SP_WORD " ELSE " M_WORD("policy", "p.np") " END"
#define D_EFFECTIVE \
	", effective AS MATERIALIZED (SELECT p.id AS id, " \
	"iif(p.p = 1, p.p_token, " M_WORD("policy", "p.p") ") AS p, 1 AS p_sent, " \
	D_SP_WORD " AS sp, NOT " Q_ABSENT("sp") " AS sp_sent, " \
	D_NP_WORD " AS np, NOT " Q_ABSENT("np") " AS np_sent, " \
	D_TAG("adkim", "alignment", D_OR("adkim", "2")) ", " \
	D_TAG("aspf", "alignment", D_OR("aspf", "2")) ", " \
	"coalesce(nullif(p.pct, ''), '100') AS pct, coalesce(p.pct, '') <> '' AS pct_sent, " \
	D_TAG("testing", "testing", D_OR("testing", "3")) \
	" FROM (SELECT policy FROM policies_paired WHERE side = 1 AND previous <> policy" \
	" UNION SELECT previous FROM policies_paired WHERE side = 1 AND previous <> policy) AS w" \
	" CROSS JOIN policy AS p ON p.id = w.policy)"
#define D_CHANGED(tag) "(p." tag " IS NOT b." tag " AND (p." tag "_sent OR b." tag "_sent))"
#define D_SHOW(of, tag, name) \
	"iif(" D_CHANGED(tag) ", '; " name "=' || coalesce(" of "." tag ", ''), '')"
#define D_SHOW_ALL(of) \
	"substr(" D_SHOW(of, "p", "p") " || " D_SHOW(of, "sp", "sp") " || " D_SHOW(of, "np", "np") \
	" || " D_SHOW(of, "adkim", "adkim") " || " D_SHOW(of, "aspf", "aspf") " || " \
	D_SHOW(of, "pct", "pct") " || " D_SHOW(of, "testing", "t") ", 3)"
#define D_NAME(tag, name) "iif(" D_CHANGED(tag) ", ' " name "', '')"
#define D_NAMES \
	"substr(" D_NAME("p", "p") " || " D_NAME("sp", "sp") " || " D_NAME("np", "np") " || " \
	D_NAME("adkim", "adkim") " || " D_NAME("aspf", "aspf") " || " D_NAME("pct", "pct") " || " \
	D_NAME("testing", "t") ", 2)"
#define D_POLICIES \
	", policies_changed AS (SELECT domain, object, before, after, min(mark) AS first," \
	" max(mark) AS last FROM (SELECT g.domain AS domain, " M_MARK_OF("g") " AS mark, " \
	D_NAMES " AS object, " D_SHOW_ALL("p") " AS before, "
#define D_POLICIES_MORE \
	D_SHOW_ALL("b") " AS after FROM policies_paired AS g CROSS JOIN effective AS p" \
	" ON p.id = g.previous CROSS JOIN effective AS b ON b.id = g.policy" \
	" WHERE g.side = 1 AND g.previous <> g.policy) WHERE object <> ''" \
	" GROUP BY domain, object, before, after)"

/* What is new is shown by its first report, what is gone by its last. */
#define D_SIDE(side) "iif(" side " = 1, '-new', '-gone')"
#define D_SHOWN(side) M_REPORT("iif(" side " = 1, first, last)")
#define D_ROWS \
	" SELECT kind, d.name AS domain, object, before, after, " M_DAY("first") " AS first_seen, " \
	M_DAY("last") " AS last_seen, messages, report FROM (SELECT what || " D_SIDE("side") " AS kind," \
	" domain, object, iif(side = 1, NULL, class) AS before, iif(side = 1, class, NULL) AS after," \
	" first, last, messages, " D_SHOWN("side") " AS report FROM parts_named UNION ALL" \
	" SELECT 'reporter' || " D_SIDE("side") ", domain, o.org_name, NULL, NULL, first, last, messages, " \
	D_SHOWN("side") " FROM reporters_once CROSS JOIN reporter AS o ON o.id = reporter UNION ALL" \
	" SELECT 'policy-changed', domain, object, before, after, first, last, NULL, " \
	M_REPORT("first") " FROM policies_changed UNION ALL" \
	" SELECT 'volume-step', domain, 'own_messages per day', printf('%.1f', per_day_before)," \
	" printf('%.1f', per_day), iif(a > 0, first1, first0), iif(a > 0, last1, last0), a, " \
	M_REPORT("CASE WHEN per_day > per_day_before THEN first1 WHEN a > 0 THEN last1 ELSE last0 END") \
	" FROM volumes) CROSS JOIN domain AS d ON d.id = domain"

#define D_CHANGES { \
	"WITH seen AS MATERIALIZED (" D_SEEN("1", ":from", ":to") " UNION ALL ", \
	D_SEEN("0", ":before_from", ":before_to") D_JUDGED, \
	D_PARTS, D_ONE_SIDED, D_REPORTERS, D_VOLUME, D_SEEN_POLICIES, D_EFFECTIVE, \
	D_POLICIES, D_POLICIES_MORE, D_ROWS }

/* ---- lint ------------------------------------------------------------------------------------- */

/* What each part of it says of a reporter: how many times, in how many reports, and their marks. */
#define N_PART_OF(r, code, times) \
	"SELECT " r ".reporter_same AS reporter, " code " AS code, " times " AS times," \
	" count(*) AS reports, min(" M_MARK_OF(r) ") AS first, max(" M_MARK_OF(r) ") AS last FROM "
#define N_PART(code, times) N_PART_OF("r", code, times)
#define N_NOTES \
	N_PART("n.code", "sum(n.times)") Q_REPORTS \
	"CROSS JOIN note AS n ON n.report = r.id GROUP BY r.reporter_same, n.code"

/* Of mails alone, and by their own date: an archive that is read years later brings nothing late. A
 * clock that runs ahead of ours is no proof either. */
#define N_LATE \
	N_PART(":late", "count(*)") Q_REPORTS "CROSS JOIN receipt AS c ON c.id = r.receipt" \
	" AND c.date > 0 AND min(c.date, r.received) - r.end > 2 * 86400 GROUP BY r.reporter_same"

/* An id that an earlier period of the same domain has. */
#define N_REUSED \
	N_PART(":reused", "count(*)") Q_REPORTS "WHERE EXISTS (SELECT 1 FROM report AS o" \
	" WHERE o.domain = r.domain AND o.reporter_same = r.reporter_same" \
	" AND o.report_id = r.report_id AND (o.begin, o.end) < (r.begin, r.end))" \
	" GROUP BY r.reporter_same"

/* A period that begins more than an hour before the end of one that began earlier, and is itself
 * longer than that. Those of some days before the window are looked at too. */
#define N_OVERLAP \
	N_PART_OF("g", ":overlap", "count(*)") \
	"(SELECT r.reporter_same AS reporter_same, r.day AS day, r.id AS id, r.begin AS begin," \
	" r.end AS end, max(r.end) OVER (PARTITION BY r.domain, r.reporter_same" \
	" ORDER BY r.begin, r.end, r.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached" \
	" FROM " Q_REPORTS_IN(":from - 8", ":to") ") AS g WHERE g.day >= :from" \
	" AND min(g.end, g.reached) - g.begin > 3600 GROUP BY g.reporter_same"

/* Days without a report for any of the domains, though at least 5 of the 10 days around, 5 before
 * and 5 after, have one. A gap belongs to the day that ends it. */
#define N_GAP_DAYS "35"
#define N_GAPS \
	"seen AS MATERIALIZED (SELECT r.reporter_same AS reporter_same, r.day AS day, max(r.id) AS id" \
	" FROM " Q_REPORTS_IN(":from - " N_GAP_DAYS, ":to + 4") "GROUP BY r.reporter_same, r.day)," \
	" gaps AS (SELECT reporter_same, day, id, day - lag(day) OVER by_day - 1 AS missing," \
	" lag(around) OVER by_day AS before, after FROM (SELECT reporter_same, day, id," \
	" count(*) OVER (PARTITION BY reporter_same ORDER BY day RANGE BETWEEN 4 PRECEDING" \
	" AND CURRENT ROW) AS around, count(*) OVER (PARTITION BY reporter_same ORDER BY day" \
	" RANGE BETWEEN CURRENT ROW AND 4 FOLLOWING) AS after FROM seen)" \
	" WINDOW by_day AS (PARTITION BY reporter_same ORDER BY day))"
#define N_GAP \
	N_PART_OF("g", ":gap", "sum(g.missing)") "gaps AS g WHERE g.day BETWEEN :from AND :to" \
	" AND g.missing > 0 AND g.before + g.after >= 5 GROUP BY g.reporter_same"

#define N_ROWS \
	" SELECT o.org_name AS reporter, " M_WORD("code", "g.code") " AS code, g.times AS times," \
	" g.reports AS reports, " M_DAY("g.first") " AS first_seen, " M_DAY("g.last") \
	" AS last_seen, " M_REPORT("g.last") " AS report, " M_WORD("text", "g.code") " AS text" \
	" FROM parts AS g CROSS JOIN reporter AS o ON o.id = g.reporter"

#define N_LINT { \
	"WITH " N_GAPS ", parts AS (", \
	N_NOTES " UNION ALL ", N_LATE " UNION ALL ", N_REUSED " UNION ALL ", N_OVERLAP " UNION ALL ", \
	N_GAP ")", N_ROWS }

#endif
