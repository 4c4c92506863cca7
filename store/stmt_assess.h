/*
 * ---- assess*.c, decide.c, event.c: judgement and the owner's words. Part of stmt_list.h.
 *
 * A domain is judged in temporary tables (assess.c makes them), which hold it on disk in the order
 * it is needed: what was seen of each address and trait, of each address, of each group and of
 * each signature, and the homes of signatures. They are read from end to end; the tables of the
 * store never are.
 */
#ifndef STORE_STMT_ASSESS
#define STORE_STMT_ASSESS

/* Of a result (disposition * 16 + dkim * 4 + spf); 2 is REPORT_RESULT_PASS. */
#define T_SPF_PASSES  "(s.result & 3) = 2"
#define T_DKIM_PASSES "(s.result >> 2 & 3) = 2"
/* The class of most messages, the smaller one among equals. */
#define T_MAIN_CLASS \
	"CASE max(g.class_0, g.class_1, g.class_2, g.class_3) WHEN g.class_0 THEN 0" \
	" WHEN g.class_1 THEN 1 WHEN g.class_2 THEN 2 ELSE 3 END"
/* The network of an address: 3 bytes are a /24, 8 are a /64. */
#define T_NET "substr(o.ip, 1, iif(length(o.ip) = 4, 3, 8))"

#endif

/* which domains */
STMT(STMT_UNASSESSED_NEXT, "SELECT min(domain) FROM unassessed WHERE domain > ?")
STMT(STMT_DOMAIN_NEXT, "SELECT min(id) FROM domain WHERE id > ?")
STMT(STMT_ASSESS_DOMAIN,
	"SELECT name, parked, EXISTS (SELECT 1 FROM source_group WHERE domain = ?1),"
	" (SELECT min(day) FROM daily WHERE domain = ?1) FROM domain WHERE id = ?1")
/* Every day of the domain, found by leaps, and whether it is marked. */
STMT(STMT_ASSESS_DAYS,
	"WITH RECURSIVE x (day) AS (SELECT min(day) FROM daily WHERE domain = ?1 UNION ALL"
	" SELECT (SELECT min(day) FROM daily WHERE domain = ?1 AND day > x.day) FROM x"
	" WHERE x.day IS NOT NULL)"
	" SELECT day, max(marked) FROM (SELECT day, 0 AS marked FROM x WHERE day IS NOT NULL"
	" UNION ALL SELECT day, 1 FROM unassessed WHERE domain = ?1) GROUP BY day ORDER BY day")

/* what was seen */
STMT(STMT_SEEN_ADD,
	"INSERT INTO seen_pair (source, trait, result, messages, first, last)"
	" SELECT source, trait, result, sum(messages), min(day), max(day) FROM daily"
	" WHERE domain = ? GROUP BY source, trait")
STMT(STMT_SEEN_NETS,
	"INSERT OR IGNORE INTO seen_net (net) SELECT " T_NET " FROM seen_pair AS s"
	" CROSS JOIN source AS o ON o.id = s.source WHERE " T_SPF_PASSES " AND o.ip IS NOT NULL")
STMT(STMT_SEEN_ROWS,
	"SELECT s.source, s.trait, s.messages, s.first, s.last, o.ip, o.text, m.source_group,"
	" e.name FROM seen_pair AS s CROSS JOIN source AS o ON o.id = s.source LEFT JOIN member AS m"
	" ON m.domain = ?1 AND m.source = s.source LEFT JOIN dns_reverse AS e ON e.source = s.source"
	" ORDER BY s.source, s.trait")
STMT(STMT_SEEN_NEAR, "SELECT 1 FROM seen_net WHERE net = ?")
STMT(STMT_SEEN_ADDRESS_ADD, "INSERT INTO seen_address (source, grp, flags) VALUES (?, ?, ?)")
STMT(STMT_SEEN_GROUP_ADD,
	"INSERT OR IGNORE INTO seen_group (id, key, name, evidence, detail, service, relay, fresh, lead)"
	" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_SEEN_GROUP_MORE,
	"UPDATE seen_group SET messages = messages + ?2, first = min(first, ?3),"
	" inherited = max(inherited, ?4) WHERE id = ?1")
/* The strongest evidence; of the address that sends most; texts decide among equals. */
STMT(STMT_SEEN_GROUP_LEAD,
	"UPDATE seen_group SET name = ?2, evidence = ?3, detail = ?4, lead = ?5 WHERE id = ?1"
	" AND (?3, -?5, ?4, ?2) < (evidence, -lead, detail, name)")
STMT(STMT_SEEN_GROUP_SUMS,
	"UPDATE seen_group SET own = own + ?2, class_0 = class_0 + ?3, class_1 = class_1 + ?4,"
	" class_2 = class_2 + ?5, class_3 = class_3 + ?6 WHERE id = ?1")
STMT(STMT_TRAIT_GET,
	"SELECT t.result, t.reasons, t.spf_result, t.spf_own, t.envelope, m.text, k.text"
	" FROM trait AS t LEFT JOIN name AS m ON m.id = t.spf_domain"
	" LEFT JOIN name AS k ON k.id = t.other_dkim WHERE t.id = ?")
STMT(STMT_TRAIT_SIGNATURES,
	"SELECT x.pass, x.domain, x.selector, d.text, s.text FROM trait_signature AS x"
	" JOIN name AS d ON d.id = x.domain JOIN name AS s ON s.id = x.selector"
	" WHERE x.trait = ? ORDER BY x.n")

/* groups and members */
STMT(STMT_GROUP_FIND, "SELECT id FROM source_group WHERE domain = ? AND key = ?")
STMT(STMT_GROUP_ADD,
	"INSERT INTO source_group (domain, key, name, evidence, evidence_detail, service)"
	" VALUES (?, ?, ?, ?, ?, ?)")
STMT(STMT_GROUP_SET,
	"UPDATE source_group SET name = ?2, evidence = ?3, evidence_detail = ?4, service = ?5,"
	" class = ?6 WHERE id = ?1")
STMT(STMT_GROUP_NEWS,
	"SELECT g.id, g.key, g.name, g.evidence, g.detail, g.service, " T_MAIN_CLASS " AS now,"
	" o.class AS before, g.fresh AND NOT g.inherited, g.first,"
	" (o.name, o.evidence, o.evidence_detail, o.service) IS NOT"
	" (g.name, g.evidence, g.detail, g.service) AS other"
	" FROM seen_group AS g CROSS JOIN source_group AS o ON o.id = g.id"
	" WHERE before IS NOT now OR other ORDER BY g.id")
STMT(STMT_MEMBER_SET,
	"INSERT INTO member (domain, source, source_group) VALUES (?, ?, ?)"
	" ON CONFLICT DO UPDATE SET source_group = excluded.source_group")

/* a decision follows its addresses */
STMT(STMT_DECISION_OF_GROUP,
	"SELECT d.class FROM source_group AS g CROSS JOIN decision AS d"
	" ON d.domain = g.domain AND d.key = g.key WHERE g.id = ?")
STMT(STMT_SEEN_FOLLOWER_ADD,
	"INSERT INTO seen_follower (grp, class, messages) VALUES (?, ?, ?)"
	" ON CONFLICT DO UPDATE SET messages = messages + excluded.messages")
STMT(STMT_SEEN_FOLLOWERS,
	"SELECT g.key, f.class FROM seen_follower AS f CROSS JOIN seen_group AS g ON g.id = f.grp"
	" WHERE f.messages > g.messages - f.messages AND NOT EXISTS"
	" (SELECT 1 FROM decision WHERE domain = ?1 AND key = g.key) ORDER BY g.id, f.class")
STMT(STMT_SEEN_GROUP_WORDS,
	"UPDATE seen_group SET decided = coalesce((SELECT class FROM decision"
	" WHERE domain = ?1 AND key = seen_group.key), -1), listed = service IS NOT NULL"
	" AND EXISTS (SELECT 1 FROM own_service WHERE domain = ?1 AND service = seen_group.service)")

/* homes of signatures (assess_home.c) */
STMT(STMT_SIGNATURES_SEEN,
	"INSERT INTO seen_signature (domain, selector, grp, messages, passed, first, last, spf)"
	" SELECT x.domain, x.selector, a.grp, sum(s.messages),"
	" sum(iif(x.pass AND " T_DKIM_PASSES ", s.messages, NULL)),"
	" min(iif(x.pass AND " T_DKIM_PASSES ", s.first, NULL)),"
	" max(iif(x.pass AND " T_DKIM_PASSES ", s.last, NULL)),"
	" max(x.pass AND " T_DKIM_PASSES " AND " T_SPF_PASSES ")"
	" FROM seen_pair AS s CROSS JOIN seen_address AS a ON a.source = s.source"
	" CROSS JOIN trait_signature AS x ON x.trait = s.trait GROUP BY x.domain, x.selector, a.grp")
STMT(STMT_KEYS_SEEN,
	"INSERT INTO seen_key (domain, selector, named, busiest)"
	" SELECT s.domain, s.selector, n.text <> '', max(s.passed) FROM seen_signature AS s"
	" CROSS JOIN name AS n ON n.id = s.selector GROUP BY s.domain, s.selector")
STMT(STMT_HOME_BY_SPF,
	"INSERT INTO home (domain, selector, grp)"
	" SELECT domain, selector, grp FROM seen_signature WHERE spf = 1")
STMT(STMT_HOMELESS,
	"SELECT k.domain, k.selector, n.text FROM seen_key AS k CROSS JOIN name AS n"
	" ON n.id = k.selector WHERE k.named AND NOT EXISTS (SELECT 1 FROM home AS h"
	" WHERE h.domain = k.domain AND h.selector = k.selector)"
	" ORDER BY k.domain, k.selector")
/* ?5: the pattern is the service's alone, so its group need not have been seen with this key. */
STMT(STMT_HOME_BY_SERVICE,
	"INSERT OR IGNORE INTO home (domain, selector, grp) SELECT ?1, ?2, g.id FROM source_group AS o"
	" CROSS JOIN seen_group AS g ON g.id = o.id WHERE o.domain = ?3 AND o.key = 'service:' || ?4"
	" AND (?5 OR EXISTS (SELECT 1 FROM seen_signature AS s WHERE s.domain = ?1"
	" AND s.selector = ?2 AND s.grp = g.id AND s.passed IS NOT NULL))")
STMT(STMT_HOME_BY_AMOUNT,
	"INSERT INTO home (domain, selector, grp) SELECT s.domain, s.selector, s.grp"
	" FROM seen_key AS k CROSS JOIN seen_signature AS s ON s.domain = k.domain"
	" AND s.selector = k.selector WHERE k.named AND NOT EXISTS (SELECT 1 FROM home AS h"
	" WHERE h.domain = k.domain AND h.selector = k.selector)"
	" AND s.passed > k.busiest / ?1 AND s.last - s.first >= ?2 - 1")
STMT(STMT_HOME_OF_UNNAMED,
	"INSERT OR IGNORE INTO home (domain, selector, grp) SELECT k.domain, k.selector, h.grp"
	" FROM seen_key AS k CROSS JOIN home AS h ON h.domain = k.domain"
	" WHERE NOT k.named AND h.selector <> k.selector")
STMT(STMT_HOME_SIZES,
	"UPDATE seen_key SET messages = (SELECT sum(s.messages) FROM home AS h"
	" CROSS JOIN seen_signature AS s ON s.domain = h.domain AND s.selector = h.selector"
	" AND s.grp = h.grp WHERE h.domain = seen_key.domain AND h.selector = seen_key.selector)")
STMT(STMT_HOME_FACTS,
	"SELECT EXISTS (SELECT 1 FROM home WHERE domain = ?1 AND selector = ?2 AND grp = ?3),"
	" EXISTS (SELECT 1 FROM home WHERE domain = ?1 AND selector = ?2),"
	" (SELECT messages FROM seen_signature WHERE domain = ?1 AND selector = ?2 AND grp = ?3),"
	" (SELECT messages FROM seen_key WHERE domain = ?1 AND selector = ?2)")

/* classes */
STMT(STMT_JUDGE_ROWS,
	"SELECT s.source, s.trait, s.messages, s.first, s.last, a.grp, a.flags, j.class, j.rule,"
	" g.decided, g.listed, g.service IS NOT NULL, g.relay, g.own, g.messages FROM seen_pair AS s"
	" CROSS JOIN seen_address AS a ON a.source = s.source CROSS JOIN seen_group AS g ON g.id = a.grp"
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = s.source AND j.trait = s.trait"
	" WHERE (" T_SPF_PASSES " OR " T_DKIM_PASSES ") = ?2 ORDER BY s.source, s.trait")
STMT(STMT_JUDGEMENT_SET,
	"INSERT INTO judgement (domain, source, trait, class, rule) VALUES (?, ?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET class = excluded.class, rule = excluded.rule")
STMT(STMT_CLASS_DAILY_DROP, "DELETE FROM class_daily WHERE domain = ? AND day = ?")
STMT(STMT_CLASS_DAILY_DROP_ALL, "DELETE FROM class_daily WHERE domain = ?")
STMT(STMT_DAY_ROWS,
	"SELECT source, trait, result, records, messages FROM daily WHERE domain = ? AND day = ?")
STMT(STMT_JUDGED_GET,
	"SELECT a.grp, j.class, j.rule, t.spf_result, t.reasons FROM seen_address AS a"
	" CROSS JOIN judgement AS j ON j.domain = ?1 AND j.source = a.source AND j.trait = ?3"
	" CROSS JOIN trait AS t ON t.id = ?3 WHERE a.source = ?2")
STMT(STMT_CLASS_DAILY_ADD,
	"INSERT INTO class_daily (domain, day, source_group, class, rule, result, records, messages,"
	" spf_seen, spf_passed, overridden) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET records = records + excluded.records,"
	" messages = messages + excluded.messages, spf_seen = spf_seen + excluded.spf_seen,"
	" spf_passed = spf_passed + excluded.spf_passed, overridden = overridden + excluded.overridden")
STMT(STMT_DOMAIN_DAILY_DROP, "DELETE FROM domain_daily WHERE domain = ? AND day = ?")
STMT(STMT_DOMAIN_DAILY_DROP_ALL, "DELETE FROM domain_daily WHERE domain = ?")
STMT(STMT_DOMAIN_DAILY_ADD,
	"INSERT INTO domain_daily SELECT domain, day, class, result, sum(records), sum(messages),"
	" sum(spf_seen), sum(spf_passed), sum(overridden) FROM class_daily"
	" WHERE domain = ?1 AND day = ?2 GROUP BY class, result")

/* What has no facts any more. All that was seen is there, so equal numbers are the same rows, and
 * to count is cheaper than to look each up. */
STMT(STMT_JUDGEMENT_SWEEP,
	"DELETE FROM judgement WHERE domain = ?1 AND (SELECT count(*) FROM judgement WHERE domain = ?1)"
	" > (SELECT count(*) FROM seen_pair) AND NOT EXISTS (SELECT 1 FROM seen_pair AS s"
	" WHERE s.source = judgement.source AND s.trait = judgement.trait)")
STMT(STMT_MEMBER_SWEEP,
	"DELETE FROM member WHERE domain = ?1 AND (SELECT count(*) FROM member WHERE domain = ?1)"
	" > (SELECT count(*) FROM seen_address) AND NOT EXISTS (SELECT 1 FROM seen_address AS a"
	" WHERE a.source = member.source)")
/* A decided one stays: there the owner finds the decision. */
STMT(STMT_GROUP_SWEEP,
	"DELETE FROM source_group WHERE domain = ?1 AND NOT EXISTS (SELECT 1 FROM seen_group AS g"
	" WHERE g.id = source_group.id) AND NOT EXISTS (SELECT 1 FROM decision AS d"
	" WHERE d.domain = ?1 AND d.key = source_group.key)")
STMT(STMT_UNASSESSED_DROP, "DELETE FROM unassessed WHERE domain = ?")

/* event.c */
STMT(STMT_EVENT_ADD,
	"INSERT INTO event (at, type, domain, object, before, after, who) VALUES (?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_EVENT_GET,
	"SELECT type, domain, object, before, after, undone_by FROM event WHERE id = ?")
STMT(STMT_EVENT_UNDONE, "UPDATE event SET undone_by = ?2 WHERE id = ?1")
/* A later one about the same thing, neither undone nor an undoing; ?5: of a list, the same entry. */
STMT(STMT_EVENT_LATER,
	"SELECT max(e.id) FROM event AS e WHERE e.domain = ?2 AND e.type = ?3 AND e.id > ?1"
	" AND e.object IS ?4 AND (?5 IS NULL OR coalesce(e.after, e.before) = ?5)"
	" AND e.undone_by IS NULL"
	" AND NOT EXISTS (SELECT 1 FROM event AS u WHERE u.id > ?1 AND u.undone_by = e.id)")
STMT(STMT_POLICY_BEFORE,
	"SELECT after FROM event WHERE domain = ? AND type = ? ORDER BY id DESC LIMIT 1")
/* What most reporters say in their last report, of the domain's last days. Numbers of
 * REPORT_POLICY_: below 2 nothing was said, and sp is then p. */
STMT(STMT_POLICY_NOW,
	"WITH x (said) AS (SELECT max(r.end * 64 + p.p * 8 + iif(p.sp < 2, p.p, p.sp)) & 63"
	" FROM report AS r CROSS JOIN policy AS p ON p.id = r.policy WHERE r.domain = ?1 AND r.day >"
	" (SELECT max(day) FROM report WHERE domain = ?1) - ?2 GROUP BY r.reporter_same)"
	" SELECT said >> 3, said & 7, count(*), (SELECT count(*) FROM x) FROM x GROUP BY said"
	" ORDER BY count(*) DESC, said LIMIT 1")

/* decide.c: the owner's words */
STMT(STMT_GROUP_GET,
	"SELECT g.domain, g.key, d.name FROM source_group AS g JOIN domain AS d ON d.id = g.domain"
	" WHERE g.id = ?")
STMT(STMT_DECISION_GET, "SELECT class FROM decision WHERE domain = ? AND key = ?")
STMT(STMT_DECISION_SET,
	"INSERT INTO decision (domain, key, class, event) VALUES (?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET class = excluded.class, event = excluded.event")
STMT(STMT_DECISION_DROP, "DELETE FROM decision WHERE domain = ? AND key = ?")

/* setting.c */
STMT(STMT_OWN_DOMAIN, "SELECT id, parked, rua, own FROM domain WHERE name = ?")
STMT(STMT_PARKED_SET, "UPDATE domain SET parked = ?2 WHERE id = ?1")
STMT(STMT_RUA_SET, "UPDATE domain SET rua = ?2 WHERE id = ?1")
STMT(STMT_NETWORKS, "SELECT net FROM own_network WHERE domain = ? ORDER BY net")
STMT(STMT_NETWORK_FIND, "SELECT 1 FROM own_network WHERE domain = ? AND net = ?")
STMT(STMT_NETWORK_COUNT, "SELECT count(*) FROM own_network WHERE domain = ?")
STMT(STMT_NETWORK_ADD, "INSERT INTO own_network (domain, net, event) VALUES (?, ?, ?)")
STMT(STMT_NETWORK_DROP, "DELETE FROM own_network WHERE domain = ? AND net = ?")
STMT(STMT_SERVICE_FIND, "SELECT 1 FROM own_service WHERE domain = ? AND service = ?")
STMT(STMT_SERVICE_ADD, "INSERT INTO own_service (domain, service, event) VALUES (?, ?, ?)")
STMT(STMT_SERVICE_DROP, "DELETE FROM own_service WHERE domain = ? AND service = ?")
STMT(STMT_ANSWER_GET, "SELECT answer FROM own_answer WHERE domain = ? AND question = ?")
STMT(STMT_ANSWER_SET, "INSERT INTO own_answer (domain, question, answer) VALUES (?, ?, ?)"
	" ON CONFLICT (domain, question) DO UPDATE SET answer = excluded.answer")
STMT(STMT_ANSWER_DROP, "DELETE FROM own_answer WHERE domain = ? AND question = ?")
