/*
 * ---- assess.c, assess_rows.c ----------------------------------------------------------------
 *
 * Part of stmt_list.h. One domain at a time lies in temporary tables (ASSESS_TABLES), which may
 * spill to disk: a_seen holds its (source, trait) pairs with their sums, a_address what each
 * address belongs to, a_key how often a group sends with a key (domain and selector), a_home who a
 * key is at home with, a_share how much of a group's mail passes as the owner's.
 */
#ifndef STORE_STMT_ASSESS
#define STORE_STMT_ASSESS

#define ASSESS_TABLES \
	"CREATE TEMP TABLE IF NOT EXISTS a_seen (source INTEGER NOT NULL, trait INTEGER NOT NULL," \
	" messages INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL," \
	" PRIMARY KEY (source, trait)) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_address (source INTEGER NOT NULL PRIMARY KEY," \
	" source_group INTEGER NOT NULL, net BLOB, own_network INTEGER NOT NULL," \
	" steady INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_group (source_group INTEGER NOT NULL PRIMARY KEY," \
	" evidence INTEGER NOT NULL, detail TEXT NOT NULL, messages INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_near (net BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_key (domain INTEGER NOT NULL, selector INTEGER NOT NULL," \
	" source_group INTEGER NOT NULL, passing INTEGER NOT NULL, spf INTEGER NOT NULL," \
	" first INTEGER, last INTEGER, messages INTEGER NOT NULL," \
	" PRIMARY KEY (domain, selector, source_group)) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_home (domain INTEGER NOT NULL, selector INTEGER NOT NULL," \
	" source_group INTEGER NOT NULL, PRIMARY KEY (domain, selector, source_group)) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_home_sum (domain INTEGER NOT NULL," \
	" selector INTEGER NOT NULL, messages INTEGER NOT NULL," \
	" PRIMARY KEY (domain, selector)) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_share (source_group INTEGER NOT NULL PRIMARY KEY," \
	" own INTEGER NOT NULL, messages INTEGER NOT NULL) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_changed (source INTEGER NOT NULL, trait INTEGER NOT NULL," \
	" PRIMARY KEY (source, trait)) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_day (day INTEGER NOT NULL PRIMARY KEY) WITHOUT ROWID;" \
	"CREATE TEMP TABLE IF NOT EXISTS a_before (source_group INTEGER NOT NULL PRIMARY KEY," \
	" class INTEGER NOT NULL) WITHOUT ROWID;"

/* policy_evaluated, from a result. */
#define A_PASSES "((t.result & 12) = 8 OR (t.result & 3) = 2)"
/* A signature that says whose the mail is: where DKIM passes, one that passed. */
#define A_COUNTS "(k.pass = 1 OR (t.result & 12) <> 8)"
/* Of the rows on one side of the line between passing and not: all that a rule looks at. */
#define A_ROWS(passing) \
	"SELECT s.source, s.trait, t.result, t.reasons, t.envelope," \
	" (SELECT count(*) FROM trait_signature WHERE trait = t.id)," \
	" EXISTS (SELECT 1 FROM trait_signature AS k WHERE k.trait = t.id AND k.pass = 1)," \
	" d.class, a.own_network," \
	" EXISTS (SELECT 1 FROM own_service AS o WHERE o.domain = ?1 AND o.service = g.service)," \
	" g.service," \
	" EXISTS (SELECT 1 FROM trait_signature AS k CROSS JOIN a_home AS h" \
	" ON h.domain = k.domain AND h.selector = k.selector AND h.source_group = a.source_group" \
	" WHERE k.trait = t.id AND " A_COUNTS ")," \
	" EXISTS (SELECT 1 FROM trait_signature AS k CROSS JOIN a_home AS h" \
	" ON h.domain = k.domain AND h.selector = k.selector AND h.source_group <> a.source_group" \
	" WHERE k.trait = t.id AND " A_COUNTS ")," \
	" EXISTS (SELECT 1 FROM trait_signature AS k CROSS JOIN a_home_sum AS h" \
	" ON h.domain = k.domain AND h.selector = k.selector CROSS JOIN a_key AS q" \
	" ON q.domain = k.domain AND q.selector = k.selector AND q.source_group = a.source_group" \
	" WHERE k.trait = t.id AND " A_COUNTS " AND q.messages <= h.messages / 5)," \
	" coalesce(w.own, 0), coalesce(w.messages, 0)," \
	" EXISTS (SELECT 1 FROM a_near AS n WHERE n.net = a.net), a.steady, j.class, j.rule" \
	" FROM a_seen AS s CROSS JOIN trait AS t ON t.id = s.trait" \
	" CROSS JOIN a_address AS a ON a.source = s.source" \
	" CROSS JOIN source_group AS g ON g.id = a.source_group" \
	" LEFT JOIN decision AS d ON d.domain = ?1 AND d.key = g.key" \
	" LEFT JOIN a_share AS w ON w.source_group = a.source_group" \
	" LEFT JOIN judgement AS j ON j.domain = ?1 AND j.source = s.source AND j.trait = s.trait" \
	" WHERE " passing " ORDER BY s.source, s.trait"
/* The class most of a group's mail has; of equals the smaller number. */
#define A_MAIN \
	"SELECT source_group, class FROM (SELECT source_group, class, row_number() OVER" \
	" (PARTITION BY source_group ORDER BY sum(messages) DESC, class) AS place" \
	" FROM class_daily WHERE domain = ?1 GROUP BY source_group, class) WHERE place = 1"

#endif

STMT(STMT_ASSESS_NEXT, "SELECT domain FROM unassessed WHERE domain > ? ORDER BY domain LIMIT 1")
STMT(STMT_ASSESS_MARK_ALL, "INSERT OR IGNORE INTO unassessed SELECT DISTINCT domain, day FROM daily")
STMT(STMT_ASSESS_SEEN,
	"INSERT INTO a_seen SELECT source, trait, sum(messages), min(day), max(day) FROM daily"
	" WHERE domain = ?1 GROUP BY source, trait")
STMT(STMT_ASSESS_ADDRESSES,
	"SELECT s.source, o.ip, o.text, s.messages, s.first, s.last, t.id, t.result, t.reasons,"
	" t.spf_result, t.spf_own, t.envelope, p.text, x.text, m.source_group"
	" FROM a_seen AS s CROSS JOIN trait AS t ON t.id = s.trait"
	" CROSS JOIN source AS o ON o.id = s.source LEFT JOIN name AS p ON p.id = t.spf_domain"
	" LEFT JOIN name AS x ON x.id = t.other_dkim"
	" LEFT JOIN member AS m ON m.domain = ?1 AND m.source = s.source ORDER BY s.source, s.trait")
STMT(STMT_ASSESS_SIGNATURES,
	"SELECT d.text, s.text, k.pass FROM trait_signature AS k CROSS JOIN name AS d ON d.id = k.domain"
	" CROSS JOIN name AS s ON s.id = k.selector WHERE k.trait = ? ORDER BY k.n")
STMT(STMT_ASSESS_GROUP_FIND, "SELECT id FROM source_group WHERE domain = ? AND key = ?")
STMT(STMT_ASSESS_GROUP_ADD,
	"INSERT INTO source_group (domain, key, name, evidence, evidence_detail, service)"
	" VALUES (?, ?, ?, ?, ?, ?)")
STMT(STMT_ASSESS_GROUP_NAME, "UPDATE source_group SET name = ?2, service = ?3"
	" WHERE id = ?1 AND (name <> ?2 OR service IS NOT ?3)")
/* The strongest evidence of its addresses, and of that the proof most mail gives. */
STMT(STMT_ASSESS_GROUP_PROOF,
	"INSERT INTO a_group (source_group, evidence, detail, messages) VALUES (?1, ?2, ?3, ?4)"
	" ON CONFLICT DO UPDATE SET evidence = excluded.evidence, detail = excluded.detail,"
	" messages = excluded.messages WHERE excluded.evidence < evidence"
	" OR (excluded.evidence = evidence AND (excluded.messages > messages"
	" OR (excluded.messages = messages AND excluded.detail < detail)))")
STMT(STMT_ASSESS_GROUPS_PROVED,
	"UPDATE source_group SET evidence = a.evidence, evidence_detail = a.detail FROM a_group AS a"
	" WHERE source_group.id = a.source_group AND (source_group.evidence <> a.evidence"
	" OR evidence_detail <> a.detail)")
STMT(STMT_ASSESS_ADDRESS_ADD,
	"INSERT INTO a_address (source, source_group, net, own_network, steady) VALUES (?, ?, ?, ?, ?)")
STMT(STMT_ASSESS_NEAR_ADD, "INSERT OR IGNORE INTO a_near VALUES (?)")
STMT(STMT_ASSESS_MEMBER_SET,
	"INSERT INTO member (domain, source, source_group) VALUES (?, ?, ?)"
	" ON CONFLICT DO UPDATE SET source_group = excluded.source_group")
STMT(STMT_ASSESS_MOVED,
	"INSERT OR IGNORE INTO a_changed SELECT source, trait FROM a_seen WHERE source = ?")
/* The owner's word follows an address to a group that has none yet. */
STMT(STMT_ASSESS_DECISION_FOLLOWS,
	"INSERT OR IGNORE INTO decision (domain, key, class, event)"
	" SELECT ?1, n.key, d.class, d.event FROM source_group AS o CROSS JOIN source_group AS n"
	" ON n.id = ?3 CROSS JOIN decision AS d ON d.domain = ?1 AND d.key = o.key WHERE o.id = ?2")
STMT(STMT_ASSESS_KEYS,
	"INSERT INTO a_key SELECT k.domain, k.selector, a.source_group,"
	" coalesce(sum(s.messages) FILTER (WHERE k.pass = 1 AND (t.result & 12) = 8), 0),"
	" max(k.pass = 1 AND (t.result & 15) = 10),"
	" min(s.first) FILTER (WHERE k.pass = 1 AND (t.result & 12) = 8),"
	" max(s.last) FILTER (WHERE k.pass = 1 AND (t.result & 12) = 8), sum(s.messages)"
	" FROM a_seen AS s CROSS JOIN trait AS t ON t.id = s.trait"
	" CROSS JOIN trait_signature AS k ON k.trait = s.trait"
	" CROSS JOIN a_address AS a ON a.source = s.source GROUP BY k.domain, k.selector, a.source_group")
STMT(STMT_ASSESS_KEY_NEXT,
	"SELECT k.domain, k.selector, n.text FROM a_key AS k CROSS JOIN name AS n ON n.id = k.selector"
	" WHERE (k.domain, k.selector) > (?, ?) ORDER BY k.domain, k.selector LIMIT 1")
STMT(STMT_ASSESS_HOME_SPF,
	"INSERT OR IGNORE INTO a_home SELECT domain, selector, source_group FROM a_key"
	" WHERE domain = ? AND selector = ? AND spf = 1")
STMT(STMT_ASSESS_SERVICES,
	"SELECT g.id, g.service, EXISTS (SELECT 1 FROM a_key AS k WHERE k.domain = ?2"
	" AND k.selector = ?3 AND k.source_group = g.id AND k.passing > 0)"
	" FROM source_group AS g WHERE g.domain = ?1 AND g.service IS NOT NULL"
	" AND EXISTS (SELECT 1 FROM a_group AS a WHERE a.source_group = g.id)")
STMT(STMT_ASSESS_HOME_ADD, "INSERT OR IGNORE INTO a_home VALUES (?, ?, ?)")
STMT(STMT_ASSESS_HOME_BUSY,
	"INSERT OR IGNORE INTO a_home SELECT domain, selector, source_group FROM a_key"
	" WHERE domain = ?1 AND selector = ?2 AND last - first >= ?3 AND passing >"
	" (SELECT max(passing) FROM a_key WHERE domain = ?1 AND selector = ?2) / 5.0")
/* A signature without selector is at home where the domain's others are. */
STMT(STMT_ASSESS_HOME_UNNAMED,
	"INSERT OR IGNORE INTO a_home SELECT q.domain, n.id, h.source_group FROM a_key AS q"
	" CROSS JOIN name AS n ON n.id = q.selector AND n.text = ''"
	" CROSS JOIN a_home AS h ON h.domain = q.domain")
STMT(STMT_ASSESS_HOME_SUMS,
	"INSERT INTO a_home_sum SELECT h.domain, h.selector, coalesce(sum(k.messages), 0)"
	" FROM a_home AS h LEFT JOIN a_key AS k ON k.domain = h.domain AND k.selector = h.selector"
	" AND k.source_group = h.source_group GROUP BY h.domain, h.selector")
STMT(STMT_ASSESS_PASSING, A_ROWS(A_PASSES))
STMT(STMT_ASSESS_OTHERS, A_ROWS("NOT " A_PASSES))
STMT(STMT_ASSESS_SHARES,
	"INSERT INTO a_share SELECT a.source_group,"
	" coalesce(sum(s.messages) FILTER (WHERE " A_PASSES " AND j.class = 0), 0), sum(s.messages)"
	" FROM a_seen AS s CROSS JOIN trait AS t ON t.id = s.trait"
	" CROSS JOIN a_address AS a ON a.source = s.source LEFT JOIN judgement AS j"
	" ON j.domain = ?1 AND j.source = s.source AND j.trait = s.trait GROUP BY a.source_group")
STMT(STMT_ASSESS_JUDGE,
	"INSERT INTO judgement (domain, source, trait, class, rule) VALUES (?, ?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET class = excluded.class, rule = excluded.rule")
STMT(STMT_ASSESS_CHANGED, "INSERT OR IGNORE INTO a_changed VALUES (?, ?)")
STMT(STMT_ASSESS_JUDGEMENTS_DROP,
	"DELETE FROM judgement WHERE domain = ?1 AND NOT EXISTS (SELECT 1 FROM a_seen AS s"
	" WHERE s.source = judgement.source AND s.trait = judgement.trait)")
STMT(STMT_ASSESS_MEMBERS_DROP,
	"DELETE FROM member WHERE domain = ?1 AND NOT EXISTS (SELECT 1 FROM a_address AS a"
	" WHERE a.source = member.source)")
STMT(STMT_ASSESS_GROUPS_DROP,
	"DELETE FROM source_group WHERE domain = ?1 AND NOT EXISTS (SELECT 1 FROM a_group AS a"
	" WHERE a.source_group = source_group.id)")
STMT(STMT_ASSESS_DAYS, "INSERT OR IGNORE INTO a_day SELECT day FROM unassessed WHERE domain = ?1")
STMT(STMT_ASSESS_ANY_CHANGED, "SELECT EXISTS (SELECT 1 FROM a_changed)")
STMT(STMT_ASSESS_DAYS_CHANGED,
	"INSERT OR IGNORE INTO a_day SELECT f.day FROM daily AS f CROSS JOIN a_changed AS c"
	" ON c.source = f.source AND c.trait = f.trait WHERE f.domain = ?1")
STMT(STMT_ASSESS_CLASSES_DROP,
	"DELETE FROM class_daily WHERE domain = ?1 AND day IN (SELECT day FROM a_day)")
STMT(STMT_ASSESS_CLASSES_ADD,
	"INSERT INTO class_daily (domain, day, source_group, class, rule, result, records, messages,"
	" spf_seen, spf_passed, overridden) SELECT ?1, f.day, m.source_group, j.class, j.rule, f.result,"
	" sum(f.records), sum(f.messages), coalesce(sum(f.messages) FILTER (WHERE t.spf_result <> 0), 0),"
	" coalesce(sum(f.messages) FILTER (WHERE t.spf_result = 3), 0),"
	" coalesce(sum(f.messages) FILTER (WHERE t.reasons <> 0), 0)"
	" FROM a_day AS y CROSS JOIN daily AS f ON f.domain = ?1 AND f.day = y.day"
	" CROSS JOIN trait AS t ON t.id = f.trait"
	" CROSS JOIN member AS m ON m.domain = ?1 AND m.source = f.source"
	" CROSS JOIN judgement AS j ON j.domain = ?1 AND j.source = f.source AND j.trait = f.trait"
	" GROUP BY f.day, m.source_group, j.class, j.rule, f.result")
STMT(STMT_ASSESS_DONE, "DELETE FROM unassessed WHERE domain = ?1")
STMT(STMT_ASSESS_BEFORE, "INSERT INTO a_before " A_MAIN)
/* Learning: for the first two weeks of a domain everything is new. */
STMT(STMT_ASSESS_NEW_GROUPS,
	"SELECT g.key, n.class FROM (" A_MAIN ") AS n CROSS JOIN source_group AS g"
	" ON g.id = n.source_group WHERE NOT EXISTS (SELECT 1 FROM a_before AS b"
	" WHERE b.source_group = n.source_group) AND (SELECT min(day) FROM class_daily"
	" WHERE domain = ?1) + 14 <= (SELECT min(s.first) FROM a_address AS a CROSS JOIN a_seen AS s"
	" ON s.source = a.source WHERE a.source_group = g.id) ORDER BY g.key")
STMT(STMT_ASSESS_TURNED_GROUPS,
	"SELECT g.key, b.class, n.class FROM (" A_MAIN ") AS n CROSS JOIN a_before AS b"
	" ON b.source_group = n.source_group AND b.class <> n.class CROSS JOIN source_group AS g"
	" ON g.id = n.source_group ORDER BY g.key")
STMT(STMT_ASSESS_DOMAIN, "SELECT name, parked FROM domain WHERE id = ?")
STMT(STMT_ASSESS_NETWORKS, "SELECT net FROM own_network WHERE domain = ? ORDER BY net")
STMT(STMT_EVENT_ADD,
	"INSERT INTO event (at, type, domain, object, before, after, who) VALUES (?, ?, ?, ?, ?, ?, ?)")

/* ---- decide.c ------------------------------------------------------------------------------ */

STMT(STMT_DECIDE_GROUP,
	"SELECT g.domain, d.name, g.key, x.class FROM source_group AS g CROSS JOIN domain AS d"
	" ON d.id = g.domain LEFT JOIN decision AS x ON x.domain = g.domain AND x.key = g.key"
	" WHERE g.id = ?")
STMT(STMT_DECIDE_SET,
	"INSERT INTO decision (domain, key, class, event) VALUES (?, ?, ?, ?)"
	" ON CONFLICT DO UPDATE SET class = excluded.class, event = excluded.event")
STMT(STMT_DECIDE_UNSET, "DELETE FROM decision WHERE domain = ? AND key = ?")
STMT(STMT_DECIDE_NOW, "SELECT class FROM decision WHERE domain = ? AND key = ?")
STMT(STMT_EVENT_GET, "SELECT type, domain, object, before, after, undone_by FROM event WHERE id = ?")
STMT(STMT_EVENT_UNDONE, "UPDATE event SET undone_by = ?2 WHERE id = ?1")
/* The last word on the same thing: what came before it can only be undone after it. */
STMT(STMT_EVENT_LATER,
	"SELECT min(id) FROM event WHERE id > ?1 AND type = ?2 AND domain = ?3 AND object IS ?4"
	" AND undone_by IS NULL")
STMT(STMT_SETTING_DOMAIN, "SELECT id, own, parked, rua FROM domain WHERE name = ?")
STMT(STMT_SETTING_PARKED, "UPDATE domain SET parked = ?2 WHERE id = ?1")
STMT(STMT_SETTING_RUA, "UPDATE domain SET rua = ?2 WHERE id = ?1")
STMT(STMT_SETTING_NETWORK_COUNT, "SELECT count(*) FROM own_network WHERE domain = ?")
STMT(STMT_SETTING_NETWORK_ADD,
	"INSERT OR IGNORE INTO own_network (domain, net, event) VALUES (?, ?, ?)")
STMT(STMT_SETTING_NETWORK_DROP, "DELETE FROM own_network WHERE domain = ? AND net = ?")
STMT(STMT_SETTING_SERVICE_ADD,
	"INSERT OR IGNORE INTO own_service (domain, service, event) VALUES (?, ?, ?)")
STMT(STMT_SETTING_SERVICE_DROP, "DELETE FROM own_service WHERE domain = ? AND service = ?")
