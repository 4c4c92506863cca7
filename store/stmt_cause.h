/*
 * ---- query_causes.c: what causes are judged by. Part of stmt_list.h.
 *
 * ?1 the domain, ?2 and ?3 the window's days.
 */
/* The mail of the window by source group, trait, From name and reporter. What is not judged yet is to
 * be decided (2). The worst thing a receiver said of a signature: 7 policy, 9 permerror, else 0. */
STMT(STMT_CAUSE_ROWS,
	"SELECT m.source_group, g.name, d.trait, n.text, coalesce(j.class, 2), coalesce(j.rule, 17),"
	" r.reporter_same, sum(c.count), sum(iif(length(s.ip) = 16, c.count, 0)),"
	" max((SELECT coalesce(max(iif(a.result IN (7, 9), a.result, 0)), 0) FROM auth AS a"
	" WHERE a.detail = d.id AND a.kind = 0))"
	" FROM report AS r CROSS JOIN record AS c ON c.report = r.id"
	" CROSS JOIN detail AS d ON d.id = c.detail CROSS JOIN source AS s ON s.id = c.source"
	" LEFT JOIN name AS n ON n.id = d.from_key"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = c.source"
	" LEFT JOIN source_group AS g ON g.id = m.source_group"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = c.source AND j.trait = d.trait"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3"
	" GROUP BY m.source_group, d.trait, d.from_key, 5, 6, r.reporter_same"
	" ORDER BY m.source_group, d.trait, d.from_key")
/* Own signatures that pass, and where. */
STMT(STMT_CAUSE_PASSING,
	"SELECT DISTINCT k.text, l.text, m.source_group FROM daily AS x"
	" CROSS JOIN trait_signature AS t ON t.trait = x.trait AND t.pass"
	" CROSS JOIN name AS k ON k.id = t.domain CROSS JOIN name AS l ON l.id = t.selector"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = x.source"
	" WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3")
/* Own mail of the last 90 days, and on how many days SPF ended in a temporary error for a hundredth of
 * the mail or more. */
STMT(STMT_CAUSE_DOMAIN,
	"SELECT (SELECT coalesce(sum(messages), 0) FROM domain_daily WHERE domain = ?1"
	" AND day BETWEEN ?3 - 89 AND ?3 AND class = 0),"
	" (SELECT count(*) FROM (SELECT x.day FROM daily AS x CROSS JOIN trait AS t ON t.id = x.trait"
	" WHERE x.domain = ?1 AND x.day BETWEEN ?2 AND ?3 GROUP BY x.day"
	" HAVING sum(iif(t.spf_result = 8, x.messages, 0)) * 100 >= sum(x.messages))),"
	" (SELECT parked FROM domain WHERE id = ?1)")
