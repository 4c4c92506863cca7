/*
 * ---- query_causes.c: what causes are judged by. Part of stmt_list.h.
 *
 * ?1 the domain, ?2 and ?3 the window's days.
 */
/* Of one source group, where that is not NULL: the others' records are left before they are joined. */
#define CAUSE_ONLY(group) \
	" AND (" group " IS NULL OR c.source IN (SELECT source FROM member" \
	" WHERE domain = ?1 AND source_group = " group "))"
/* The mail of the window by source group, trait, From name and reporter. What is not judged yet is to
 * be decided (2). The last column: whether a report that begins at ?4 or later told of another policy
 * than p ?5 and sp ?6. */
STMT(STMT_CAUSE_ROWS,
	"SELECT m.source_group, g.name, d.trait, n.text, coalesce(j.class, 2), coalesce(j.rule, 17),"
	" r.reporter_same, sum(c.count), sum(iif(length(s.ip) = 16, c.count, 0)),"
	" coalesce(max(r.begin >= ?4 AND p.p >= 2 AND (p.p <> ?5 OR iif(p.sp < 2, p.p, p.sp) <> ?6)), 0)"
	" FROM report AS r CROSS JOIN record AS c ON c.report = r.id"
	" CROSS JOIN policy AS p ON p.id = r.policy"
	" CROSS JOIN detail AS d ON d.id = c.detail CROSS JOIN source AS s ON s.id = c.source"
	" LEFT JOIN name AS n ON n.id = d.from_key"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = c.source"
	" LEFT JOIN source_group AS g ON g.id = m.source_group"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = c.source AND j.trait = d.trait"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3" CAUSE_ONLY("?7")
	" GROUP BY m.source_group, d.trait, d.from_key, 5, 6, r.reporter_same"
	" ORDER BY m.source_group, d.trait, d.from_key")
/* What receivers said of signatures that is more than "fail": 7 policy, 9 permerror; the worse of the
 * two. By source group, as STMT_CAUSE_ROWS orders them. */
STMT(STMT_CAUSE_SAID,
	"SELECT m.source_group, d.trait, k.text, l.text, max(a.result)"
	" FROM report AS r CROSS JOIN record AS c ON c.report = r.id"
	" CROSS JOIN detail AS d ON d.id = c.detail CROSS JOIN auth AS a ON a.detail = d.id"
	" AND a.kind = 0 AND a.result IN (7, 9)"
	" CROSS JOIN name AS k ON k.id = a.domain LEFT JOIN name AS l ON l.id = a.selector"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = c.source"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3" CAUSE_ONLY("?4")
	" GROUP BY m.source_group, d.trait, k.text, l.text")
/* Mail that passes SPF for the domain, by group, trait and address; the last column: it is marked as
 * the owner's, by what he said of it (rules 0 to 2) or by a signature of his (see stmt_assess.h). */
STMT(STMT_CAUSE_SPF_PASSES,
	"SELECT m.source_group, x.trait, s.ip, n.text, sum(x.messages),"
	" max((x.result >> 2 & 3) = 2 OR coalesce(j.class = 0 AND j.rule <= 2, 0))"
	" FROM daily AS x CROSS JOIN trait AS t ON t.id = x.trait"
	" CROSS JOIN source AS s ON s.id = x.source AND s.ip IS NOT NULL"
	" CROSS JOIN name AS n ON n.id = t.spf_domain"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = x.source"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = x.source AND j.trait = x.trait"
	" WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3 AND (x.result & 3) = 2"
	" GROUP BY m.source_group, x.trait, x.source ORDER BY 5 DESC, x.source, x.trait LIMIT ?4")
STMT(STMT_CAUSE_LISTED, "SELECT service FROM own_service WHERE domain = ?1")
/* Own signatures that pass, and where. */
STMT(STMT_CAUSE_PASSING,
	"SELECT DISTINCT k.text, l.text, m.source_group FROM daily AS x"
	" CROSS JOIN trait_signature AS t ON t.trait = x.trait AND t.pass"
	" CROSS JOIN name AS k ON k.id = t.domain CROSS JOIN name AS l ON l.id = t.selector"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = x.source"
	" WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3")
/* Whether any address of so many bytes passes SPF. */
#define CAUSE_PASSES(bytes) \
	"EXISTS (SELECT 1 FROM daily AS x CROSS JOIN source AS s ON s.id = x.source" \
	" AND length(s.ip) = " bytes " WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3" \
	" AND (x.result & 3) = 2)"
/* Own mail of the last 90 days, and on how many days SPF ended in a temporary error for a hundredth of
 * the mail or more. */
STMT(STMT_CAUSE_DOMAIN,
	"SELECT (SELECT coalesce(sum(messages), 0) FROM domain_daily WHERE domain = ?1"
	" AND day BETWEEN ?3 - 89 AND ?3 AND class = 0),"
	" (SELECT count(*) FROM (SELECT x.day FROM daily AS x CROSS JOIN trait AS t ON t.id = x.trait"
	" WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3 GROUP BY x.day"
	" HAVING sum(iif(t.spf_result = 8, x.messages, 0)) * 100 >= sum(x.messages))),"
	" (SELECT parked FROM domain WHERE id = ?1), " CAUSE_PASSES("4") ", " CAUSE_PASSES("16"))
