/* stmt_dns_fact: the statements of dns_fact.c. Part of stmt_list.h. */

STMT(STMT_DNS_RUN_GET, "SELECT asked, answered FROM dns_run WHERE domain = ?")
STMT(STMT_DNS_RUN_ANSWERED,
	"SELECT r.answered FROM domain AS d CROSS JOIN dns_run AS r ON r.domain = d.id"
	" WHERE d.name = ?")
STMT(STMT_DNS_RUN_SET,
	"INSERT INTO dns_run (domain, asked, answered, queries, failures, notice) "
	"VALUES (?1, ?2, iif(?6, ?2, NULL), ?3, ?4, ?5) ON CONFLICT (domain) DO UPDATE SET "
	"asked = excluded.asked, answered = coalesce(excluded.answered, answered), "
	"queries = excluded.queries, failures = excluded.failures, notice = excluded.notice")
STMT(STMT_DNS_SUM_SET,
	"INSERT OR REPLACE INTO dns_sum (domain, spf_errors, spf_warnings, dkim_errors, dkim_warnings, "
	"dmarc_errors, dmarc_warnings, zone_errors, zone_warnings, spf_lookups, readiness) "
	"SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM domain WHERE name = ?1 AND own = 1")
STMT(STMT_DNS_SUMS,
	"SELECT d.name, s.spf_errors, s.spf_warnings, s.dkim_errors, s.dkim_warnings, s.dmarc_errors, "
	"s.dmarc_warnings, s.zone_errors, s.zone_warnings, s.spf_lookups, s.readiness FROM dns_sum AS s "
	"CROSS JOIN domain AS d ON d.id = s.domain AND d.own = 1 ORDER BY d.name")
/* Never asked first, then by age. */
STMT(STMT_DNS_OWN,
	"SELECT d.name FROM domain AS d "
	"LEFT JOIN dns_run AS r ON r.domain = d.id WHERE d.own = 1 "
	"ORDER BY coalesce(r.asked, 0), d.name")
STMT(STMT_DNS_FACT_LOAD,
	"SELECT name, type, status, records, ttl FROM dns_fact WHERE domain = ? AND holds = 1")
STMT(STMT_DNS_FACT_AGAIN,
	"UPDATE dns_fact SET last_seen = ?6, ttl = ?7 WHERE domain = ?1 AND name = ?2 AND type = ?3 "
	"AND holds = 1 AND status = ?4 AND records = ?5")
/* What an answer of today puts an end to: another one of its type, an alias at a name that has
 * records, records at a name that is an alias, anything at a name that does not exist. Failures are
 * no history. */
STMT(STMT_DNS_FACT_FORGET,
	"DELETE FROM dns_fact WHERE domain = ?1 AND name = ?2 AND holds = 1 AND status = 4 "
	"AND last_seen < ?6 AND (type IN (?3, 5) OR ?3 = 5 OR ?4 = 3)")
STMT(STMT_DNS_FACT_REPLACE,
	"UPDATE dns_fact SET holds = 0 WHERE domain = ?1 AND name = ?2 AND holds = 1 "
	"AND last_seen < ?6 AND (type IN (?3, 5) OR ?3 = 5 OR status = 3 OR ?4 = 3)")
STMT(STMT_DNS_FACT_ADD,
	"INSERT OR IGNORE INTO dns_fact (domain, name, type, status, records, ttl, first_seen, last_seen) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?7, ?6, ?6)")
/* Whether anything is known that a failure leaves standing. */
STMT(STMT_DNS_FACT_KNOWN,
	"SELECT 1 FROM dns_fact WHERE domain = ?1 AND name = ?2 AND holds = 1 AND status <> 4 "
	"AND (type IN (?3, 5) OR status = 3)")
STMT(STMT_DNS_FACT_END,
	"UPDATE dns_fact SET holds = 0 WHERE domain = ?1 AND holds = 1 AND last_seen < ?2")
STMT(STMT_DNS_FACT_TRIM,
	"DELETE FROM dns_fact WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER by_age AS n, "
	"sum(length(records)) OVER by_age AS bytes FROM dns_fact WHERE domain = ?1 AND holds = 0 "
	"WINDOW by_age AS (ORDER BY last_seen DESC, id DESC)) WHERE n > ?2 OR bytes > ?3)")
STMT(STMT_DNS_SPLIT_SET,
	"INSERT OR REPLACE INTO dns_split (domain, name, type, server1, server2, former, seen) "
	"VALUES (?, ?, ?, ?, ?, ?, ?)")
STMT(STMT_DNS_SPLIT_END, "DELETE FROM dns_split WHERE domain = ?1 AND seen < ?2")
STMT(STMT_DNS_SPLITS,
	"SELECT name, type, server1, server2, former FROM dns_split WHERE domain = ?1 "
	"ORDER BY name, type LIMIT ?2")
/* Name servers the domain had, the last ones first. 2 is NS, 1 DNS_FOUND. */
STMT(STMT_DNS_FORMER,
	"SELECT f.records FROM domain AS d CROSS JOIN dns_fact AS f ON f.domain = d.id "
	"AND f.name = d.name AND f.type = 2 AND f.status = 1 AND f.holds = 0 AND f.last_seen > ?2 "
	"WHERE d.name = ?1 ORDER BY f.last_seen DESC LIMIT 1")
/* Addresses of a domain whose names are to be asked for: own ones first, then those that never were,
 * then by messages. ?2: the first day, ?3: seconds; whoever was asked for later waits. A day (?4) where
 * there was no answer. */
STMT(STMT_DNS_REVERSE_QUEUE,
	"SELECT xa.source, s.ip FROM (SELECT x.source AS source, sum(x.messages) AS messages, "
	"max(coalesce(j.class = 0, 0)) AS own FROM domain AS d CROSS JOIN daily AS x ON x.domain = d.id "
	"AND x.day > ?2 LEFT JOIN judgement AS j ON j.domain = x.domain AND j.source = x.source "
	"AND j.trait = x.trait WHERE d.name = ?1 GROUP BY x.source) AS xa "
	"CROSS JOIN source AS s ON s.id = xa.source AND s.ip IS NOT NULL "
	"LEFT JOIN dns_reverse AS e ON e.source = xa.source WHERE e.source IS NULL "
	"OR e.asked <= iif(e.answered IS e.asked, ?3, ?4) "
	"ORDER BY xa.own DESC, e.source IS NOT NULL, xa.messages DESC, s.ip LIMIT ?5")
STMT(STMT_DNS_REVERSE_GET, "SELECT name FROM dns_reverse WHERE source = ?")
STMT(STMT_DNS_REVERSE_SET,
	"INSERT INTO dns_reverse (source, asked, answered, name) SELECT id, ?2, ?2, ?3 FROM source "
	"WHERE id = ?1 ON CONFLICT DO UPDATE SET asked = ?2, answered = ?2, name = ?3")
/* No answer: what is known stands. */
STMT(STMT_DNS_REVERSE_FAILED,
	"INSERT INTO dns_reverse (source, asked) SELECT id, ?2 FROM source WHERE id = ?1 "
	"ON CONFLICT DO UPDATE SET asked = ?2")
STMT(STMT_DNS_FACT_MARK,
	"INSERT OR IGNORE INTO unassessed (domain, day) SELECT domain, day FROM daily WHERE domain = ?1 "
	"ORDER BY day LIMIT 1")
/* Whoever has mail of the address is judged again. */
STMT(STMT_DNS_REVERSE_MARK,
	"INSERT OR IGNORE INTO unassessed (domain, day) SELECT d.id, (SELECT min(day) FROM daily "
	"WHERE domain = d.id) FROM domain AS d CROSS JOIN member AS m ON m.domain = d.id "
	"AND m.source = ?1 WHERE EXISTS (SELECT 1 FROM daily WHERE domain = d.id)")
