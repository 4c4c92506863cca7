/* ---- query_whatif.c. Part of stmt_list.h. */
/* The mail of the window by source group, address and what the reports say of it. ?1 the domain, ?2 and
 * ?3 the window's days. A receiver's reason not to apply a policy: any but test mode and sampling (7, 8),
 * which are policies. */
STMT(STMT_WHATIF_ROWS,
	"SELECT m.source_group, g.name, c.source, s.ip, c.detail, n.text, e.text, d.dkim, d.spf,"
	" p.p, p.sp, p.np, p.adkim, p.aspf, p.testing, sum(c.count),"
	" sum(iif(d.disposition IN (3, 4) AND d.dkim = 3 AND d.spf = 3, c.count, 0)), coalesce(j.class, 2),"
	" EXISTS (SELECT 1 FROM reason AS x WHERE x.detail = d.id AND x.type NOT IN (7, 8))"
	" FROM report AS r CROSS JOIN policy AS p ON p.id = r.policy"
	" CROSS JOIN record AS c ON c.report = r.id"
	" CROSS JOIN detail AS d ON d.id = c.detail CROSS JOIN source AS s ON s.id = c.source"
	" LEFT JOIN name AS n ON n.id = d.from_key LEFT JOIN name AS e ON e.id = d.envelope_from"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = c.source"
	" LEFT JOIN source_group AS g ON g.id = m.source_group"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = c.source AND j.trait = d.trait"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3"
	" GROUP BY m.source_group, c.source, c.detail, r.policy"
	" ORDER BY m.source_group, c.source, c.detail")
STMT(STMT_WHATIF_AUTH,
	"SELECT a.kind, n.text, a.result, a.scope FROM auth AS a"
	" LEFT JOIN name AS n ON n.id = a.domain WHERE a.detail = ?1 ORDER BY a.n")
