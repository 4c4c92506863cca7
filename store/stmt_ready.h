/*
 * ---- query_ready.c: what readiness is judged by. Part of stmt_list.h.
 *
 * :domains is a list of the one domain. A domain with verified reports is judged by these alone,
 * and from the records where there are others; else from the roll-ups.
 */
#define READY_SUM(condition) "coalesce(sum(messages) FILTER (WHERE " condition "), 0)"
/* The last column: days since the first message of a group that is new in the window, which is not
 * told of a domain's first 14 days. */
#define READY_GROUPS(facts) \
	"SELECT g.id, s.name, g.own, g.own_pass, g.own_dkim, g.own_pass - g.own_pass_dkim," \
	" g.undecided, g.affected, CASE WHEN g.first_in >= :from AND g.first_in -" \
	" (SELECT min(day) FROM report WHERE domain = (SELECT value FROM json_each(:domains))) >= 14" \
	" THEN :to - g.first_in END FROM (SELECT source_group AS id, " \
	READY_SUM("class = 0") " AS own, " \
	READY_SUM("class = 0 AND " Q_PASSES("result")) " AS own_pass, " \
	READY_SUM("class = 0 AND (result & 12) = 8") " AS own_dkim, " \
	READY_SUM("class = 0 AND (result & 12) = 8 AND " Q_PASSES("result")) " AS own_pass_dkim, " \
	READY_SUM("class = 2") " AS undecided, " \
	READY_SUM("class IN (0, 1) AND NOT " Q_PASSES("result")) " AS affected," \
	" (SELECT min(c.day) FROM class_daily AS c WHERE c.source_group = f.source_group" \
	" AND c.day BETWEEN :from - 90 AND :to) AS first_in" \
	" FROM (" facts ") AS f GROUP BY source_group) AS g" \
	" LEFT JOIN source_group AS s ON s.id = g.id"
STMT(STMT_READY_GROUPS, READY_GROUPS(Q_MIXED(":from", ":to")))
STMT(STMT_READY_GROUPS_VERIFIED, READY_GROUPS(Q_RAW(":from", ":to")))
/* ?1 the domain, ?2 and ?3 the window's days, in what follows. */
STMT(STMT_READY_SPAN,
	"SELECT count(DISTINCT day), count(DISTINCT iif(trust IN (1, 3), day, NULL)), count(*),"
	" coalesce(sum(trust IN (1, 3)), 0), (SELECT min(day) FROM report WHERE domain = ?1)"
	" FROM report WHERE domain = ?1 AND day BETWEEN ?2 AND ?3")
STMT(STMT_READY_REPORTERS,
	"SELECT DISTINCT o.org_name FROM report AS r CROSS JOIN reporter AS o ON o.id = r.reporter_same"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3 AND r.trust IN (1, 3)"
	" AND r.from_mismatch = 0")
/* ?4: verified reports only. The policy most reports of the last day tell. */
STMT(STMT_READY_POLICY,
	"SELECT p.p, p.sp, p.np, p.adkim, p.aspf, p.testing, p.pct FROM (SELECT r.policy AS policy"
	" FROM report AS r WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3"
	" AND (?4 = 0 OR r.trust IN (1, 3)) GROUP BY r.day, r.policy"
	" ORDER BY r.day DESC, count(*) DESC, r.policy DESC LIMIT 1) AS x"
	" CROSS JOIN policy AS p ON p.id = x.policy")
/* The first day after the last on which half of the reports or more told of less than quarantine in
 * full. */
STMT(STMT_READY_ENFORCED,
	"SELECT min(r.day) FROM report AS r WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3"
	" AND (?4 = 0 OR r.trust IN (1, 3)) AND r.day > coalesce((SELECT max(x.day)"
	" FROM (SELECT r.day AS day FROM report AS r CROSS JOIN policy AS p ON p.id = r.policy"
	" WHERE r.domain = ?1 AND r.day BETWEEN ?2 AND ?3 AND (?4 = 0 OR r.trust IN (1, 3))"
	" GROUP BY r.day HAVING sum(p.p NOT IN (3, 4) OR p.testing = 2"
	" OR coalesce(p.pct, '') NOT IN ('', '100')) * 2 >= count(*)) AS x), -1)")
/* Own messages after day ?2, services the owner listed, and those of them that were seen since. */
STMT(STMT_READY_LONG,
	"SELECT (SELECT coalesce(sum(messages), 0) FROM domain_daily WHERE domain = ?1 AND day > ?2"
	" AND class = 0), count(*), coalesce(sum(EXISTS (SELECT 1 FROM source_group AS g"
	" CROSS JOIN class_daily AS c ON c.source_group = g.id AND c.day > ?2"
	" WHERE g.domain = ?1 AND g.service = s.service)), 0)"
	" FROM own_service AS s WHERE s.domain = ?1")
