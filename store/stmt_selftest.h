/*
 * ---- selftest.c ----------------------------------------------------------------------------
 *
 * Each counts what breaks a law, so 0 is well. They read everything: that is their purpose.
 */
#ifndef STORE_STMT_SELFTEST
#define STORE_STMT_SELFTEST

#define T_IF(condition) "sum(iif(" condition ", x.count, 0))"
#define T_RECOMPUTED \
	"SELECT x.report AS report, count(*) AS records, sum(x.count) AS messages, " \
	T_IF("t.dkim = 2 OR t.spf = 2") " AS pass, " T_IF("t.dkim = 3 AND t.spf = 3") " AS fail, " \
	T_IF("t.dkim = 2") " AS dkim_pass, " T_IF("t.spf = 2") " AS spf_pass, " \
	T_IF("t.disposition = 3") " AS quarantine, " T_IF("t.disposition = 4") " AS reject" \
	" FROM record AS x CROSS JOIN detail AS t ON t.id = x.detail GROUP BY x.report"
#define T_DAILY \
	"SELECT r.domain, r.day, x.source, t.disposition * 16 + t.dkim * 4 + t.spf AS result," \
	" t.trait, count(*), sum(x.count) FROM report AS r CROSS JOIN record AS x ON x.report = r.id" \
	" CROSS JOIN detail AS t ON t.id = x.detail" \
	" GROUP BY r.domain, r.day, x.source, result, t.trait"
/* Days whose facts did not change since they were judged: only they have a roll-up of classes. */
#define T_IS_ASSESSED(row) \
	"NOT EXISTS (SELECT 1 FROM unassessed AS u WHERE u.domain = " row ".domain" \
	" AND u.day = " row ".day)"
#define T_CLASSES \
	"SELECT f.domain, f.day, m.source_group, q.class, q.rule, f.result, sum(f.records)," \
	" sum(f.messages), sum(iif(t.spf_result > 0, f.messages, 0))," \
	" sum(iif(t.spf_result = 3, f.messages, 0)), sum(iif(t.reasons <> 0, f.messages, 0))" \
	" FROM daily AS f CROSS JOIN trait AS t ON t.id = f.trait" \
	" CROSS JOIN judgement AS q ON q.domain = f.domain AND q.source = f.source" \
	" AND q.trait = f.trait" \
	" CROSS JOIN member AS m ON m.domain = f.domain AND m.source = f.source" \
	" WHERE " T_IS_ASSESSED("f") " GROUP BY 1, 2, 3, 4, 5, 6"
#define T_STORED_CLASSES \
	"SELECT domain, day, source_group, class, rule, result, records, messages, spf_seen," \
	" spf_passed, overridden FROM class_daily AS c WHERE " T_IS_ASSESSED("c")
#define T_TOTALS \
	"SELECT domain, day, class, result, sum(records), sum(messages), sum(spf_seen)," \
	" sum(spf_passed), sum(overridden) FROM class_daily GROUP BY 1, 2, 3, 4"
#define T_STORED_TOTALS \
	"SELECT domain, day, class, result, records, messages, spf_seen, spf_passed, overridden" \
	" FROM domain_daily"
#define T_STORED "SELECT domain, day, source, result, trait, records, messages FROM daily"

#endif

STMT(STMT_TEST_REPORTS,
	"SELECT count(*), min(r.id) FROM report AS r LEFT JOIN (" T_RECOMPUTED ") AS s"
	" ON s.report = r.id WHERE r.records <> coalesce(s.records, 0)"
	" OR r.messages <> coalesce(s.messages, 0) OR r.pass <> coalesce(s.pass, 0)"
	" OR r.fail <> coalesce(s.fail, 0) OR r.dkim_pass <> coalesce(s.dkim_pass, 0)"
	" OR r.spf_pass <> coalesce(s.spf_pass, 0) OR r.quarantine <> coalesce(s.quarantine, 0)"
	" OR r.reject <> coalesce(s.reject, 0)")
STMT(STMT_TEST_DAILY,
	"SELECT (SELECT count(*) FROM (" T_DAILY " EXCEPT " T_STORED ")) +"
	" (SELECT count(*) FROM (" T_STORED " EXCEPT " T_DAILY ")), NULL")
STMT(STMT_TEST_CLASSES,
	"SELECT count(*), min(id) FROM report WHERE messages <> pass + fail + unknown")
STMT(STMT_TEST_SENT,
	"SELECT count(*), min(id) FROM report WHERE records_sent <> records + placeholders + unreadable"
	" OR (SELECT count(*) FROM unreadable AS u WHERE u.report = report.id)"
	" <> min(unreadable, ?1)")
STMT(STMT_TEST_ENDINGS,
	"SELECT count(*), min(c.id) FROM receipt AS c WHERE c.ending <>"
	" coalesce((SELECT max(e.ending) FROM entry AS e WHERE e.receipt = c.id), c.ending)")
STMT(STMT_TEST_EVIDENCE,
	"SELECT count(*), min(r.id) FROM report AS r WHERE NOT EXISTS (SELECT 1 FROM entry AS e"
	" WHERE e.report = r.id AND e.receipt = r.receipt"
	" AND e.ending IN (1, 3))")
STMT(STMT_TEST_VERDICTS,
	"SELECT t.dkim, t.spf, sum(x.count) FROM record AS x CROSS JOIN detail AS t ON t.id = x.detail"
	" GROUP BY t.dkim, t.spf")
STMT(STMT_TEST_SUMS,
	"SELECT coalesce(sum(pass), 0), coalesce(sum(fail), 0), coalesce(sum(unknown), 0) FROM report")
STMT(STMT_TEST_TWINS,
	"SELECT count(*), min(r.id) FROM report AS r WHERE r.twin <> (r.records > 0 AND EXISTS"
	" (SELECT 1 FROM report AS o"
	" WHERE o.domain = r.domain AND o.begin = r.begin AND o.end = r.end"
	" AND o.records_digest = r.records_digest AND o.reporter_same = r.reporter_same"
	" AND o.id < r.id))")
STMT(STMT_TEST_ORPHANS,
	"SELECT (SELECT count(*) FROM record WHERE report NOT IN (SELECT id FROM report)) +"
	" (SELECT count(*) FROM original WHERE id NOT IN"
	" (SELECT original FROM report WHERE original IS NOT NULL"
	" UNION ALL SELECT original FROM entry WHERE original IS NOT NULL)) +"
	" (SELECT count(*) FROM original_more WHERE original NOT IN (SELECT id FROM original)), NULL")
/* What SQL can tell of a trait without the public suffix list; 1 is kind SPF, 3 a pass. */
STMT(STMT_TEST_TRAITS,
	"SELECT count(*), min(d.id) FROM detail AS d LEFT JOIN trait AS t ON t.id = d.trait"
	" WHERE t.id IS NULL OR t.result <> d.disposition * 16 + d.dkim * 4 + d.spf"
	" OR t.reasons <> (SELECT coalesce(sum(DISTINCT 1 << e.type), 0) FROM reason AS e"
	" WHERE e.detail = d.id)"
	" OR (t.spf_result = 3) <> EXISTS (SELECT 1 FROM auth AS a WHERE a.detail = d.id"
	" AND a.kind = 1 AND a.result = 3)"
	" OR (SELECT count(*) FROM trait_signature AS s WHERE s.trait = t.id)"
	" > (SELECT count(*) FROM auth AS a WHERE a.detail = d.id AND a.kind = 0)")
STMT(STMT_TEST_JUDGED,
	"SELECT count(*), NULL FROM daily AS f WHERE " T_IS_ASSESSED("f")
	" AND NOT (EXISTS (SELECT 1 FROM judgement AS q WHERE q.domain = f.domain"
	" AND q.source = f.source AND q.trait = f.trait) AND EXISTS (SELECT 1 FROM member AS m"
	" CROSS JOIN source_group AS s ON s.id = m.source_group"
	" WHERE m.domain = f.domain AND m.source = f.source AND s.domain = f.domain))")
STMT(STMT_TEST_CLASS_DAILY,
	"SELECT (SELECT count(*) FROM (" T_CLASSES " EXCEPT " T_STORED_CLASSES ")) +"
	" (SELECT count(*) FROM (" T_STORED_CLASSES " EXCEPT " T_CLASSES ")), NULL")
STMT(STMT_TEST_DOMAIN_DAILY,
	"SELECT (SELECT count(*) FROM (" T_TOTALS " EXCEPT " T_STORED_TOTALS ")) +"
	" (SELECT count(*) FROM (" T_STORED_TOTALS " EXCEPT " T_TOTALS ")), NULL")
STMT(STMT_TEST_FOREIGN_KEYS, "SELECT count(*), NULL FROM pragma_foreign_key_check")
STMT(STMT_TEST_PAGES,
	"SELECT count(*), NULL FROM pragma_quick_check WHERE quick_check <> 'ok'")
STMT(STMT_TEST_ORIGINALS, "SELECT id FROM original ORDER BY id")
