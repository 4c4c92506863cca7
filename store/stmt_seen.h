/*
 * ---- dns_seen.c: what mail showed of one domain. Part of stmt_list.h.
 *
 * ?1 is always the domain, days are those after the one given. 0 is CLASS_YOURS, 2
 * CLASS_TO_DECIDE; of results see stmt_assess.h.
 */
STMT(STMT_SEEN_SPAN,
	"SELECT (SELECT min(day) FROM report WHERE domain = ?1),"
	" (SELECT id FROM name WHERE text = ?2)")
/* ?2: the longer window, ?3 the shorter one, ?4 the domain among the names. */
STMT(STMT_SEEN_ADDRESSES,
	"SELECT s.ip, a.recent, a.every, coalesce(g.class = 0, 0) AND a.yours * 2 > a.every AS own,"
	" a.envelope, a.passed, e.answered IS NOT NULL, e.name IS NOT NULL FROM (SELECT x.source AS source, sum(x.messages) AS every,"
	" sum(iif(x.day > ?3, x.messages, 0)) AS recent, sum(iif(j.class = 0, x.messages, 0)) AS yours,"
	" max(t.spf_domain IS ?4 AND ?4 IS NOT NULL AND x.day > ?3) AS envelope,"
	" max(t.spf_domain IS ?4 AND ?4 IS NOT NULL AND t.spf_result = 3) AS passed"
	" FROM daily AS x CROSS JOIN trait AS t ON t.id = x.trait"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = x.source AND j.trait = x.trait"
	" WHERE x.domain = ?1 AND x.day > ?2 GROUP BY x.source) AS a"
	" CROSS JOIN source AS s ON s.id = a.source"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = a.source"
	" LEFT JOIN source_group AS g ON g.id = m.source_group"
	" LEFT JOIN dns_reverse AS e ON e.source = a.source WHERE s.ip IS NOT NULL"
	" ORDER BY own DESC, passed DESC, recent DESC, every DESC, s.ip LIMIT ?5")
/* Of a selector that nobody but strangers wrote, and in vain, `last` is null. */
STMT(STMT_SEEN_SELECTORS,
	"SELECT c.text, d.text, sum(iif(x.day > ?3 AND j.class = 0, x.messages, 0)) AS recent,"
	" max(iif(g.pass OR j.class IN (0, 2), x.day, NULL)) AS last"
	" FROM daily AS x CROSS JOIN trait_signature AS g ON g.trait = x.trait"
	" CROSS JOIN name AS c ON c.id = g.selector CROSS JOIN name AS d ON d.id = g.domain"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = x.source AND j.trait = x.trait"
	" WHERE x.domain = ?1 AND x.day > ?2 AND c.text <> '' GROUP BY g.selector, g.domain"
	" HAVING last IS NOT NULL ORDER BY recent DESC, last DESC, c.text, d.text LIMIT ?4")
/* Keys that signed for a name under theirs. ?1 is the domain's name here; the names are looked at one
 * by one, as a suffix has no index, and they are few beside the records. */
STMT(STMT_SEEN_SUBDOMAINS,
	"SELECT DISTINCT c.text, d.text FROM name AS f CROSS JOIN detail AS e ON e.from_key = f.id"
	" CROSS JOIN trait_signature AS g ON g.trait = e.trait AND g.pass"
	" CROSS JOIN name AS c ON c.id = g.selector CROSS JOIN name AS d ON d.id = g.domain"
	" WHERE substr(f.text, -length(?1) - 1) = '.' || ?1"
	" AND substr(f.text, -length(d.text) - 1) = '.' || d.text")
/* Messages of the shorter window: own ones, those with an aligned DKIM pass, and what failed both
 * though the sender's own organisation passed SPF, or signed. */
STMT(STMT_SEEN_TOTALS,
	"SELECT sum(iif(j.class = 0, x.messages, 0)),"
	" sum(iif(j.class = 0 AND (x.result >> 2 & 3) = 2, x.messages, 0)),"
	" sum(iif((x.result & 3) <> 2 AND (x.result >> 2 & 3) <> 2 AND t.spf_own"
	" AND t.spf_result = 3, x.messages, 0)),"
	" sum(iif((x.result & 3) <> 2 AND (x.result >> 2 & 3) <> 2 AND EXISTS (SELECT 1"
	" FROM trait_signature AS g WHERE g.trait = x.trait AND g.pass), x.messages, 0))"
	" FROM daily AS x CROSS JOIN trait AS t ON t.id = x.trait"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = x.source AND j.trait = x.trait"
	" WHERE x.domain = ?1 AND x.day > ?2")
/* ?3 the domain's name, ?4 how many. */
STMT(STMT_SEEN_SENDERS,
	"SELECT n.text FROM report AS r CROSS JOIN record AS c ON c.report = r.id"
	" CROSS JOIN detail AS d ON d.id = c.detail CROSS JOIN name AS n ON n.id = d.from_key"
	" WHERE r.domain = ?1 AND r.day > ?2 AND substr(n.text, -length(?3) - 1) = '.' || ?3"
	" GROUP BY d.from_key ORDER BY sum(c.count) DESC, n.text LIMIT ?4")
STMT(STMT_SEEN_SIBLINGS,
	"SELECT name FROM domain WHERE own = 1 AND parked = 0 AND name <> ?1 ORDER BY name LIMIT ?2")
/* What reports say that begin at ?3 or later and are of days after ?2, most frequent first. */
STMT(STMT_SEEN_POLICIES,
	"SELECT p.p, iif(p.sp < 2, p.p, p.sp), count(*) FROM report AS r"
	" CROSS JOIN policy AS p ON p.id = r.policy"
	" WHERE r.domain = ?1 AND r.day > ?2 AND r.begin >= ?3 AND p.p >= 2 GROUP BY 1, 2"
	" ORDER BY count(*) DESC, 1, 2")
/* 16 is TXT, 1 DNS_FOUND. */
STMT(STMT_SEEN_SINCE,
	"SELECT first_seen FROM dns_fact WHERE domain = ?1 AND name = ?2 AND type = 16"
	" AND holds = 1 AND status = 1")
/* Answers to questions that were once answered otherwise. ?1 is the domain's name. */
STMT(STMT_SEEN_HISTORY,
	"SELECT f.name, f.type, f.status, f.records, f.first_seen, f.last_seen, f.holds"
	" FROM (SELECT DISTINCT d.id AS id, o.name AS name, o.type AS type FROM domain AS d"
	" CROSS JOIN dns_fact AS o ON o.domain = d.id AND o.holds = 0 WHERE d.name = ?1) AS c"
	" CROSS JOIN dns_fact AS f ON f.domain = c.id AND f.name = c.name AND f.type = c.type"
	" ORDER BY f.name, f.type, f.first_seen, f.id")
